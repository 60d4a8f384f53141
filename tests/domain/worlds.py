"""Worlds that are made up: models, what is foretold of them, and what is known when a prompt comes."""

from contextlib import contextmanager

from factories import ModelCardFactory
from hypothesis import reject
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.access import Caller
from neuroroute.domain.deciding import decide
from neuroroute.domain.errors import NothingFits
from neuroroute.domain.feedback import Correction
from neuroroute.domain.forecast import Circumstances, Exploration, Warm
from neuroroute.domain.learned_policy import LearnedRouting, lets_in_by_length
from neuroroute.domain.model import ModelCard, ModelId, NanoUsd, Price
from neuroroute.domain.quality import Estimate, Form, PromptReading, QualityPredictor
from neuroroute.domain.routing import Objective, Priority, Requirements

NAMES = [ModelId(name) for name in "abcde"]
READING = PromptReading(characters=600, form=Form.OPEN, difficulty=0.0, familiarity={}, skills={}, known={})
SHARES = st.one_of(st.sampled_from([0.0, 0.5, 0.51, 0.52, 0.53, 1.0]), st.floats(0, 1))
"""Often equal, or as close as steadiness is about."""
NONE = st.none()
NANO = st.one_of(st.sampled_from([0, 1, 150_000_000, 600_000_000, 10**10]), st.integers(0, 10**11))
LEVELS = st.one_of(st.integers(0, 10).map(float), st.floats(0, 10))
PRICES = st.builds(Price, prompt=NANO, completion=NANO, cached=st.none() | NANO)


class Foretold(QualityPredictor):
    """Foretells what it is told to."""

    version = "made up"

    def __init__(self, predicted, typical):
        self._predicted, self._typical = predicted, typical

    def estimate(self, reading, cards):
        assert reading == READING
        return [self._predicted[card.id] for card in cards]

    def typical(self, cards):
        return [self._typical[card.id] for card in cards]


class World(Struct, frozen=True, kw_only=True):
    """What a choice depends on, but for the wish."""

    cards: tuple[ModelCard, ...]
    predicted: dict[ModelId, Estimate]
    typical: dict[ModelId, float]
    tokens: int
    """As counted."""
    most_tokens: int
    circumstances: Circumstances

    @property
    def policy(self):
        return LearnedRouting(Foretold(self.predicted, self.typical))


def decided(world, *, level=None, priority=None, caller=None, unfit=None, **required):
    """As `ChooseModel` brings it together: the prompt is counted first where its length is the order of prices."""
    requirements = Requirements(most_tokens=world.most_tokens, **required)
    circumstances = world.circumstances
    if lets_in_by_length(world.cards, requirements):
        circumstances = replace(circumstances, prompt_tokens=world.tokens)
    return decide(
        world.cards,
        caller=caller or Caller("a key"),
        unfit=unfit or {},
        requirements=requirements,
        objective=Objective(level=level, priority=priority),
        policy=world.policy,
        classify=lambda: READING,
        count=lambda: world.tokens,
        circumstances=circumstances,
    )


@contextmanager
def what_fits():
    """A world where no model fits shows nothing."""
    try:
        yield
    except NothingFits:
        reject()


def chosen_quality(decision):
    """What was predicted of the chosen model, after corrections."""
    foresight = decision.selection.ranking.foresight
    return next(one.quality.quality for one in foresight.forecasts if one.model == decision.selection.model)


A_CARD = ModelCardFactory.build(context_window=None)
MODELS = st.fixed_dictionaries(
    {
        "price": st.none() | PRICES,
        "max_tokens": st.sampled_from([1, 200, 4096, 128_000]),
        "avg_latency_ms": st.sampled_from([0, 300, 1000, 20_000]),
    }
)


@st.composite
def estimates(draw):
    low, quality, high = sorted([draw(SHARES), draw(SHARES), draw(SHARES)])
    return Estimate(quality=quality, low=low, high=high)


CORRECTIONS = st.dictionaries(
    st.sampled_from(NAMES), st.builds(Correction, shift=st.floats(-1, 1), words=st.integers(1, 1000)), max_size=3
)
EXPLORATIONS = st.builds(
    Exploration,
    share=st.floats(0, 1),
    budget=st.integers(0, 10**9).map(NanoUsd),
    draw=st.floats(0, 1, exclude_max=True),
)


@st.composite
def worlds(draw, *, explores=NONE, warm=NONE):
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    tokens = draw(st.integers(0, 4000))
    most = tokens + draw(st.sampled_from([0, 10, 5000]))
    return World(
        cards=tuple(replace(A_CARD, id=name, **draw(MODELS)) for name in names),
        predicted={name: draw(estimates()) for name in names},
        typical={name: draw(SHARES) for name in names},
        tokens=tokens,
        most_tokens=most,
        circumstances=Circumstances(
            prompt_tokens=draw(st.integers(0, most)),
            latency_ms=draw(st.dictionaries(st.sampled_from(names), st.sampled_from([0, 500, 9000]), max_size=2)),
            corrections=draw(CORRECTIONS),
            warm=draw(warm),
            exploration=draw(explores),
        ),
    )


WARM = st.builds(Warm, model=st.sampled_from(NAMES), tokens=st.integers(0, 5000))
WISHES = st.sampled_from([None, Priority.SPEED])
"""What is spent: dollars, or seconds."""


def a_world(*models, tokens=150, **circumstances):
    """Models as their name, quality and price: dollars for a million tokens written, a quarter of it read, and a tenth
    of that when it is read again.
    """
    return World(
        cards=tuple(
            replace(A_CARD, id=ModelId(name), price=None if usd is None else _price(usd)) for name, _, usd in models
        ),
        predicted={ModelId(name): Estimate(quality=quality, low=0.0, high=1.0) for name, quality, _ in models},
        typical={ModelId(name): quality for name, quality, _ in models},
        tokens=tokens,
        most_tokens=4 * tokens,
        circumstances=Circumstances(prompt_tokens=tokens, **circumstances),
    )


def _price(usd):
    return Price(prompt=usd * 25 * 10**7, completion=usd * 10**9, cached=usd * 25 * 10**6)
