"""What the named policies would have chosen."""

import numpy as np
import pytest
from outcomes import examples

from neuroroute.infrastructure.evaluation.contenders import longest, rules, zero
from neuroroute.infrastructure.evaluation.outcome_table import outcome_table
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data
from neuroroute.infrastructure.evaluation.scoring import costs_of

TABLE = outcome_table(examples())


def by_rules(prompts, models):
    cards = priced_by_data(examples(models=models))
    return rules(prompts, cards, costs_of(150, cards))


def test_never_routing_asks_one_model_for_everything():
    choices = zero(TABLE).choices
    assert (choices == choices[:, :1]).all()
    assert [TABLE.models[place] for place in choices[:, 0]] == ["small", "middle", "large"]


def test_the_longest_prompts_go_to_the_best_model_ever_more_of_them():
    choices = longest(TABLE).choices
    assert [int((level == 2).sum()) for level in choices] == [6 * level for level in range(11)]
    asked = choices[3] == 2
    assert TABLE.characters[asked].min() >= TABLE.characters[~asked].max()


def test_three_models_stand_in_for_those_that_the_rules_know():
    told = by_rules(["Write a python function that sorts a list", "hi"], ("a", "b", "c", "d", "e"))
    assert "a for local, c for openai, e for anthropic" in told.note
    assert set(told.choices.ravel()) <= {0, 2, 4}
    assert told.choices[5, 0] == 2
    assert told.choices[5, 1] == 0
    assert told.ranking is None


def test_of_two_models_the_rules_say_how_much_the_better_is_wanted():
    code, greeting = by_rules(["Write a python function that sorts a list", "hi"], ("a", "b")).ranking
    assert 0 <= greeting < code <= 1


@pytest.mark.parametrize("models", [("only",), ("a", "b")])
def test_few_models_stand_in_several_times(models):
    choices = by_rules(["hi", "Analyse the complexity"], models).choices
    assert set(np.unique(choices)) <= set(range(len(models)))
