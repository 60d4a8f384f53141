"""What the shipped weights say of prompts and models: bounded, steady, and ready for anything."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import SHIPPED, DirectFamily, SkillsFamily, read_weights

WEIGHTS = read_weights(SHIPPED)
CLASSIFIER = LearnedClassifier(WEIGHTS)
SECOND = LearnedClassifier(read_weights(SHIPPED))
PREDICTOR = LearnedPredictor(WEIGHTS)
TRAINED = [model for family in WEIGHTS.head.families for model in family.models]
TRIVIA = "Which Bavarian town stages a Wagner festival every July and August?"
CHOICE = "Which of these is a noble gas?\nA. Iron\nB. Neon\nC. Sulfur\nD. Chlorine\nAnswer:"
NEVER_SEEN = "Schreiben Sie ein Sonett über die Güterzüge von Wanne-Eickel"


def card(model: str, *, upstream: str | None = None, dollars: float | None = 1.0) -> ModelCard:
    nanos = None if dollars is None else round(dollars * 10**9)
    return ModelCard(
        id=ModelId(model),
        name=model,
        provider=ProviderName("some"),
        dialect=Dialect.OPENAI,
        upstream=upstream,
        capabilities=(),
        max_tokens=8192,
        avg_latency_ms=1000,
        price=None if nanos is None else Price(prompt=nanos, completion=nanos),
    )


CARDS = [*map(card, TRAINED), card("new", dollars=3.0), card("unpriced", dollars=None), card("free", dollars=0.0)]


# --- readings


@settings(deadline=None)
@given(st.one_of(st.text(max_size=400), st.text("ab.()?0$ \n", max_size=400)))
def test_everything_is_bounded(text: str):
    reading = CLASSIFIER.read(text)
    assert 0 <= reading.characters <= 3 * len(text)
    assert set(reading.known) == set(TRAINED)
    assert all(0 < quality < 1 for quality in reading.known.values())
    assert all(0 <= familiarity <= 1 for familiarity in reading.familiarity.values())
    assert sum(reading.skills.values()) == pytest.approx(1)
    assert all(share >= 0 for share in reading.skills.values())
    assert -2.5 <= reading.difficulty <= 2.5
    for estimate in PREDICTOR.estimate(reading, CARDS):
        assert 0 <= estimate.low <= estimate.quality <= estimate.high <= 1


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_second_classifier_reads_the_same(text: str):
    assert SECOND.read(text) == CLASSIFIER.read(text)


def test_many_are_read_as_one_by_one():
    texts = [TRIVIA, CHOICE, NEVER_SEEN, ""]
    assert CLASSIFIER.read_many(texts) == [CLASSIFIER.read(text) for text in texts]


@pytest.mark.parametrize(
    "same",
    [TRIVIA.upper(), TRIVIA.replace(" ", "\n  "), f"  {TRIVIA}\n", f"Please, {TRIVIA}", f"Hello! {TRIVIA} Thanks!"],
)
def test_what_does_not_matter_changes_nothing(same: str):
    assert CLASSIFIER.read(same) == CLASSIFIER.read(TRIVIA)


def test_tells_what_a_prompt_takes():
    reading = CLASSIFIER.read(TRIVIA)
    assert max(reading.skills, key=lambda skill: reading.skills[skill]) == "trivia_qa"


def test_a_prompt_unlike_all_others_says_no_more_than_is_known_of_all():
    reading = CLASSIFIER.read(NEVER_SEEN)
    assert set(reading.familiarity.values()) == {0.0}
    for family in WEIGHTS.head.families:
        if isinstance(family, SkillsFamily):
            assert [reading.known[model] for model in family.models] == list(family.typical)
            assert reading.skills == dict(zip(family.skills, family.base, strict=True))


def test_a_form_that_a_family_never_saw_is_strange_to_it():
    choice, open_question = CLASSIFIER.read(CHOICE), CLASSIFIER.read(TRIVIA)
    for family in WEIGHTS.head.families:
        if Form.CHOICE not in family.forms:
            assert choice.familiarity[family.name] == 0
        if Form.OPEN not in family.forms:
            assert open_question.familiarity[family.name] == 0


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("text", "knows"), [(TRIVIA, SkillsFamily), (CHOICE, DirectFamily)])
def test_of_a_model_in_two_families_the_one_that_knows_the_prompt_has_the_last_word(text: str, knows: type, order: int):
    shared = [structs.replace(one, models=("shared", *one.models[1:])) for one in WEIGHTS.head.families][::order]
    weights = structs.replace(WEIGHTS, head=structs.replace(WEIGHTS.head, families=tuple(shared)))
    (knower,) = (one for one in WEIGHTS.head.families if isinstance(one, knows))
    assert LearnedClassifier(weights).read(text).known["shared"] == CLASSIFIER.read(text).known[knower.models[0]]


def test_reads_the_last_thing_that_the_user_says():
    talk = Prompt((
        Message(Role.SYSTEM, "You are a poet."),
        Message(Role.USER, "Hello, who are you?"),
        Message(Role.ASSISTANT, "A poet."),
        Message(Role.USER, TRIVIA),
        Message(Role.ASSISTANT, "Let me think."),
        Message(Role.USER, ""),
    ))  # fmt: skip
    assert CLASSIFIER.classify(talk) == CLASSIFIER.read(TRIVIA)


def test_a_prompt_without_a_word_of_the_user_is_read_as_nothing():
    silent = Prompt((Message(Role.SYSTEM, "You are a poet."), Message(Role.ASSISTANT, "I am.")))
    assert CLASSIFIER.classify(silent) == CLASSIFIER.read("")


# --- estimates


def test_a_card_is_known_by_its_id_or_else_by_its_provider_s_name():
    (family, *_) = WEIGHTS.head.families
    (model, other, *_) = family.models
    cards = [card(model), card("mine", upstream=model), card(model, upstream=other)]
    estimates = PREDICTOR.estimate(CLASSIFIER.read(TRIVIA), cards)
    assert estimates[0] == estimates[1] == estimates[2]
    assert PREDICTOR.typical(cards) == [family.typical[0]] * 3


def test_the_interval_is_wider_where_a_prompt_is_strange():
    for family in WEIGHTS.head.families:
        assert family.spread.strange >= family.spread.familiar


def test_a_model_that_was_never_seen_is_believed_by_its_price_and_never_surely():
    cheap, dear, unpriced, dollar = PREDICTOR.estimate(
        CLASSIFIER.read(TRIVIA), [card("a", dollars=0.1), card("b", dollars=30.0), card("c", dollars=None), card("d")]
    )
    assert cheap.quality < dear.quality
    assert unpriced == dollar
    assert dear.high - dear.low > 0.3


def test_a_harder_prompt_lowers_what_a_new_model_is_believed_to_be():
    hard = (
        "First compute the total of 12, 17 and 25, then divide it by 3, and after that subtract each number twice. " * 5
    )
    easy, difficult = CLASSIFIER.read("Who is it?"), CLASSIFIER.read(hard)
    assert easy.difficulty < difficult.difficulty
    assert PREDICTOR.estimate(easy, [card("new")])[0].quality > PREDICTOR.estimate(difficult, [card("new")])[0].quality


def test_typical_is_said_of_every_card():
    assert all(0 < quality < 1 for quality in PREDICTOR.typical(CARDS))
    assert len(PREDICTOR.typical(CARDS)) == len(CARDS)


# --- time

HOSTILE = {
    "one-letter words": "a ",
    "one long word": "x",
    "different words": " ".join(f"w{number}" for number in range(20_000)),
    "accented letters": "é ",
    "ideographs": "日本",
    "options": "a. b. c. d. ",
    "polite words": "could you please thank you ",
    "operators": "1+1=2 ",
    "white space": " \n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_100_kb_take_milliseconds(piece: str):
    whole = piece.encode()
    text = (whole * (100_000 // len(whole) + 1))[:100_000].decode(errors="ignore")
    took = []
    for _ in range(5):
        begun = time.thread_time()
        CLASSIFIER.read(text)
        took.append(time.thread_time() - begun)
    assert min(took) < 0.01


@pytest.mark.parametrize("piece", ["x", " ", "a b\n"], ids=["one word", "white space", "words"])
def test_megabytes_take_no_longer(piece: str):
    text = piece * 2_000_000
    begun = time.thread_time()
    CLASSIFIER.read(text)
    assert time.thread_time() - begun < 0.05


def test_weights_are_small():
    assert SHIPPED.stat().st_size < 2_000_000
    assert any(isinstance(family, DirectFamily) for family in WEIGHTS.head.families)
