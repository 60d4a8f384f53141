"""The catalogue as an operator writes it, and what is said when it is wrong."""

import json
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.model import Dialect
from neuroroute.infrastructure.catalog_file import (
    CatalogFile,
    CatalogFileError,
    ModelTable,
    PriceTable,
    ProviderTable,
    RanksTable,
    _dollars,
    catalog_schema,
    read_catalog,
)

DOCS = Path(__file__).parents[2] / "docs"
CANARY = "sk-canary-5f0c93"
PROVIDER = '[[providers]]\nname = "p"\ndialect = "openai"\nbase_url = "http://h/v1"\nlocal = true\n'
MODEL = '[[models]]\nid = "m"\nprovider = "p"\nmax_tokens = 10\n'


@pytest.fixture
def read(tmp_path: Path):
    def read_text(text: str | bytes) -> CatalogFile:
        path = tmp_path / "catalog.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_catalog(path)

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
    assert provider == ProviderTable(name="p", dialect=Dialect.OPENAI, base_url=provider.base_url, local=True)
    assert (model.name, model.upstream, model.price, model.capabilities) == (None, None, None, ("basic_chat",))
    assert model.ranks == RanksTable(speed=2, cost=2, quality=2)


def test_an_empty_file_adds_nothing(read):
    assert read("") == CatalogFile()


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
        "providers[0].max_connection",
        "providers[0].dialect",
        "providers[0].base_url",
        "models[0].id",
        "models[0].capabilities[1]",
        "models[0].max_tokens",
        "models[0].price.prompt",
        "models[0].ranks.speed",
        "models[1].id",
        "models[1].provider",
        "models[1].max_tokens",
        "models[1].price",
    ]
    assert found[0] == "providers[0].max_connection: is no field of it. The nearest is max_connections."
    assert found[1] == "providers[0].dialect: is none of the choices. Allowed: openai or anthropic."
    assert found[8].startswith("models[1].id: is missing. Allowed: letters, digits")


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
    assert problems(PROVIDER + f'api_key_env = "{name}"\n')[0].startswith("providers[0].api_key_env:")


@pytest.mark.parametrize("name", ["a\\n", "a b", "a/b", "", "-a", "é", "x" * 65])
def test_a_name_is_safe_in_a_path_and_a_label(problems, name):
    assert problems(PROVIDER.replace('"p"', f'"{name}"'))[0].startswith("providers[0].name:")


@given(nano=st.integers(0, 10**15), zeros=st.integers(0, 5))
def test_dollars_are_exact_to_the_nano_dollar(nano, zeros):
    text = f"{nano // 10**9}.{nano % 10**9:09d}{'0' * zeros}"
    assert _dollars(text) == nano
    assert _dollars(Decimal(text)) == nano
    assert _dollars(Decimal(nano).scaleb(-9)) == nano


@given(nano=st.integers(0, 10**15 - 1), rest=st.integers(1, 999))
def test_what_a_nano_dollar_cannot_hold_is_refused_and_not_rounded(nano, rest):
    with pytest.raises(ValueError, match="nine decimals"):
        _dollars(f"{nano // 10**9}.{nano % 10**9:09d}{rest:03d}")


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-0.1", "1000000.1", "1e999999999", "1e-999999999", "1e-10", '"x"', "true", "[1]"]
)
def test_what_is_no_price_is_refused(problems, text):
    found = problems(PROVIDER + MODEL + f"price = {{ prompt = {text}, completion = 0 }}\n")
    assert found[0].startswith("models[0].price.prompt: ")


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


def test_what_the_guide_shows_is_read(read):
    blocks = re.findall(r"```toml\n(.*?)```", (DOCS / "catalog.md").read_text("utf-8"), re.DOTALL)
    file = read("\n".join(blocks))
    assert [provider.name for provider in file.providers] == ["ollama", "vllm", "groq"]
    assert [model.id for model in file.models] == ["llama", "qwen-coder", "llama-70b"]
