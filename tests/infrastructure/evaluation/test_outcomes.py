"""Data of training and evaluation is read whole or refused with its line and field."""

import gzip
import json
import os
from pathlib import Path
from threading import Thread

import pytest

from neuroroute.infrastructure.evaluation.outcomes import DataRefused, data_files, only, read_outcomes

SHARED = Path(__file__).parents[4] / "shared" / "routing"


def row(number=1, **fields):
    return {
        "id": f"p{number}",
        "stem": f"s{number}",
        "dataset": "sums",
        "split": "train",
        "prompt": "SECRET words",
        "outcomes": {"small": {"quality": 0.5, "cost_usd": 0.001}, "large": {"quality": 1, "cost_usd": 0.01}},
    } | fields


def written(tmp_path, *rows, name="sums.jsonl"):
    path = tmp_path / name
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def refusal(path):
    with pytest.raises(DataRefused) as refused:
        read_outcomes(path)
    assert "SECRET" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "packed-without-a-word.gz"])
def test_plain_and_packed_files_say_the_same(tmp_path, name):
    read = read_outcomes(written(tmp_path, row(1), "", row(2, split="dev"), name=name))
    assert [(one.id, one.split, one.outcomes["large"].quality) for one in read] == [
        ("p1", "train", 1),
        ("p2", "dev", 1),
    ]


def test_what_is_packed_is_known_by_its_bytes_not_its_name(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(gzip.compress(json.dumps(row()).encode()))
    assert len(read_outcomes(path)) == 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_comes_through_a_pipe_is_read_like_a_file(tmp_path, pack):
    pipe, text = tmp_path / "pipe", json.dumps(row()).encode()
    os.mkfifo(pipe)
    writing = Thread(target=pipe.write_bytes, args=(pack(text),))
    writing.start()
    assert len(read_outcomes(pipe)) == 1
    writing.join()
    with pytest.raises(DataRefused, match="read more than once"):
        data_files(pipe)


def with_outcome(**fields):
    return row(
        2, outcomes={"small": {"quality": 0.5, "cost_usd": 0.001}, "large": {"quality": 1, "cost_usd": 0} | fields}
    )


@pytest.mark.parametrize(
    ("wrong", "field", "word"),
    [
        (with_outcome(quality=float("nan")), "outcomes.large.quality", "finite"),
        (with_outcome(cost_usd=float("inf")), "outcomes.large.cost_usd", "finite"),
        (json.dumps(with_outcome(quality=0.25)).replace("0.25", "1e999"), "outcomes.large.quality", "finite"),
        (with_outcome(quality=1.5), "outcomes.large.quality", "<= 1.0"),
        (with_outcome(quality=-0.1), "outcomes.large.quality", ">= 0.0"),
        (with_outcome(quality=True), "outcomes.large.quality", "bool"),
        (with_outcome(cost_usd=-1), "outcomes.large.cost_usd", ">= 0.0"),
        (with_outcome(cost_usd=1e308), "outcomes.large.cost_usd", "<= 1000000.0"),
        (with_outcome(note="x"), "outcomes.large.note", "no field"),
        (row(2, outcomes={"small": {"quality": 1}, "large": {"quality": 1, "cost_usd": 1}}),
         "outcomes.small.cost_usd", "missing"),
        (row(2, outcomes={"small": {"quality": 1, "cost_usd": 1}}), "outcomes.large", "missing"),
        (row(2, outcomes={"small": {"quality": 1, "cost_usd": 1}, "large": None}), "outcomes.large", "object"),
        (row(2, outcomes=row()["outcomes"] | {"third": {"quality": 1, "cost_usd": 1}}),
         "outcomes.third", "no line before"),
        (row(2, outcomes={}), "outcomes", "length"),
        (row(2, split="SECRET"), "split", '"train" or "dev"'),
        (row(2, split=""), "split", '"train" or "dev"'),
        (row(2, prompt=7), "prompt", "`str`"),
        (row(2, id=""), "id", "length"),
        (row(2, id="p1"), "id", "line 1 too"),
        (row(2, stem="s1", split="dev"), "split", "in train by line 1"),
        (row(2, question="SECRET"), "question", "no field"),
        ({name: value for name, value in row(2).items() if name != "stem"}, "stem", "missing"),
        ([row(2)], "", "object"),
        (json.dumps(row(2))[:-5], "", "not JSON"),
        ("SECRET", "", "not JSON"),
        ('{"id": "\\ud800"}', "id", "surrogate"),
        (row(2, prompt="SECRET \ud83d"), "prompt", "surrogate"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_hold_is_told_with_its_field(tmp_path, wrong, field, word):
    refused = refusal(written(tmp_path, row(1), wrong))
    assert (refused.line, refused.field) == (2, field)
    assert str(refused).startswith(f"sums.jsonl, line 2{f', {field}' if field else ''}: ")
    assert word in str(refused)
    assert str(refused).endswith("Nothing was written.")


def test_text_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    path = tmp_path / "latin.jsonl"
    path.write_bytes(json.dumps(row(1)).encode() + b'\n{"id": "caf\xe9"}\n')
    assert (refusal(path).line, "not UTF-8" in str(refusal(path))) == (2, True)


def test_a_broken_gzip_file_is_told(tmp_path):
    packed = gzip.compress("\n".join(json.dumps(row(number)) for number in range(200)).encode())
    for broken in (packed[:-20], packed[:200] + b"\x00" * 50 + packed[250:], b"\x1f\x8b"):
        path = tmp_path / "broken.jsonl.gz"
        path.write_bytes(broken)
        assert "broken gzip" in str(refusal(path))


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_a_prompt_is_refused(tmp_path, text):
    assert "holds no prompt" in str(refusal(written(tmp_path, text)))


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read" in str(refusal(tmp_path / "none.jsonl"))


def test_a_split_without_a_line_is_refused(tmp_path):
    path = written(tmp_path, row(1), row(2))
    assert len(only(read_outcomes(path), "train", path)) == 2
    with pytest.raises(DataRefused, match='no line has the split "dev"'):
        only(read_outcomes(path), "dev", path)


def test_each_file_of_a_folder_is_a_data_set(tmp_path):
    (tmp_path / "README.md").write_text("not data")
    two, one = written(tmp_path, row(), name="two.jsonl.gz"), written(tmp_path, row(), name="one.jsonl")
    assert data_files(tmp_path) == {"one": one, "two": two}
    assert data_files(two) == {"two": two}
    written(tmp_path, row(), name="one.jsonl.gz")
    with pytest.raises(DataRefused, match="of one name"):
        data_files(tmp_path)


def test_a_folder_without_data_is_refused(tmp_path):
    with pytest.raises(DataRefused, match="without data"):
        data_files(tmp_path)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the routing data is not beside this checkout")
def test_the_data_beside_the_project_holds():
    read = {name: read_outcomes(path) for name, path in data_files(SHARED).items()}
    assert {name: len(examples) for name, examples in read.items()} == {"nine_models": 2905, "two_models": 9734}
