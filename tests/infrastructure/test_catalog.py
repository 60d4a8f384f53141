"""Which models there are, who serves them, and what wins."""

from pathlib import Path

import msgspec
import pytest
from catalogs import default_entries

from neuroroute.domain.access import Secret
from neuroroute.domain.catalog_plan import plan
from neuroroute.domain.completion import Usage
from neuroroute.domain.model import Dialect, ModelCard, Price, Ranks
from neuroroute.infrastructure.catalog import StaticCatalog
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.catalog_file import read_catalog
from neuroroute.infrastructure.effective_catalog import NO_KEY, CatalogEntries, Override, ProviderEntry

CANARY = "sk-canary-5f0c93"
OLLAMA = """
[[providers]]
name = "ollama"
dialect = "openai"
base_url = "http://localhost:11434/v1/"
local = true

[[models]]
id = "llama"
provider = "ollama"
upstream = "llama3.2"
max_tokens = 8192
"""
PROXY = """
[[providers]]
name = "openai"
dialect = "openai"
base_url = "https://proxy.test/v1"
api_key_env = "PROXY_KEY"
"""


@pytest.fixture
def entries(tmp_path: Path):
    def entries_of(text: str = "", *, environ: dict[str, str] | None = None, **overrides: Override) -> CatalogEntries:
        path = tmp_path / "catalog.toml"
        path.write_text(text)
        known = plan(DEFAULTS, read_catalog(path).catalog, prune=False).result
        return default_entries(known, environ=environ, **overrides)

    return entries_of


def provider(entries: CatalogEntries, name: str) -> ProviderEntry:
    return next(one for one in entries.providers if one.name == name)


def card(entries: CatalogEntries, model: str) -> ModelCard:
    return next(one for one in entries.cards if one.id == model)


def test_out_of_the_box_there_are_the_three_of_the_earlier_registry(entries):
    found = entries().cards
    assert [(one.id, one.name, one.provider, one.upstream, one.max_tokens, one.avg_latency_ms) for one in found] == [
        ("local", "local-lmstudio", "lmstudio", None, 4096, 500),
        ("openai", "gpt-4o", "openai", "gpt-4o", 128_000, 2000),
        ("anthropic", "claude-3-sonnet", "anthropic", "claude-3-sonnet-20240229", 200_000, 3000),
    ]
    assert [one.ranks for one in found] == [
        Ranks(speed=1, cost=1, quality=3),
        Ranks(speed=2, cost=2, quality=1),
        Ranks(speed=3, cost=3, quality=1),
    ]
    assert [len(one.capabilities) for one in found] == [4, 11, 10]
    assert [one.dialect for one in found] == [Dialect.OPENAI, Dialect.OPENAI, Dialect.ANTHROPIC]


def test_their_prices_are_that_registrys_cost_of_a_thousand_tokens(entries):
    usage = Usage(prompt_tokens=0, completion_tokens=1000)
    prices = [one.price for one in entries().cards]
    assert prices[0] == Price(prompt=0, completion=0)
    assert [price.of(usage) / 10**9 for price in prices] == [0.0, 0.01, 0.015]


def test_the_file_adds_after_the_defaults(entries):
    found = entries(OLLAMA)
    assert [one.id for one in found.cards] == ["local", "openai", "anthropic", "llama"]
    added = provider(found, "ollama")
    assert (added.base_url, added.askable, added.api_key) == ("http://localhost:11434/v1", True, None)
    assert card(found, "llama").price is None


def test_a_key_is_found_under_the_name_the_file_gives(entries):
    text = OLLAMA.replace("local = true", 'api_key_env = "OLLAMA_API_KEY"')
    assert not provider(entries(text), "ollama").askable
    assert not provider(entries(text, environ={"OLLAMA_API_KEY": " "}), "ollama").askable
    assert provider(entries(text, environ={"OLLAMA_API_KEY": "k"}), "ollama").api_key == Secret("k")


def test_an_entry_of_a_defaults_name_takes_its_place(entries):
    found = entries(PROXY + OLLAMA + '[[models]]\nid = "local"\nprovider = "ollama"\nmax_tokens = 1\n')
    assert [one.id for one in found.cards] == ["local", "openai", "anthropic", "llama"]
    assert [one.name for one in found.providers] == ["openai", "anthropic", "ollama"]
    assert card(found, "local").provider == "ollama"
    assert card(found, "local").name == "local"
    assert provider(found, "openai").base_url == "https://proxy.test/v1"


def test_the_environment_wins_over_the_file(entries):
    found = entries(PROXY, openai=Override(base_url="https://env.test/v1", model="gpt-4o-mini"))
    assert provider(found, "openai").base_url == "https://env.test/v1"
    assert card(found, "openai").upstream == "gpt-4o-mini"
    assert card(found, "openai").name == "gpt-4o"


def test_the_key_of_a_default_is_not_sent_where_the_file_names_another(entries):
    found = entries(PROXY, openai=Override(api_key=Secret(CANARY)))
    assert provider(found, "openai").api_key is None
    found = entries(PROXY, openai=Override(api_key=Secret(CANARY)), environ={"PROXY_KEY": "p"})
    assert provider(found, "openai").api_key == Secret("p")


def test_a_model_of_another_name_has_not_the_price_of_the_default(entries):
    assert card(entries(openai=Override(model="gpt-4o-mini")), "openai").price is None
    assert card(entries(openai=Override(model="gpt-4o")), "openai").price is not None


def test_the_name_from_the_environment_is_for_the_provider_of_that_name(entries):
    text = OLLAMA.replace('"llama"', '"openai"')
    assert card(entries(text, openai=Override(model="gpt-4o-mini")), "openai").upstream == "llama3.2"


def test_a_model_without_a_key_is_registered_and_not_among_the_cards(entries):
    catalog = StaticCatalog(entries(openai=Override(api_key=Secret(CANARY))), {})
    assert [one.id for one in catalog.cards()] == ["local", "openai"]
    assert [(one.card.id, one.error) for one in catalog.registered()] == [
        ("local", None),
        ("openai", None),
        ("anthropic", NO_KEY),
    ]
    assert catalog.cards() is catalog.cards()


def test_the_version_follows_what_is_served_from_where_and_no_key(entries):
    def version(**said: Override) -> str:
        return StaticCatalog(entries(**said), {}).version

    with_key = version(openai=Override(api_key=Secret("a")))
    assert version() == version()
    assert with_key != version()
    assert with_key == version(openai=Override(api_key=Secret("b")))
    assert (
        len(
            {
                version(),
                with_key,
                version(openai=Override(base_url="http://x.test")),
                version(openai=Override(model="x")),
                StaticCatalog(entries(OLLAMA), {}).version,
            }
        )
        == 5
    )


def test_no_key_is_printed_or_written(entries):
    found = entries(openai=Override(api_key=Secret(CANARY)))
    assert CANARY not in repr(found) + str(found)
    with pytest.raises(TypeError):
        msgspec.json.encode(found)
