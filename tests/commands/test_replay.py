"""`neuroroute replay`: a decision is made again from what was stored of it."""

import json

import msgspec
import pytest
from commands.past import Past
from decisions import CARDS, READING, Fixed, a_decision, decided
from msgspec.structs import replace

from neuroroute.application.draft import new_id
from neuroroute.commands.replay import replayed
from neuroroute.domain.decision import DecisionRecord, planned
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import ModelId
from neuroroute.domain.quality import Estimate
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights


@pytest.fixture
def past(sqlite_database, tmp_path):
    return Past(sqlite_database, tmp_path / "home")


def foretold(decision, **reading):
    """As if the weights `fixed` had read the prompt."""
    grounds = replace(decision.grounds, reading=replace(READING, predictor="fixed", **reading))
    return replace(decision, grounds=grounds)


@pytest.mark.parametrize("rules", [False, True])
def test_a_stored_decision_is_the_same_bit_for_bit(past, rules):
    decision = a_decision(rules=rules)
    past.keep(decided(decision), scores=[0.75])
    told = past.run("replay", decision.id)
    assert "Made again from what was stored it is the same, bit for bit." in told
    assert "middle answered (answered, for $0.000080)." in told
    assert "The caller gave it 0.75 of 1." in told
    done = json.loads(past.run("replay", decision.id, "--json"))
    assert (done["decision"], done["same"], done["differences"]) == (decision.id, True, [])
    assert done["kept"] == done["remade"]


def test_what_differs_is_told_with_both_and_the_command_fails(past):
    decision = a_decision()
    changed = replace(decision.plan, model=ModelId("small"), order=("small",))
    past.keep(decided(replace(decision, plan=changed)))
    told = past.run("replay", decision.id, code=1)
    assert f'plan.model: "small" then, "{decision.plan.model}" now' in told
    assert f'plan.order[1]: null then, "{decision.plan.order[1]}" now' in told
    assert json.loads(past.run("replay", decision.id, "--json", code=1))["same"] is False


def test_a_decision_that_is_not_there_is_told_with_what_to_do(past):
    told = past.run("replay", new_id(), code=2)
    assert "NEUROROUTE_LEDGER_MONTHS" in told
    assert "neuroroute decisions export" in told
    assert "There is no decision nonsense" in past.run("replay", "nonsense", code=2)


def test_a_decision_whose_cards_are_gone_cannot_be_made_again(past):
    decision = a_decision()
    past.keep(decided(decision), cards=())
    assert "The cards of the catalogue 3f7a were not kept" in past.run("replay", decision.id, code=2)


def test_where_the_same_weights_are_installed_they_foretell_again():
    done = replayed(foretold(a_decision()), CARDS, Fixed())
    assert (done.predictions, done.same) == ("same", True)


def test_weights_of_the_same_name_that_foretell_something_else_are_found_out():
    decision = foretold(a_decision())
    foresight = decision.plan.foresight
    other = {**foresight.predicted, ModelId("large"): Estimate(quality=0.5, low=0.5, high=0.5)}
    plan = replace(decision.plan, foresight=replace(foresight, predicted=other))
    done = replayed(replace(decision, plan=plan), CARDS, Fixed())
    assert (done.predictions, done.same) == ("different", False)
    assert "predicted.large.quality" in {one.where for one in done.differences}


@pytest.mark.parametrize("decision", [a_decision(), foretold(a_decision(), characters=1)])
def test_other_weights_are_not_held_against_it(decision):
    class Other(Fixed):
        version = "another"

    done = replayed(decision, CARDS, Other())
    assert done.predictions == "not compared: foretold by fixed, installed is another"
    assert done.same


@pytest.mark.parametrize("text", ["", "Prove that there are infinitely many primes.", "def f(x):\n  return x\n" * 3000])
def test_the_shipped_weights_foretell_the_same_of_what_was_kept(text):
    weights = read_weights(SHIPPED)
    predictor, reading = LearnedPredictor(weights), LearnedClassifier(weights).read(text)
    decision = a_decision()
    plan = planned(decision, CARDS, LearnedRouting(predictor), replace(decision.grounds, reading=reading))
    made = replace(decision, plan=plan, grounds=replace(decision.grounds, reading=reading))
    kept = msgspec.json.decode(msgspec.json.encode(made), type=DecisionRecord)
    done = replayed(kept, CARDS, predictor)
    assert (done.predictions, done.same, done.differences) == ("same", True, [])
