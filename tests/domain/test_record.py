"""What a prompt consumed and cost."""

from factories import RoutedPromptFactory, UsageFactory

from neuroroute.domain.completion import Usage


def test_an_answer_costs_what_its_model_asks():
    record = RoutedPromptFactory.build(usage=UsageFactory.build(prompt_tokens=7), cost=5)
    assert (record.charge, record.consumed.prompt_tokens) == (5, 7)


def test_an_unpriced_answer_is_not_free():
    assert RoutedPromptFactory.build(cost=None).charge is None


def test_a_remembered_answer_consumes_and_costs_nothing():
    record = RoutedPromptFactory.build(from_cache=True, cost=None)
    assert (record.charge, record.consumed) == (0, Usage())


def test_a_prompt_that_nobody_answered_consumes_and_costs_nothing():
    record = RoutedPromptFactory.build(model=None, usage=None, cost=None)
    assert (record.charge, record.consumed) == (0, Usage())
