"""What is learned from made-up outcomes: which model is good at what, and when nothing is known."""

import pytest
from made_up_outcomes import WORDS, paired_rows, skilled_rows, written

from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.weights import DirectFamily, SkillsFamily
from neuroroute.infrastructure.evaluation.outcomes import read_outcomes
from neuroroute.infrastructure.training.learning import learn, steps_of


def card(name, usd=1.0):
    return ModelCard(
        id=ModelId(name), name=name, provider=ProviderName("data"), dialect=Dialect.OPENAI, upstream=None,
        capabilities=(), max_tokens=100, avg_latency_ms=0,
        price=Price(prompt=round(usd * 1e9), completion=round(usd * 1e9)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    place = tmp_path_factory.mktemp("made-up")
    return {
        "crafts": read_outcomes(written(place / "crafts.jsonl", skilled_rows())),
        "pair": read_outcomes(written(place / "pair.jsonl", paired_rows())),
    }


@pytest.fixture(scope="module")
def weights(data):
    return learn(data, said=lambda _: None)


def qualities(weights, prompt, *models):
    reading = LearnedClassifier(weights).read(prompt)
    return [one.quality for one in LearnedPredictor(weights).estimate(reading, [card(model) for model in models])]


def test_many_models_are_told_apart_by_skills_and_two_directly(weights):
    crafts, pair = weights.head.families
    assert isinstance(crafts, SkillsFamily)
    assert isinstance(pair, DirectFamily)
    assert set(crafts.skills) == set(WORDS)


@pytest.mark.parametrize(
    ("prompt", "best"),
    [("what is the product of a fraction divided", "abacus"), ("moon petals in autumn rhyme of the river", "poet"),
     ("the captain in harbour for a cargo of ballast", "sailor")],
)  # fmt: skip
def test_the_model_that_is_good_at_a_task_is_foretold_the_best_there(weights, prompt, best):
    models = ("abacus", "poet", "sailor")
    foretold = dict(zip(models, qualities(weights, prompt, *models), strict=True))
    assert max(foretold, key=foretold.get) == best


def test_a_prompt_unlike_all_others_gets_what_is_typical(weights):
    reading = LearnedClassifier(weights).read("def f(x):\n    return {y: 1 for y in x}  # zzz qqq")
    cards = [card("abacus"), card("poet")]
    predictor = LearnedPredictor(weights)
    assert reading.familiarity["crafts"] == 0
    assert [one.quality for one in predictor.estimate(reading, cards)] == predictor.typical(cards)


def test_of_two_models_the_gap_is_wide_where_the_small_one_fails(weights):
    easy = qualities(weights, "one small thing about every day weather?", "large", "small")
    hard = qualities(weights, "one small thing entropy manifold tensor?", "large", "small")
    assert hard[0] - hard[1] > easy[0] - easy[1] + 0.2


def test_an_interval_of_what_is_strange_is_wider(weights):
    crafts = weights.head.families[0]
    assert 0 < crafts.spread.familiar < crafts.spread.strange


def test_a_model_never_seen_is_thought_better_of_when_it_is_dearer(weights):
    reading = LearnedClassifier(weights).read("what is this?")
    cheap, dear = LearnedPredictor(weights).estimate(reading, [card("new", 0.1), card("newer", 50)])
    assert cheap.quality < dear.quality
    assert cheap.high - cheap.low > 0.3


def test_each_step_is_told(data):
    told = []
    learn(data, said=told.append)
    assert sum(told) == steps_of(data)


def test_a_model_that_is_always_right_and_one_that_never_is_can_be_learned(tmp_path):
    rows = list(paired_rows(count=40))
    for row in rows:
        row["outcomes"]["large"]["quality"], row["outcomes"]["small"]["quality"] = 1.0, 0.0
    weights = learn({"sure": read_outcomes(written(tmp_path / "sure.jsonl", rows))}, said=lambda _: None)
    large, small = qualities(weights, rows[0]["prompt"], "large", "small")
    assert large > 0.9
    assert small < 0.1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_prompts_is_enough_to_have_weights(tmp_path, count):
    rows = list(skilled_rows(tasks=("sums", "verse", "ships"), each=count, dev=0))
    learn({"few": read_outcomes(written(tmp_path / "few.jsonl", rows))}, said=lambda _: None)
    learn({"few": read_outcomes(written(tmp_path / "few.jsonl", paired_rows(count=count)))}, said=lambda _: None)
