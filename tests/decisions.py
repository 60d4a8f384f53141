"""Decisions as the router makes them, with what they came from, and the prompts that they were made for."""

from factories import AttemptFactory, ModelCardFactory, PromptFactory, RoutedPromptFactory
from msgspec.structs import replace

from neuroroute.application.draft import new_id
from neuroroute.domain.access import Caller
from neuroroute.domain.deciding import decide
from neuroroute.domain.decision import DecisionRecord, Grounds, plan_of
from neuroroute.domain.feedback import Correction
from neuroroute.domain.forecast import Circumstances, Exploration, Warm
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import Ability, ModelId, NanoUsd, Price
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.quality import Estimate, Form, PromptReading, QualityPredictor
from neuroroute.domain.routing import Objective, Requirements
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.record_ids import first_id

CARDS = tuple(
    ModelCardFactory.build(
        id=ModelId(name),
        price=Price(prompt=cents * 10**7, completion=cents * 3 * 10**7),
        abilities=frozenset(Ability),
        context_window=None,
    )
    for name, cents in (("small", 15), ("middle", 80), ("large", 300))
)
QUALITIES = {"small": 1 / 3, "middle": 0.7, "large": 0.9}
READING = PromptReading(
    characters=400,
    form=Form.OPEN,
    difficulty=0.1 + 0.2,
    familiarity={"open": 1 / 7},
    skills={"reasoning": 2 / 3, "writing": 1 / 3},
    known={"small": 5e-324, "large": 1 - 2**-53},
)
CIRCUMSTANCES = Circumstances(
    prompt_tokens=100,
    latency_ms={ModelId("small"): 300},
    corrections={ModelId("large"): Correction(shift=-0.1 / 3, words=7)},
    warm=Warm(model=ModelId("middle"), tokens=60),
    exploration=Exploration(share=0.1, budget=NanoUsd(10**9), draw=1 / 11),
)


class Fixed(QualityPredictor):
    """Foretells the same of every prompt."""

    version = "fixed"

    def estimate(self, reading, cards):
        del reading
        return [Estimate(quality=(q := QUALITIES[card.id]), low=q / 2, high=(1 + q) / 2) for card in cards]

    def typical(self, cards):
        return [QUALITIES[card.id] for card in cards]


def a_decision(decision_id=None, /, *, caller="team-a", at=1_794_744_000.0, cards=CARDS, rules=False, shadow=None):
    """By the learned policy, unless by the `rules`; `at` is what the id begins with, too, where none is given."""
    grounds = Grounds(
        caller_models=frozenset(card.id for card in cards),
        unfit={ModelId("small"): "its last health probe failed"},
        requirements=Requirements(abilities=frozenset({Ability.TOOLS, Ability.IMAGES}), most_tokens=100),
        objective=Objective(level=None if rules else 7.5),
        circumstances=CIRCUMSTANCES,
        reading=RulesClassifier().classify(PromptFactory.build()) if rules else READING,
        tokens=90,
    )
    decision = decide(
        cards,
        caller=Caller(caller, models=grounds.caller_models),
        unfit=grounds.unfit,
        requirements=grounds.requirements,
        objective=grounds.objective,
        policy=EarlierRules() if rules else LearnedRouting(Fixed()),
        classify=lambda: grounds.reading,
        count=lambda: 90,
        circumstances=grounds.circumstances,
    )
    return DecisionRecord(
        id=decision_id or first_id(at) + new_id()[12:],
        at=at,
        caller=caller,
        plan=plan_of(decision, grounds, "3f7a"),
        grounds=grounds,
        shadow=shadow,
    )


def decided(decision=None, /, **fields):
    """A prompt that was answered after `decision`, by the model `middle` unless `fields` say otherwise."""
    decision = decision or a_decision()
    model = fields.get("model", ModelId("middle"))
    attempts = (AttemptFactory.build(model=model),) if model else ()
    plain = RoutedPromptFactory.build(id=decision.id, at=decision.at, caller=decision.caller, attempts=attempts)
    return replace(plain, **({"model": model, "decision": decision} | fields))
