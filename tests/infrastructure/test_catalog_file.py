"""The catalogue as an operator writes it, and what is said when it is wrong."""

import json
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.catalog_tables import ModelTable, PriceTable, ProviderTable, dollars, read_dollars
from neuroroute.domain.catalog import Catalog
from neuroroute.domain.catalog_plan import CatalogMisfit, plan
from neuroroute.domain.model import Dialect, Price, Ranks
from neuroroute.infrastructure.catalog_file import CatalogFileError, catalog_schema, read_catalog

DOCS = Path(__file__).parents[2] / "docs"
CANARY = "sk-canary-5f0c93"
PROVIDER = '[[providers]]\nname = "p"\ndialect = "openai"\nbase_url = "http://h/v1"\nlocal = true\n'
MODEL = '[[models]]\nid = "m"\nprovider = "p"\nmax_tokens = 10\n'


@pytest.fixture
def read(tmp_path: Path):
    def read_text(text: str | bytes) -> Catalog:
        path = tmp_path / "catalog.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_catalog(path).catalog

    return read_text


@pytest.fixture
def problems(read):
    def problems_of(text: str | bytes) -> tuple[str, ...]:
        with pytest.raises(CatalogFileError) as caught:
            read(text)
        assert "catalog.toml" in str(caught.value)
        return caught.value.problems

    return problems_of


def test_a_few_lines_are_enough(read):
    file = read(PROVIDER + MODEL)
    (provider,), (model,) = file.providers, file.models
    assert (provider.name, provider.dialect, provider.base_url) == ("p", Dialect.OPENAI, "http://h/v1")
    assert (provider.local, provider.trusted, provider.api_key_env) == (True, True, None)
    assert (model.name, model.upstream, model.price, model.capabilities) == ("m", None, None, ("basic_chat",))
    assert (model.ranks, model.enabled, model.context_window) == (Ranks(speed=2, cost=2, quality=2), True, None)


def test_what_a_model_can_do_is_read_and_what_nobody_can_is_told(read, problems):
    (model,) = read(PROVIDER + MODEL + 'abilities = ["tools", "images", "tools"]\n').models
    assert model.abilities == {"tools", "images"}
    assert (read(PROVIDER + MODEL + 'embedding_space = "e"\n').models[0].embedding_space) == "e"
    (problem,) = problems(PROVIDER + MODEL + f'abilities = ["tools", "{CANARY}"]\n')
    assert "is none of the choices. Allowed: any of tools, images, files, audio, json_schema" in problem
    assert CANARY not in problem


def test_an_empty_file_adds_nothing(read):
    assert read("") == Catalog()


def test_everything_that_is_wrong_is_in_one_report(problems):
    text = """
[[providers]]
name = "ollama"
dialect = "opena"
base_url = "http://localhost:11434/v1?x"
max_connection = 5

[[models]]
id = "auto"
provider = "ollama"
capabilities = ["math", 3]
max_tokens = 1.5
price = { prompt = 1e-10, completion = 2 }
ranks = { speed = 4 }

[[models]]
price = { prompt = 1 }
"""
    found = problems(text)
    assert [problem.partition(":")[0] for problem in found] == [
        "line 6, providers[0].max_connection",
        "line 4, providers[0].dialect",
        "line 5, providers[0].base_url",
        "line 9, models[0].id",
        "line 11, models[0].capabilities[1]",
        "line 12, models[0].max_tokens",
        "line 13, models[0].price.prompt",
        "line 14, models[0].ranks.speed",
        "line 16, models[1].id",
        "line 16, models[1].provider",
        "line 16, models[1].max_tokens",
        "line 17, models[1].price",
    ]
    assert found[0].endswith(": is no field of it. The nearest is max_connections.")
    assert found[1].endswith(": is none of the choices. Allowed: openai or anthropic.")
    assert "models[1].id: is missing. Allowed: letters, digits" in found[8]


def test_a_price_in_a_table_of_its_own_is_found(problems):
    found = problems(PROVIDER + MODEL + "\n[models.price]\ncompletion = 1\nprompt = -1\n\n[models.ranks]\nspeed = 9\n")
    assert [problem.partition(":")[0] for problem in found] == [
        "line 13, models[0].price.prompt",
        "line 16, models[0].ranks.speed",
    ]


def test_tables_that_are_written_in_a_line_are_told_without_one(problems):
    (found,) = problems('models = [{ id = "m", provider = "p" }]')
    assert found.startswith("models[0].max_tokens: is missing")


def test_a_fault_of_toml_says_its_line(problems):
    assert problems('[[providers]]\nname = "a\n') == ("it is not TOML at line 2, column 10.",)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        "a" * 10,
        "x = " + "9" * 5000,
        "x = " + "[" * 5000,
        "x = 1e99999999999999999999",
        "providers = 3",
        "[providers.ollama]\n",
        "providers = [1]",
        "[[provider]]\n",
        "[[models]]\nmax_tokens = 1979-05-27\n",
    ],
)
def test_no_file_crashes_the_reader(problems, text):
    assert problems(text)


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(CatalogFileError, match="cannot be read") as caught:
        read_catalog(tmp_path / "none.toml")
    assert "none.toml" in str(caught.value)
    with pytest.raises(CatalogFileError, match="cannot be read"):
        read_catalog(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{CANARY}"',
        f'api_key_env = "{CANARY}"',
        f'dialect = "{CANARY}"',
        f'base_url = "https://u:{CANARY}@h"',
        f'base_url = "{CANARY}"',
        f'name = "{CANARY} "',
        f'local = "{CANARY}"',
        f'max_connections = "{CANARY}"',
        f'price = {{ prompt = "{CANARY}" }}',
        f'x = "{CANARY}',
        f"x = {CANARY}",
    ],
)
def test_a_key_in_the_wrong_place_is_not_told(problems, line):
    assert CANARY not in "".join(problems(f"[[providers]]\n{line}\n[[models]]\n{line}\n"))


@pytest.mark.parametrize("name", ["NEUROROUTE_MASTER_KEY", "gsk_abc", "A B", "A\\n", ""])
def test_only_the_name_of_a_providers_variable_is_taken(problems, name):
    assert problems(PROVIDER + f'api_key_env = "{name}"\n')[0].startswith("line 6, providers[0].api_key_env:")


@pytest.mark.parametrize("name", ["a\\n", "a b", "a/b", "", "-a", "é", "x" * 65])
def test_a_name_is_safe_in_a_path_and_a_label(problems, name):
    assert problems(PROVIDER.replace('"p"', f'"{name}"'))[0].startswith("line 2, providers[0].name:")


@given(nano=st.integers(0, 10**15), zeros=st.integers(0, 5))
def test_dollars_are_exact_to_the_nano_dollar(nano, zeros):
    assert read_dollars(dollars(nano)) == nano
    text = f"{nano // 10**9}.{nano % 10**9:09d}{'0' * zeros}"
    assert read_dollars(text) == nano
    assert read_dollars(Decimal(text)) == nano
    assert read_dollars(Decimal(nano).scaleb(-9)) == nano


@given(nano=st.integers(0, 10**15 - 1), rest=st.integers(1, 999))
def test_what_a_nano_dollar_cannot_hold_is_refused_and_not_rounded(nano, rest):
    with pytest.raises(ValueError, match="nine decimals"):
        read_dollars(f"{nano // 10**9}.{nano % 10**9:09d}{rest:03d}")


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-0.1", "1000000.1", "1e999999999", "1e-999999999", "1e-10", '"x"', "true", "[1]"]
)
def test_what_is_no_price_is_refused(problems, text):
    found = problems(PROVIDER + MODEL + f"price = {{ prompt = {text}, completion = 0 }}\n")
    assert found[0].startswith("line 10, models[0].price.prompt: ")


@pytest.mark.parametrize(
    ("text", "nano"), [("0", 0), ("2.50", 2_500_000_000), ('"0.15"', 150_000_000), ("1e-9", 1), ("0.1", 100_000_000)]
)
def test_a_price_is_a_number_or_a_text(read, text, nano):
    price = read(MODEL + f"price = {{ prompt = {text}, completion = 3 }}\n").models[0].price
    assert price is not None
    assert (price.prompt, price.completion) == (nano, 3_000_000_000)


def test_the_shipped_schema_is_that_of_the_code():
    shipped = (DOCS / "catalog.schema.json").read_text("utf-8")
    assert shipped == catalog_schema(), (
        "run: python -m neuroroute.infrastructure.catalog_file > docs/catalog.schema.json"
    )
    assert json.loads(shipped)["$defs"]["PriceTable"]["properties"]["prompt"]["type"] == ["number", "string"]


@pytest.mark.parametrize("kind", [ProviderTable, ModelTable])
def test_the_guide_explains_every_field(kind):
    guide = (DOCS / "catalog.md").read_text("utf-8")
    for field in msgspec.structs.fields(kind):
        assert f"| `{field.name}` |" in guide


def test_a_price_needs_both_its_parts():
    assert {field.name for field in msgspec.structs.fields(PriceTable) if field.required} == {"prompt", "completion"}


def test_what_a_cache_spares_and_keeps_may_have_prices(read):
    model = read(MODEL + "price = { prompt = 3, completion = 15, cached = 0.3, cache_write = 3.75 }\n").models[0]
    assert model.price == Price(prompt=3 * 10**9, completion=15 * 10**9, cached=300_000_000, cache_write=3_750_000_000)


def test_the_same_name_twice_is_told_at_the_second(problems):
    found = problems(PROVIDER + MODEL + PROVIDER + MODEL)
    assert found == (
        "line 11, providers[1].name: is that of providers[0] too.",
        "line 16, models[1].id: is that of models[0] too.",
    )


def test_what_does_not_fit_to_what_is_known_is_told_by_line_and_field(tmp_path: Path):
    path = tmp_path / "catalog.toml"
    path.write_text(PROVIDER + MODEL + MODEL.replace('"m"', '"n"').replace('"p"', '"q"'))
    written = read_catalog(path)
    with pytest.raises(CatalogMisfit) as caught:
        plan(Catalog(), written.catalog, prune=False)
    told = written.misfitting(caught.value)
    assert told.problems == ("line 12, models[1].provider: model n: its provider is nowhere. The nearest is p.",)
    assert "nothing was changed" in str(told)


def test_the_digest_is_of_what_is_said_and_not_of_how(tmp_path: Path):
    def digest(text: str) -> str:
        path = tmp_path / "catalog.toml"
        path.write_text(text)
        return read_catalog(path).digest

    assert digest(PROVIDER + MODEL) == digest("# a remark\n" + PROVIDER + "\n" + MODEL)
    assert digest(PROVIDER + MODEL) != digest(PROVIDER + MODEL.replace("10", "11"))


def test_json_says_the_same(tmp_path: Path, read):
    path = tmp_path / "catalog.json"
    provider = {"name": "p", "dialect": "openai", "base_url": "http://h/v1", "local": True}
    path.write_text(json.dumps({"providers": [provider], "models": [{"id": "m", "provider": "p", "max_tokens": 10}]}))
    assert read_catalog(path).catalog == read(PROVIDER + MODEL)
    path.write_text('{"models": 1e')
    with pytest.raises(CatalogFileError, match="it is not JSON line 1 column"):
        read_catalog(path)


def test_what_the_guide_shows_is_read(read):
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "catalog.md").read_text("utf-8"), re.DOTALL)
    file = read("\n".join(blocks))
    assert [provider.name for provider in file.providers] == ["ollama", "vllm", "groq"]
    assert [model.id for model in file.models] == [
        "llama",
        "qwen-coder",
        "llama-70b",
        "groq:openai:gpt-oss-120b",
        "nomic",
    ]
