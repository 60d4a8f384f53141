"""What is brought together for a decision, and what is kept of it."""

import msgspec
import pytest
from application.scripted import Router, wanted
from factories import CallerFactory
from msgspec.structs import replace

from neuroroute.application.choose_model import Approach
from neuroroute.application.draft import new_id
from neuroroute.application.ports import Classifier
from neuroroute.domain.classification import Classification
from neuroroute.domain.decision import DecisionRecord, remade
from neuroroute.domain.errors import PolicyUnknown
from neuroroute.domain.forecast import Warm
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import ModelId, Price
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.quality import Estimate, Form, PromptReading, QualityPredictor
from neuroroute.domain.routing import Objective, Pin, Requirements
from neuroroute.infrastructure.catalog_defaults import DEFAULTS

pytestmark = pytest.mark.anyio
QUALITIES = {"local": 0.4, "openai": 0.8, "anthropic": 0.9}
_encode = msgspec.json.Encoder().encode


class Reader(Classifier):
    """Sees nothing but how much there is, and counts how often it is asked."""

    def __init__(self):
        self.times = 0

    def classify(self, prompt):
        self.times += 1
        return PromptReading(
            characters=prompt.characters, form=Form.OPEN, difficulty=0.0, familiarity={}, skills={}, known={}
        )


class Steady(QualityPredictor):
    """Foretells the same of every prompt."""

    version = "steady"

    def estimate(self, reading, cards):
        return [Estimate(quality=QUALITIES[card.id], low=0.0, high=1.0) for card in cards]

    def typical(self, cards):
        return [QUALITIES[card.id] for card in cards]


@pytest.fixture
def reader():
    return Reader()


def a_router(reader, **fields):
    return Router(approaches={"learned": Approach(reader, LearnedRouting(Steady()))}, **fields)


@pytest.fixture
def router(reader):
    return a_router(reader)


def asking(text="Why is the sky blue?", **request):
    return wanted(None, text=text, **{"requirements": Requirements(), **request})


def talk(*texts):
    """Turn about, the user first."""
    roles = (Role.USER, Role.ASSISTANT)
    return Prompt(tuple(Message(roles[place % 2], text) for place, text in enumerate(texts)))


@pytest.mark.parametrize(
    ("request_says", "policy"),
    [
        ({}, "rules"),
        ({"policy": "learned"}, "learned"),
        ({"objective": Objective(level=3.0)}, "learned"),
        ({"requirements": Requirements(min_quality=0.5)}, "learned"),
        ({"caller": CallerFactory.build(policy="learned")}, "learned"),
        ({"caller": CallerFactory.build(policy="learned"), "policy": "rules"}, "rules"),
        ({"caller": CallerFactory.build(policy="rules"), "objective": Objective(level=3.0)}, "learned"),
    ],
)
async def test_the_request_says_who_chooses_then_its_key_then_the_setting(router, request_says, policy):
    assert (await router.choose(asking(**request_says), id=new_id())).record.plan.policy == policy


async def test_a_policy_that_is_not_there_is_refused_with_those_that_are(router):
    with pytest.raises(PolicyUnknown, match="learned"):
        await router.choose(asking(policy="astrology"), id=new_id())


@pytest.mark.parametrize("policy", ["rules", "learned"])
async def test_what_is_kept_makes_the_same_decision_and_holds_no_word_of_the_prompt(router, policy):
    request = asking("Where does the confidential unicorn sleep?", policy=policy)
    record = (await router.choose(request, id=new_id())).record
    kept = msgspec.json.decode(_encode(record), type=DecisionRecord)
    assert _encode(remade(kept, router.catalog.cards())) == _encode(record.plan)
    assert b"unicorn" not in _encode(record)


async def test_what_is_no_name_for_its_length_is_kept_in_part_and_chooses_the_same(router):
    """Callers may say their prompt where a model or a capability is to be named."""
    secret = "x" * 300 + " a secret"
    said = Requirements(model=secret, capabilities=("reasoning", secret, secret))
    chosen = router.choose.decide(asking(requirements=said, policy="rules"), id=new_id())
    kept = msgspec.json.encode(chosen.record)
    assert b"a secret" not in kept
    assert remade(msgspec.json.decode(kept, type=DecisionRecord), router.catalog.cards()) == chosen.record.plan


async def test_a_named_model_is_decided_without_reading(router, reader):
    requirements = Requirements(model="openai", pin=Pin.ONLY)
    record = (await router.choose(asking(policy="learned", requirements=requirements), id=new_id())).record
    assert (record.plan.policy, record.plan.model, record.grounds.reading) == ("learned", "openai", None)
    assert reader.times == router.tokens.times == 0
    assert remade(record, router.catalog.cards()) == record.plan


@pytest.mark.parametrize(("reading_costs", "counted"), [(3, 0), (1, 1)])
async def test_a_prompt_is_counted_where_its_length_says_which_model_a_limit_lets_in_first(
    reader, reading_costs, counted
):
    """The last is the dearest to write for, and not always to read."""
    dear = Price(prompt=reading_costs * 10**9, completion=15 * 10**9)
    models = [replace(model, price=dear) if model.id == "anthropic" else model for model in DEFAULTS.models]
    router = a_router(reader, catalog=replace(DEFAULTS, models=tuple(models)))
    record = (await router.choose(asking("one two three", policy="learned"), id=new_id())).record
    assert router.tokens.times == counted
    assert record.grounds.circumstances.prompt_tokens == (3 if counted else 4)
    assert record.grounds.tokens == (3 if counted else None)


async def test_a_conversation_stays_where_it_was_answered(router):
    first, goes_on = talk("Hello"), talk("Hello", "Good day", "And now?")
    told = await router.choose(asking(policy="learned"), id=new_id())
    assert told.record.plan.foresight.stay is None
    router.choose.answered(replace(asking(policy="learned"), prompt=first), router.cards["anthropic"], 1000)
    told = await router.choose(replace(asking(policy="learned"), prompt=goes_on), id=new_id())
    assert told.record.grounds.circumstances.warm == Warm(model=ModelId("anthropic"), tokens=1000)
    assert told.record.plan.foresight.stay.model == "anthropic"


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": talk("Hullo", "Good day", "And now?")},
        {"prompt": talk("Hello"), "policy": "learned"},
        {"caller": CallerFactory.build(id="another")},
        {"policy": "rules"},
    ],
    ids=["another beginning", "its first word", "another caller", "by rules"],
)
async def test_another_conversation_is_not_taken_for_it(router, other):
    router.choose.answered(replace(asking(policy="learned"), prompt=talk("Hello")), router.cards["anthropic"], 1000)
    asked = {"policy": "learned", "prompt": talk("Hello", "Good day", "And now?")} | other
    told = await router.choose(replace(asking(), **asked), id=new_id())
    assert told.record.grounds.circumstances.warm is None


@pytest.mark.parametrize(("policy", "kind"), [("learned", Classification), ("rules", PromptReading)])
async def test_in_the_shadow_the_other_policy_reads_too(reader, policy, kind):
    router = a_router(reader, shadow=True)
    record = (await router.choose(asking(policy=policy), id=new_id())).record
    assert isinstance(record.shadow, kind)


async def test_without_a_shadow_only_who_chooses_reads(router, reader):
    assert (await router.choose(asking(), id=new_id())).record.shadow is None
    assert reader.times == 0
