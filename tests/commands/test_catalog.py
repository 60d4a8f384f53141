"""`neuroroute catalog plan|apply`: a diff before anything changes, and line and field of what is wrong."""

import pytest
from catalogs import a_catalog, a_model, a_provider
from click.testing import CliRunner
from msgspec.structs import replace

from neuroroute.cli.catalog import catalog
from neuroroute.commands.catalog import words_of
from neuroroute.domain.catalog_plan import plan
from neuroroute.domain.model import Price, Ranks

FILE = """
[[providers]]
name = "ollama"
dialect = "openai"
base_url = "http://localhost:11434/v1"
local = true

[[models]]
id = "llama"
provider = "ollama"
max_tokens = 8192
"""


@pytest.fixture
def run(tmp_path):
    """Within this process: it takes a tenth of the time."""

    def run(*arguments, text=FILE):
        file = tmp_path / "catalog.toml"
        file.write_text(text)
        paths = [str(tmp_path / said) if said.endswith(".toml") else said for said in arguments]
        done = CliRunner().invoke(catalog, paths, env={"NEUROROUTE_HOME": str(tmp_path)})
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


def test_a_plan_tells_and_changes_nothing(run):
    for _ in range(2):
        told = run("plan", "catalog.toml")
        assert (told.exit_code, told.stderr) == (0, "")
        assert told.stdout.splitlines() == [
            "+ provider ollama",
            "+ model llama",
            "2 entries would be changed: 2 added, 0 changed, 0 removed.",
            "Nothing was changed.",
        ]


def test_applying_tells_what_was_done_and_is_done_once(run):
    assert "2 entries were changed: 2 added, 0 changed, 0 removed." in run("apply", "catalog.toml").stdout
    assert run("apply", "catalog.toml").stdout == "The catalogue is so already.\n"
    changed = run("apply", "catalog.toml", text=FILE.replace("8192", "4096")).stdout.splitlines()
    assert changed[:2] == ["~ model llama", "    max_tokens: 8192 -> 4096"]


def test_a_known_model_is_enabled_by_naming_it_and_keeps_what_is_known_of_it(run):
    named = '[[models]]\nid = "openai:gpt-4o-mini"\nprovider = "openai"\nmax_tokens = 16384\n'
    told = run("plan", "catalog.toml", text=named).stdout.splitlines()
    assert told[0] == "~ model openai:gpt-4o-mini"
    changed = [line.strip().partition(":")[0] for line in told[1:-2]]
    assert "enabled" in changed
    assert {"price", "capabilities", "context_window", "upstream"}.isdisjoint(changed)


def test_known_models_are_listed_enabled_and_disabled_by_name(run):
    listed = run("list").stdout
    assert [line.split()[0] for line in listed.splitlines()] == ["local", "openai", "anthropic"]
    assert "openai:gpt-4o-mini" in run("list", "--all").stdout
    told = run("enable", "openai:gpt-4o-mini", "openai:gpt-4.1").stdout
    assert "2 entries were changed: 0 added, 2 changed, 0 removed." in told
    assert "openai:gpt-4o-mini" in run("list").stdout
    assert "1 entry was changed" in run("disable", "openai:gpt-4.1").stdout
    assert run("disable", "openai:gpt-4.1").stdout == "The catalogue is so already.\n"


def test_a_name_that_is_not_known_changes_nothing_and_the_nearest_is_told(run):
    told = run("enable", "openai:gpt-4o-mini", "gpt-41")
    assert told.exit_code == 2
    assert "There is no model gpt-41. The nearest is" in told.stderr
    assert "gpt-4o-mini" not in run("list").stdout


def test_pruning_tells_what_goes_the_defaults_too(run):
    told = run("plan", "catalog.toml", "--prune").stdout.splitlines()
    assert {"- model local", "- model openai", "- model anthropic", "- provider lmstudio"} <= set(told)
    assert "- provider openai" not in told  # other models of it are known
    run("apply", "catalog.toml", "--prune")
    assert run("plan", "catalog.toml", "--prune").stdout.startswith("The catalogue is so already.")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (FILE.replace("8192", '"many"'), "line 11, models[0].max_tokens: "),
        (FILE.replace('provider = "ollama"', 'provider = "olama"'), "line 10, models[0].provider: model llama:"),
        (FILE + "x", "it is not TOML at"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_bad_file_changes_nothing_and_says_line_and_field(run, command, text, place):
    told = run(command, "catalog.toml", text=text)
    assert (told.exit_code, told.stdout) == (2, "")
    assert place in told.stderr
    assert "nothing was changed" in told.stderr
    assert run("plan", "catalog.toml").stdout.startswith("+ provider ollama")


def test_a_file_that_is_not_there_is_told(run):
    told = run("apply", "none.toml")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "none.toml" in told.stderr


def test_each_field_is_told_as_a_file_writes_it():
    model = a_model("m", upstream=None, enabled=False, price=None)
    held = a_catalog(a_provider(local=True), model)
    price = Price(prompt=150_000_000, completion=600_000_000, cached=75_000_000)
    wanted = replace(
        model, upstream="u", enabled=True, price=price, capabilities=("math",), ranks=Ranks(speed=3, cost=2, quality=3)
    )
    assert list(words_of(plan(held, a_catalog(wanted), prune=False))) == [
        "~ model m",
        "    upstream: none -> u",
        "    capabilities: [basic_chat, math] -> [math]",
        "    price: none -> { prompt = 0.15, completion = 0.6, cached = 0.075 }",
        "    ranks: { speed = 1, cost = 2, quality = 3 } -> { speed = 3, cost = 2, quality = 3 }",
        "    enabled: false -> true",
    ]
