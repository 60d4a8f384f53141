"""`neuroroute evaluate` measures policies on outcomes, and writes a report."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from outcomes import examples
from running import COMMAND

SHARED = Path(__file__).parents[3] / "shared" / "routing"
REPORTS = Path(__file__).parents[2] / "benchmarks" / "results" / "routing"
CATALOG = """
[[providers]]
name = "somebody"
dialect = "openai"
base_url = "https://models.example/v1"

[[models]]
id = "small"
provider = "somebody"
max_tokens = 4096
price = { prompt = 0.1, completion = 0.1 }

[[models]]
id = "the-large-one"
upstream = "large"
provider = "somebody"
max_tokens = 4096
price = { prompt = 3, completion = 15 }
"""


def run(home, *arguments):
    done = subprocess.run(
        [COMMAND, "evaluate", *arguments],
        cwd=home, env={"PATH": os.defpath}, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def written(path, found):
    path.write_bytes(gzip.compress(b"\n".join(map(msgspec.json.encode, found))))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """With data of two models, of three, and a catalogue. To be read only."""
    home = tmp_path_factory.mktemp("home")
    (home / "data").mkdir()
    written(home / "data" / "two.jsonl.gz", examples(models=("small", "large")))
    written(home / "data" / "three.jsonl.gz", examples(split="train") + examples(80)[60:])
    (home / "catalog.toml").write_text(CATALOG)
    return home


def test_every_policy_stands_beside_the_zero_router(home):
    told = run(home, "data/two.jsonl.gz")
    assert (told.returncode, told.stderr) == (0, "")
    for heading in ("# two: 60 prompts (dev), 2 models, 2 tasks", "## Policies", "learned - rules", "## Calibration"):
        assert heading in told.stdout
    for policy in ("learned", "rules", "longest", "random", "zero"):
        assert f"| {policy} " in told.stdout


def test_a_report_is_written_beside_what_is_printed(home, tmp_path):
    told = run(home, "data/two.jsonl.gz", "--report", str(tmp_path / "new" / "report"))
    place = tmp_path / "new" / "report"
    assert {one.name for one in place.iterdir()} == {"report.md", "report.json", "cost-quality.svg", "calibration.svg"}
    assert (place / "report.md").read_text().startswith(told.stdout.strip())
    assert "](cost-quality.svg)" in (place / "report.md").read_text()
    assert json.loads((place / "report.json").read_text())["prompts"] == 60


def test_a_report_that_cannot_be_written_whole_leaves_what_was_there(home, tmp_path):
    (tmp_path / "report.md").write_text("before")
    (tmp_path / "cost-quality.svg").mkdir()
    told = run(home, "data/two.jsonl.gz", "--policy", "longest", "--report", str(tmp_path))
    assert (told.returncode, told.stdout) == (2, "")
    assert "cannot be written" in told.stderr
    assert (tmp_path / "report.md").read_text() == "before"
    assert {one.name for one in tmp_path.iterdir()} == {"report.md", "cost-quality.svg"}


def test_each_data_set_of_a_folder_has_a_report_of_its_own(home, tmp_path):
    told = run(home, "data", "--json", "--report", str(tmp_path), "--policy", "rules")
    assert told.returncode == 0
    reports = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(one["data"], one["prompts"]) for one in reports] == [("three", 20), ("two", 60)]
    assert {one.name for one in tmp_path.iterdir()} == {"three", "two"}
    assert json.loads((tmp_path / "two" / "report.json").read_text()) == reports[1]
    assert not (tmp_path / "two" / "calibration.svg").exists()


def test_policies_are_compared_to_the_first_that_is_named(home):
    told = run(home, "data/two.jsonl.gz", "--json", "--policy", "longest", "--policy", "rules", "--policy", "longest")
    report = json.loads(told.stdout)
    assert [one["policy"] for one in report["policies"]] == ["longest", "rules", "zero"]
    assert [(one["policy"], one["rival"]) for one in report["comparisons"]] == [("longest", "rules")]
    assert report["predictor"] is None


@pytest.mark.parametrize(("split", "prompts"), [("dev", 20), ("train", 60), ("all", 80)])
def test_one_split_or_all_of_it_is_evaluated(home, split, prompts):
    told = run(home, "data/three.jsonl.gz", "--json", "--split", split, "--policy", "longest")
    assert json.loads(told.stdout)["prompts"] == prompts


def test_prices_are_those_of_a_catalogue_or_fit_the_data(home):
    prices = []
    for arguments in ((), ("--catalog", "catalog.toml")):
        told = run(home, "data/two.jsonl.gz", "--json", "--policy", "longest", *arguments)
        prices.append([one["input_usd_per_million"] for one in json.loads(told.stdout)["models"]])
    assert prices == [pytest.approx([0.1, 1.0]), [0.1, 3]]


def test_a_model_that_the_catalogue_does_not_price_is_told(home):
    refused = run(home, "data/three.jsonl.gz", "--catalog", "catalog.toml")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "catalog.toml, models: has no middle" in refused.stderr


def test_bad_data_are_told_with_line_and_field_and_nothing_is_written(home, tmp_path):
    rows = [msgspec.to_builtins(one) for one in examples(3)]
    rows[1]["outcomes"]["large"]["quality"] = float("nan")
    (tmp_path / "bad.jsonl").write_text("\n".join(map(json.dumps, rows)))
    refused = run(tmp_path, "bad.jsonl", "--report", "report")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("bad.jsonl, line 2, outcomes.large.quality: is no finite number.")
    assert not (tmp_path / "report").exists()


def test_a_split_that_the_data_do_not_have_is_told(home):
    refused = run(home, "data/two.jsonl.gz", "--split", "train")
    assert refused.returncode == 2
    assert 'no line has the split "train"' in refused.stderr


def test_a_report_without_a_place_is_told(home):
    refused = run(home, "data/two.jsonl.gz", "--policy", "rules", "--report", "catalog.toml/report")
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr


def test_tasks_can_count_as_one(home, tmp_path):
    (tmp_path / "groups.json").write_text('{"everything": ["sums", "poems"]}')
    told = run(home, "data/two.jsonl.gz", "--policy", "rules", "--task-groups", str(tmp_path / "groups.json"))
    assert told.stdout.startswith("# two: 60 prompts (dev), 2 models, 1 task")
    (tmp_path / "groups.json").write_text('{"a": ["sums"], "b": ["sums"]}')
    refused = run(home, "data/two.jsonl.gz", "--policy", "rules", "--task-groups", str(tmp_path / "groups.json"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "groups.json, b: sums is in a, too." in refused.stderr


@pytest.mark.parametrize(
    ("options", "part"), [(["--leave-out-tasks"], "task"), (["--folds", "2"], "of 2 folds by stem")]
)
def test_what_is_evaluated_can_be_left_out_of_the_training(home, options, part):
    told = run(home, "data/two.jsonl.gz", *options, "--policy", "learned", "--json")
    assert told.returncode == 0, told.stderr
    assert told.stderr.startswith("Training")
    report = json.loads(told.stdout)
    assert report["predictor"] is None
    assert report["notes"] == [f"learned: each {part} by weights that were trained on all others."]
    assert report["means"]["over_blind"]["learned"]["value"] is not None


def test_one_task_alone_cannot_be_left_out(tmp_path):
    written(tmp_path / "one.jsonl", [one for one in examples() if one.dataset == "sums"])
    refused = run(tmp_path, "one.jsonl", "--leave-out-tasks")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "one has one task. Leaving out takes two or more." in refused.stderr


def test_exported_decisions_are_evaluated(tmp_path):
    predictions = {"small": {"quality": 0.5}, "large": {"quality": 0.8}}
    fields = {"predictions": predictions, "costs_usd": {"small": 0.001, "large": 0.01}, "propensity": 0.9}
    rows = [
        {"id": f"d{number}", "chosen": "small", "model": "small", "cost_usd": 0.002, "score": number % 2} | fields
        for number in range(40)
    ]
    (tmp_path / "decisions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = run(tmp_path, "decisions.jsonl", "--json", "--report", "report")
    report = json.loads(told.stdout)
    assert (report["split"], report["prompts"]) == ("decisions", 40)
    assert [one["policy"] for one in report["policies"]] == ["decided", "learned", "zero"]
    assert report["calibration"][0]["curve"] == [{"predicted": 0.5, "observed": 0.5, "answers": 40}]
    assert (tmp_path / "report" / "report.md").exists()


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the routing data is not beside this checkout")
def test_the_reports_that_are_kept_are_printed_again(tmp_path):
    told = run(tmp_path, str(SHARED), "--json")
    assert told.returncode == 0, told.stderr
    for line in told.stdout.splitlines():
        now = json.loads(line)
        kept = json.loads((REPORTS / now["data"] / "report.json").read_text())
        assert now["predictor"] == kept["predictor"]
        for one, other in zip(now["policies"], kept["policies"], strict=True):
            assert one["policy"] == other["policy"]
            for name, figure in one["figures"].items():
                assert figure == pytest.approx(other["figures"][name], abs=0.001), name
