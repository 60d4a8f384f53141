"""What the models of an evaluation are said to cost."""

import json

import pytest
from msgspec.structs import replace
from outcomes import examples

from neuroroute.infrastructure.evaluation.json_lines import DataRefused
from neuroroute.infrastructure.evaluation.outcomes import Outcome
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data, read_models

MODEL = {"id": "a", "input_usd_per_million": 0.5, "output_usd_per_million": 1.5}


def listed(tmp_path, models):
    path = tmp_path / "models.json"
    path.write_text(models if isinstance(models, str) else json.dumps(models, indent=1))
    return path


def test_a_list_of_models_keeps_its_order(tmp_path):
    read = read_models(listed(tmp_path, [MODEL | {"id": "z", "context": 8192}, MODEL]))
    assert [card.id for card in read] == ["z", "a"]
    assert (read[0].price.prompt, read[0].price.completion) == (500_000_000, 1_500_000_000)


@pytest.mark.parametrize(
    ("models", "place"),
    [
        ([MODEL, MODEL], "line 7, id: a is that of line 2 too"),
        ([MODEL, MODEL | {"id": "b", "input_usd_per_million": -1}], "line 7, input_usd_per_million: "),
        ([MODEL | {"output_usd_per_million": float("nan")}], "line 2, output_usd_per_million: is no finite number"),
        ([MODEL | {"output_usd_per_million": 1e12}], "line 2, output_usd_per_million: "),
        ([MODEL | {"output_usd_per_million": "dear"}], "line 2, output_usd_per_million: Expected `float`"),
        ([{"id": "a", "input_usd_per_million": 1}], "line 2, output_usd_per_million: is missing"),
        ([MODEL | {"id": ""}], "line 2, id: "),
        (["a"], "line 2: "),
        ([], "models.json: names no model"),
        ({"models": [MODEL]}, "models.json: is no JSON list"),
        ("[\n{]", "line 2: is not JSON"),
        ("", "line 1: is not JSON"),
    ],
)
def test_a_list_that_does_not_hold_is_told_with_line_and_field(tmp_path, models, place):
    with pytest.raises(DataRefused) as refused:
        read_models(listed(tmp_path, models))
    assert place in str(refused.value)


def test_the_prices_that_made_the_costs_are_found_again():
    prices = [(card.price.prompt / 1e9, card.price.completion / 1e9) for card in priced_by_data(examples())]
    assert prices == [pytest.approx((10.0**place / 10, 2 * 10.0**place / 10), rel=1e-3) for place in range(3)]


@pytest.mark.parametrize("cost", [lambda length: 7.0, lambda length: 9 - length, lambda length: 9 * length - 30])
def test_costs_that_no_prices_make_have_prices_that_are_not_negative(cost):
    found = [replace(one, outcomes={"a": Outcome(1, max(0.0, cost(len(one.prompt) / 100)))}) for one in examples()]
    price = priced_by_data(found)[0].price
    assert price.prompt >= 0
    assert price.completion >= 0
    assert price.prompt + price.completion > 0


def test_prompts_of_one_length_are_priced_by_their_answers():
    found = [replace(one, prompt="same", outcomes={"a": Outcome(1, 0.002)}) for one in examples()]
    price = priced_by_data(found)[0].price
    assert (price.prompt, price.completion) == (0, 10_000_000_000)
