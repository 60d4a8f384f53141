"""`neuroroute backtest`: decisions are made again under another policy, and nobody is asked."""

import json

import pytest
from commands.past import Past
from decisions import CARDS, a_decision, decided
from factories import PromptFactory
from msgspec.structs import replace

from neuroroute.domain.model import ModelId
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights

AT = 1_794_744_000.0


@pytest.fixture
def past(sqlite_database, tmp_path):
    return Past(sqlite_database, tmp_path / "home")


def backtest(past, *arguments):
    return json.loads(past.run("backtest", "--json", *arguments))


def test_the_same_policy_and_wish_come_to_the_same(past):
    past.keep(*[decided(a_decision(at=AT + number)) for number in range(5)])
    found = backtest(past)
    assert (found["decisions"], found["replayed"], found["not_replayed"]) == (5, 5, {})
    assert found["moved"] == {"value": 0, "low": 0, "high": 0}
    assert found["cost"]["difference"]["value"] == found["quality"]["difference"]["value"] == 0


def test_a_wish_for_the_best_costs_more_and_is_worth_more(past):
    past.keep(*[decided(a_decision(at=AT + number)) for number in range(5)])
    found = backtest(past, "--objective", "10")
    assert found["objective"] == 10
    assert found["cost"]["difference"]["value"] > 0
    assert found["quality"]["difference"]["value"] > 0
    told = past.run("backtest", "--objective", "10")
    assert "5 decisions, under policy learned at objective 10" in told
    assert "no model was asked" in told
    assert "Feedback: no caller said anything" in told


def test_without_what_the_other_policy_reads_it_says_what_to_set(past):
    past.keep(decided(a_decision()))
    found = backtest(past, "--policy", "rules")
    assert found["replayed"] == 0
    (reason,) = found["not_replayed"]
    assert "NEUROROUTE_SHADOW=on" in reason
    assert "Made again: 0." in past.run("backtest", "--policy", "rules")


def test_what_the_rules_read_beside_is_what_they_choose_by(past):
    shadow = RulesClassifier().classify(PromptFactory.build())
    past.keep(decided(a_decision(shadow=shadow)))
    found = backtest(past, "--policy", "rules")
    assert (found["replayed"], found["predictor"]) == (1, None)
    assert found["quality"]["decisions"] == 1


def test_what_the_learned_policy_read_beside_is_foretold_by_the_installed_weights(past):
    weights = read_weights(SHIPPED)
    shadow = LearnedClassifier(weights).read("Prove that there are infinitely many primes.")
    foreign = replace(shadow, predictor="older")
    past.keep(*[decided(a_decision(rules=True, shadow=one)) for one in (shadow, foreign)])
    found = backtest(past)
    assert (found["predictor"], found["replayed"]) == (weights.version, 1)
    assert found["not_replayed"] == {"its prompt was read by weights that are not installed, older": 1}


def test_cards_that_are_gone_and_limits_that_nobody_is_within_are_reasons(past):
    past.keep(decided(a_decision()), cards=())
    assert list(backtest(past)["not_replayed"]) == ["the cards of its catalogue were not kept"]
    decision = a_decision()
    none = replace(decision.grounds, requirements=replace(decision.grounds.requirements, min_quality=1.0))
    past.keep(decided(replace(decision, grounds=none)))
    assert "it would have asked nobody: no model is within the limits" in backtest(past)["not_replayed"]


def test_only_what_is_wanted_is_made_again(past):
    past.keep(*[decided(a_decision(at=AT + number, caller=f"team-{number}")) for number in range(4)])
    assert backtest(past, "--since", str(AT + 1))["decisions"] == 3
    assert backtest(past, "--until", str(AT + 1))["decisions"] == 1
    assert backtest(past, "--caller", "team-2")["decisions"] == 1


def test_words_of_callers_are_counted_where_they_tell_something(past):
    chosen = a_decision().plan.order[0]
    prompts = [decided(a_decision(at=AT + number), model=ModelId(chosen)) for number in range(6)]
    past.keep(*prompts, scores=[1.0, 1.0, 0.5, None, None, None])
    heard = backtest(past)["heard"]
    assert (heard["words"], heard["agreeing"]) == (3, 3)
    assert heard["kept"]["value"] == heard["direct"]["value"] == pytest.approx(2.5 / 3)
    other = backtest(past, "--objective", "10")["heard"]
    assert (other["words"], other["agreeing"], other["direct"]["value"]) == (3, 0, None)
    assert "rests on predictions alone" in past.run("backtest", "--objective", "10")


@pytest.mark.parametrize("arguments", [(), ("--since", "2100-01-01"), ("--caller", "nobody")])
def test_where_nothing_is_stored_it_says_so(past, arguments):
    if arguments:
        past.keep(decided(a_decision()))
    assert "There is no decision to make again" in past.run("backtest", *arguments, code=2)


@pytest.mark.parametrize(
    "arguments", [("--objective", "11"), ("--objective", "3", "--policy", "rules"), ("--since", "yesterday")]
)
def test_what_makes_no_sense_is_refused(past, arguments):
    past.run("backtest", *arguments, code=2)


def test_decisions_are_exported_a_line_each_without_a_word_of_the_prompt(past, tmp_path):
    prompts = [decided(a_decision(at=AT)), decided(a_decision(at=AT + 1, rules=True)), decided(a_decision(at=AT + 2))]
    past.keep(*prompts, scores=[0.25])
    first, rules, _ = map(json.loads, past.run("decisions", "export").splitlines())
    assert (first["id"], first["score"], first["model"]) == (prompts[0].id, 0.25, "middle")
    assert first["predictions"].keys() == first["costs_usd"].keys() == {card.id for card in CARDS}
    assert first["propensity"] == prompts[0].decision.plan.foresight.propensity
    assert (rules["policy"], rules["predictions"], rules["propensity"]) == ("rules", {}, 1.0)
    file = tmp_path / "decisions.jsonl"
    assert past.run("decisions", "export", "--since", str(AT + 1), "--output", str(file)) == ""
    assert len(file.read_text().splitlines()) == 2
    assert "cannot be written" in past.run("decisions", "export", "--output", str(tmp_path), code=2)
