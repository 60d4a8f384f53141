"""Decisions on cards that a test makes up."""

from factories import ClassificationFactory, ModelCardFactory

from neuroroute.domain.access import ANYONE, Caller
from neuroroute.domain.deciding import decide
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import ModelId
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.routing import Objective, Requirements


def uncounted():
    raise AssertionError("nobody was to count")


def a_card(name="a", **fields):
    return ModelCardFactory.build(**({"id": ModelId(name), "context_window": None} | fields))


def decided(*cards, caller=ANYONE, unfit=(), priority=None, count=uncounted, **required):
    return decide(
        cards,
        caller=caller,
        unfit={ModelId(model): f"{model} is away" for model in unfit},
        requirements=Requirements(**required),
        objective=Objective(priority=priority),
        policy=EarlierRules(),
        classify=ClassificationFactory.build,
        count=count,
        circumstances=Circumstances(),
    )


def asked(decision):
    return [card.id for card in decision.candidates]


def left_out(decision):
    return {out.model: out.reason for out in decision.excluded}


def allowed(*models):
    return Caller("a key", models=frozenset(map(ModelId, models)))
