"""`neuroroute train`: the same data give the same weights, and what does not hold leaves nothing behind."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from made_up_outcomes import paired_rows, skilled_rows, written

from neuroroute.cli.main import main
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.evaluation.outcomes import read_outcomes

SHARED = Path(__file__).parents[3] / "shared" / "routing"


def train(*arguments):
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    written(folder / "crafts.jsonl", skilled_rows())
    written(folder / "pair.jsonl", paired_rows())
    (folder / "README.md").write_bytes(b"| `crafts.jsonl` | made up, no licence needed |\nThe rest is for nob\xf6dy.\n")
    return folder


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    output = tmp_path_factory.mktemp("trained") / "made.npz"
    told = train(data, "--output", output)
    assert told.exit_code == 0, told.output
    assert str(output) in told.stdout
    return output


def test_training_twice_gives_the_same_bytes(data, trained, tmp_path):
    again = tmp_path / "again.npz"
    assert train(data, "--output", again).exit_code == 0
    assert again.read_bytes() == trained.read_bytes()
    assert again.with_suffix(".md").read_text() == trained.with_suffix(".md").read_text()


def test_a_packed_file_gives_the_same_weights_as_a_plain_one(data, trained, tmp_path):
    for name in ("crafts", "pair"):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress((data / f"{name}.jsonl").read_bytes()))
    assert train(tmp_path, "--output", tmp_path / "packed.npz").exit_code == 0
    assert read_weights(tmp_path / "packed.npz").version == read_weights(trained).version


def test_the_model_card_names_data_licences_and_figures(data, trained):
    card = trained.with_suffix(".md").read_text()
    assert read_weights(trained).version in card
    for said in ("crafts.jsonl", "pair.jsonl", "made up, no licence needed", "AIQ", "expected calibration error"):
        assert said in card
    assert "The rest" not in card
    assert json.loads((data / "crafts.jsonl").read_text().split("\n")[0])["prompt"] not in card


def test_only_the_split_train_is_learned_from(data, trained, tmp_path):
    for name in ("crafts", "pair"):
        rows = [json.loads(line) for line in (data / f"{name}.jsonl").read_text().splitlines()]
        for row in rows:
            if row["split"] == "dev":
                row["prompt"] = "quite another one"
                for outcome in row["outcomes"].values():
                    outcome["quality"] = 0.0
        written(tmp_path / f"{name}.jsonl", rows)
    assert train(tmp_path, "--output", tmp_path / "other.npz").exit_code == 0
    assert read_weights(tmp_path / "other.npz").version == read_weights(trained).version


def test_an_excluded_task_is_left_out_of_everything(data, tmp_path):
    rows = [json.loads(line) for line in (data / "crafts.jsonl").read_text().splitlines()]
    without = tmp_path / "without"
    without.mkdir()
    written(without / "crafts.jsonl", [row for row in rows if row["dataset"] != "verse"])
    shutil.copy(data / "pair.jsonl", without)
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    assert train(data, "--exclude-task", "verse", "--output", one).exit_code == 0
    assert train(without, "--output", other).exit_code == 0
    assert one.read_bytes() == other.read_bytes()
    assert b"petals" not in read_weights(one).words
    assert "Excluded tasks: verse." in one.with_suffix(".md").read_text()


def test_a_whole_data_set_may_be_excluded(data, tmp_path):
    assert train(data, "--exclude-task", "questions", "--output", tmp_path / "w.npz").exit_code == 0
    assert [family.name for family in read_weights(tmp_path / "w.npz").head.families] == ["crafts"]


def same_quality(quality):
    def changed(row):
        return row | {"outcomes": {name: one | {"quality": quality} for name, one in row["outcomes"].items()}}

    return changed


@pytest.mark.parametrize(
    "changed",
    [same_quality(0), same_quality(1), same_quality(0.5), lambda row: row | {"prompt": ""}],
    ids=["never good", "always good", "alike", "without a word"],
)
def test_data_that_teach_little_make_weights_that_can_be_used(tmp_path, changed):
    file = written(tmp_path / "data.jsonl", map(changed, paired_rows()))
    output, models = tmp_path / "weights.npz", tmp_path / "models.json"
    assert train(file, "--output", output).exit_code == 0
    models.write_text('[{"id": "large", "input_usd_per_million": 1, "output_usd_per_million": 1}]')
    told = CliRunner().invoke(main, ["score", str(file), "--models", str(models), "--weights", str(output)])
    assert told.exit_code == 0, told.output
    for line in told.stdout.splitlines():
        predicted = json.loads(line)["predictions"]["large"]
        assert 0 <= predicted["low"] <= predicted["quality"] <= predicted["high"] <= 1


def one_model(row):
    return row | {"outcomes": {"large": row["outcomes"]["large"]}}


def not_a_number(row):
    return row | {"outcomes": row["outcomes"] | {"large": {"quality": float("nan"), "cost_usd": 1}}}


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (lambda rows: rows, ["--exclude-task", "poems"], ("poems", "questions")),
        (lambda rows: rows, ["--exclude-task", "questions"], ("every task is excluded",)),
        (lambda rows: [row for row in rows if row["split"] == "dev"], [], ("train",)),
        (lambda rows: map(one_model, rows), [], ("one model", "outcomes")),
        (lambda rows: [*rows[:2], not_a_number(rows[2])], [], ("line 3", "outcomes.large.quality")),
        (lambda rows: [*rows, rows[0]], [], ("line 161", "id")),
    ],
)
def test_what_does_not_hold_is_told_in_one_line_and_nothing_is_written(tmp_path, rows, options, said):
    file = written(tmp_path / "data.jsonl", rows(list(paired_rows())))
    told = train(file, "--output", tmp_path / "weights.npz", *options)
    assert told.exit_code == 2
    *_, line = told.stderr.strip().split("\n")
    assert all(word in line for word in ("data.jsonl", *said))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl"]


@pytest.mark.parametrize("output", ["nowhere/weights.npz", "folder", "taken.npz", "weights.md"])
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_done(data, tmp_path, output):
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken.md").mkdir()
    (tmp_path / "taken.npz").write_text("before")
    told = train(data / "pair.jsonl", "--output", tmp_path / output)
    assert told.exit_code == 2
    assert "cannot be written" in told.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "taken.md", "taken.npz"}
    assert (tmp_path / "taken.npz").read_text() == "before"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the routing data is not beside this checkout")
def test_the_shipped_weights_come_from_the_data_beside_the_project(tmp_path):
    made = tmp_path / "weights.npz"
    assert train(SHARED, "--output", made).exit_code == 0
    ours, shipped = read_weights(made), read_weights(SHIPPED)
    assert ours.words == shipped.words
    assert np.abs(ours.table * ours.scales - shipped.table * shipped.scales).max() <= 1e-6
    for name, trees in ours.trees.items():
        assert np.array_equal(trees.features, shipped.trees[name].features)
        assert np.abs(trees.values - shipped.trees[name].values).max() <= 1e-6
    prompts = [one.prompt for file in SHARED.glob("*.gz") for one in read_outcomes(file) if one.split == "dev"]
    here, there = (LearnedClassifier(weights).read_many(prompts) for weights in (ours, shipped))
    for one, other in zip(here, there, strict=True):
        assert one.known == pytest.approx(other.known, abs=1e-6)
