"""Exported decisions are evaluated by what callers said of the answers."""

import json

import numpy as np
import pytest

from neuroroute.infrastructure.evaluation.decision_rows import holds_decisions, read_decisions
from neuroroute.infrastructure.evaluation.json_lines import DataRefused

COSTS = {"small": 0.001, "large": 0.01}


def row(number=1, **fields):
    return {
        "id": f"d{number}",
        "at": 1.0,
        "policy": "learned",
        "chosen": "small",
        "propensity": 1.0,
        "predictions": {
            "small": {"quality": 0.5, "low": 0.4, "high": 0.6},
            "large": {"quality": 0.8, "low": 0.7, "high": 0.9},
        },
        "costs_usd": COSTS,
        "model": "small",
        "cost_usd": 0.002,
        "score": 1.0,
    } | fields


def written(tmp_path, *rows):
    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def test_a_file_of_decisions_is_told_from_one_of_outcomes(tmp_path):
    assert holds_decisions(written(tmp_path, row()))
    assert not holds_decisions(written(tmp_path, {"id": "p1", "prompt": 'say "predictions"', "outcomes": {}}))
    assert not holds_decisions(written(tmp_path))
    decisions = written(tmp_path, row())
    decisions.write_text("\n" + decisions.read_text())
    assert holds_decisions(decisions)


def test_a_model_that_was_not_asked_is_worth_what_was_predicted(tmp_path):
    read = read_decisions(written(tmp_path, row(1), row(2, score=0.0)))
    assert list(read.table.models) == ["large", "small"]
    assert read.table.quality.tolist() == [[0.8, 1.0], [0.8, 0.0]]
    assert read.table.cost.tolist() == [[0.01, 0.002], [0.01, 0.002]]
    assert (read.predicted[:, 0].tolist(), read.observed[:, 0].tolist()) == ([0.5, 0.5], [1.0, 0.0])
    assert any("Nothing was explored" in note for note in read.notes)


def test_an_improbable_word_counts_for_more(tmp_path):
    read = read_decisions(written(tmp_path, row(propensity=0.25)))
    assert read.table.quality[0, 1] == pytest.approx(0.5 + (1.0 - 0.5) / 0.25)


def test_levels_choose_from_the_cheapest_to_the_best(tmp_path):
    decided, learned = read_decisions(written(tmp_path, row())).contenders
    assert decided.choices.ravel().tolist() == [1] * 11
    assert (learned.choices[0, 0], learned.choices[-1, 0]) == (1, 0)


def test_decisions_that_say_nothing_of_their_choice_are_left_out_and_counted(tmp_path):
    read = read_decisions(
        written(
            tmp_path,
            row(1),
            row(2, score=None),
            row(3, model="large"),
            row(4, model=None, cost_usd=None),
            row(5, predictions={}),
            row(6, costs_usd={"small": 1.0, "large": None}),
            row(7, predictions={"small": {"quality": 0.5}}),
        )
    )
    assert len(read.table.tasks) == 1
    assert any(note.startswith("5 decisions are left out: no prediction") for note in read.notes)
    assert any(note.startswith("1 decisions are left out, which chose between other") for note in read.notes)


def test_predictions_that_are_wrong_are_set_right_by_exploring(tmp_path):
    """The large model is predicted at .8 and is worth .4; it is asked by chance, one time in four."""
    draw = np.random.default_rng(1)
    rows = []
    for number in range(4000):
        chosen = "large" if draw.random() < 0.25 else "small"
        good = draw.random() < {"large": 0.4, "small": 0.5}[chosen]
        fields = {"propensity": 0.25 if chosen == "large" else 0.75, "score": float(good), "cost_usd": COSTS[chosen]}
        rows.append(row(number, chosen=chosen, model=chosen, **fields))
    read = read_decisions(written(tmp_path, *rows))
    assert read.table.quality.mean(axis=0) == pytest.approx([0.4, 0.5], abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"propensity": 0}, "propensity"),
        ({"score": 2}, "score"),
        ({"predictions": {"small": {"quality": 7}}}, "predictions.small.quality"),
        ({"costs_usd": {"small": -1}}, "costs_usd.small"),
        ({"id": "d1"}, "id"),
    ],
)
def test_a_decision_that_does_not_hold_is_told_with_its_field(tmp_path, wrong, field):
    with pytest.raises(DataRefused) as refused:
        read_decisions(written(tmp_path, row(1), row(2) | wrong))
    assert (refused.value.line, refused.value.field) == (2, field)


def test_decisions_without_a_word_are_refused(tmp_path):
    with pytest.raises(DataRefused, match="a caller's word on it"):
        read_decisions(written(tmp_path, row(score=None)))
