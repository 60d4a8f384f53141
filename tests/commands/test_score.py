"""`neuroroute score` tells what is predicted of prompts, for whoever wants to judge it."""

import gzip
import json
import os
import signal
import subprocess
import time

import psutil
import pytest
from running import COMMAND

MODELS = [
    {"id": "gpt-4-1106-preview", "input_usd_per_million": 10, "output_usd_per_million": 30},
    {"id": "mistralai/Mixtral-8x7B-Instruct-v0.1", "input_usd_per_million": 0.6, "output_usd_per_million": 0.6},
    {"id": "nobody-has-heard-of-it", "input_usd_per_million": 2, "output_usd_per_million": 8.5},
]
PROMPTS = [
    {"id": "a", "prompt": "What is the capital of France?\nA. Lyon\nB. Paris\nC. Nice\nD. Lille\nAnswer:"},
    {"id": "b", "prompt": "SECRET " * 400},
    {"id": "c", "prompt": ""},
]


@pytest.fixture
def score(tmp_path):
    def score(prompts=PROMPTS, models=MODELS, *arguments, packed=False):
        text = prompts if isinstance(prompts, str) else "".join(json.dumps(one) + "\n" for one in prompts)
        asked = text.encode()
        (tmp_path / "prompts.jsonl").write_bytes(gzip.compress(asked) if packed else asked)
        (tmp_path / "models.json").write_text(models if isinstance(models, str) else json.dumps(models))
        done = subprocess.run(
            [COMMAND, "score", "prompts.jsonl", "--models", "models.json", *arguments],
            cwd=tmp_path, env={"PATH": os.defpath}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done

    return score


def lines_of(done):
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_prompt_has_a_line_in_its_place(score):
    told = lines_of(score())
    assert [one["id"] for one in told] == ["a", "b", "c"]
    for one in told:
        assert set(one) == {"id", "predictions", "choices"}
        assert list(one["predictions"]) == [model["id"] for model in MODELS]
        assert len(one["choices"]) == 11
        assert set(one["choices"]) <= set(one["predictions"])
        for predicted in one["predictions"].values():
            assert set(predicted) == {"quality", "low", "high", "cost_usd"}
            assert 0 <= predicted["low"] <= predicted["quality"] <= predicted["high"] <= 1


def test_the_cost_is_that_of_its_characters_and_a_usual_answer(score):
    for one, prompt in zip(lines_of(score()), PROMPTS, strict=True):
        for model in MODELS:
            tokens = -(-len(prompt["prompt"]) // 4)
            dollars = model["input_usd_per_million"] * tokens + model["output_usd_per_million"] * 200
            assert one["predictions"][model["id"]]["cost_usd"] == pytest.approx(dollars / 1e6, abs=1e-9)


def test_the_first_choice_is_the_cheapest_and_the_last_the_best(score):
    for one in lines_of(score()):
        predictions = one["predictions"]
        assert one["choices"][0] == min(predictions, key=lambda model: predictions[model]["cost_usd"])
        assert one["choices"][-1] == max(predictions, key=lambda model: predictions[model]["quality"])
        qualities = [predictions[model]["quality"] for model in one["choices"]]
        assert qualities == sorted(qualities)


def test_packed_prompts_and_lines_with_more_fields_say_the_same(score):
    plain = score()
    more = [one | {"dataset": "sums", "outcomes": {}} for one in PROMPTS]
    assert score(packed=True).stdout == plain.stdout == score(more).stdout


def test_the_lines_can_be_written_to_a_file(score, tmp_path):
    written = score(PROMPTS, MODELS, "--output", "out.jsonl")
    assert (written.returncode, written.stdout) == (0, "")
    assert (tmp_path / "out.jsonl").read_text() == score().stdout


def test_no_prompt_has_no_line(score):
    assert lines_of(score([])) == []


@pytest.mark.parametrize(
    "models",
    [
        MODELS[2:],
        [{"id": f"m{number}", "input_usd_per_million": 0, "output_usd_per_million": 0} for number in range(3)],
        [{"id": f"m{number}", "input_usd_per_million": 1, "output_usd_per_million": 1} for number in range(3)],
    ],
    ids=["one", "free", "alike"],
)
def test_any_prices_can_be_scored(score, models):
    told = lines_of(score(PROMPTS, models))
    assert all(set(one["choices"]) <= {model["id"] for model in models} for one in told)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"id": "b", "promt": "SECRET"}, "prompt: is missing"),
        ({"id": "a", "prompt": "SECRET"}, "id: a is that of line 1 too"),
    ],
)
def test_prompts_that_do_not_hold_write_nothing(score, tmp_path, wrong, words):
    refused = score([PROMPTS[0], wrong], MODELS, "--output", "out.jsonl")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"prompts.jsonl, line 2, {words}" in refused.stderr
    assert "SECRET" not in refused.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_models_that_do_not_hold_write_nothing(score):
    refused = score(PROMPTS, [MODELS[0], MODELS[0]])
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "models.json, line 1, id: gpt-4-1106-preview is that of line 1 too" in refused.stderr


def test_weights_that_are_none_are_told(score):
    refused = score(PROMPTS, MODELS, "--weights", "models.json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "models.json holds no weights" in refused.stderr


def test_a_place_that_cannot_be_written_is_told(score):
    refused = score(PROMPTS, MODELS, "--output", "no/such/folder.jsonl")
    assert refused.returncode == 2
    assert "Name another file" in refused.stderr


@pytest.mark.parametrize("ended", [signal.SIGINT, signal.SIGTERM])
def test_what_is_ended_in_the_middle_leaves_no_half_of_a_file_and_no_process(tmp_path, ended):
    (tmp_path / "out.jsonl").write_text("before")
    (tmp_path / "models.json").write_text(json.dumps(MODELS))
    (tmp_path / "prompts.jsonl").write_text(
        "".join(json.dumps({"id": str(place), "prompt": "SECRET " * 50}) + "\n" for place in range(20_000))
    )
    command = [COMMAND, "score", "prompts.jsonl", "--models", "models.json", "--output", "out.jsonl"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={"PATH": os.defpath}, stderr=subprocess.PIPE, start_new_session=True
    ) as running:
        while not any(draft.stat().st_size for draft in tmp_path.glob(".*.part")):
            assert running.poll() is None
            time.sleep(0.01)
        workers = psutil.Process(running.pid).children()
        # A terminal interrupts all; whoever loses patience ends the one that was begun.
        (os.killpg if ended == signal.SIGINT else os.kill)(running.pid, ended)
        assert "Traceback" not in running.communicate(timeout=30)[1].decode()
    assert workers
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert (tmp_path / "out.jsonl").read_text() == "before"
