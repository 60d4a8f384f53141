"""What an empty database begins with."""

import asyncio

import pytest
from catalogs import a_catalog, a_model, a_provider

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.catalog_file import read_catalog
from neuroroute.infrastructure.catalog_seeds import CatalogNotApplied, seed, seeds
from neuroroute.infrastructure.data import DATABASE
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.sql.audit_trail import AuditTrail
from neuroroute.infrastructure.sql.catalog import SqlCatalog
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.vault_keys import VaultKeys
from neuroroute.infrastructure.vault import MasterKeys

SEEDS = seeds()
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
def written(tmp_path):
    def write(text):
        path = tmp_path / "catalog.toml"
        path.write_text(text)
        return read_catalog(path)

    return write


def test_out_of_the_box_exactly_the_three_of_the_earlier_registry_are_enabled():
    assert [model.id for model in SEEDS.models if model.enabled] == ["local", "openai", "anthropic"]
    assert SEEDS.models[:3] == DEFAULTS.models
    assert SEEDS.providers[:3] == DEFAULTS.providers


def test_the_seeds_are_known_with_window_and_price():
    others = SEEDS.models[3:]
    assert len(others) > 200
    for model in others:
        assert model.id.startswith(f"{model.provider}:"), model.id
        assert model.context_window, model.id
        assert model.price, model.id
        assert 0 <= model.price.prompt <= 1000 * 10**9, model.id
        assert (model.price.completion > 0) == (model.embedding_space is None), model.id
        assert model.upstream, model.id


def test_a_known_price_and_window_is_among_them():
    model = SEEDS.model("openai:gpt-4o-mini")
    assert model.context_window == 128_000
    assert (model.price.prompt, model.price.completion, model.price.cached) == (150_000_000, 600_000_000, 75_000_000)


@pytest.mark.parametrize(
    ("model", "abilities"),
    [
        ("openai", {"tools", "images", "files", "json_schema"}),
        ("anthropic", {"tools", "images"}),
        ("local", set()),
        ("openai:gpt-4o-mini", {"tools", "images", "files", "json_schema"}),
        ("openai:gpt-4-turbo", {"tools"}),
        ("anthropic:claude-sonnet-4-5", {"tools", "images", "files", "json_schema"}),
        ("deepseek:deepseek-chat", {"tools"}),
        ("openai:text-embedding-3-small", set()),
    ],
)
def test_what_models_are_known_to_do(model, abilities):
    assert SEEDS.model(model).abilities == abilities


def test_each_model_that_makes_embeddings_has_a_space_of_its_own():
    embedders = [model for model in SEEDS.models if model.embedding_space]
    assert len(embedders) == len({model.embedding_space for model in embedders}) >= 7
    assert {model.provider for model in embedders} == {"openai", "google", "mistral"}
    assert all(not model.abilities and model.capabilities == ("embeddings",) for model in embedders)


def test_no_provider_knows_a_model_twice():
    upstreams = [(model.provider, model.upstream) for model in SEEDS.models[3:]]
    assert len(set(upstreams)) == len(upstreams)


def test_every_provider_is_reached_by_tls_and_named_by_its_variable():
    for provider in SEEDS.providers[3:]:
        assert provider.base_url.startswith("https://")
        assert provider.api_key_env.endswith("_API_KEY")


def test_the_licence_travels_with_them():
    assert "MIT License" in (DATABASE / "seeds" / "LICENSE-genai-prices").read_text()


@pytest.mark.anyio
async def test_an_empty_catalogue_is_seeded_once(written):
    store = MemoryCatalog(MemoryRevisions())
    await seed(store, None, by="startup")
    assert await store.known() == SEEDS
    await store.delete_model("local", by="admin")
    await seed(store, None, by="startup")
    assert (await store.known()).model("local") is None


@pytest.mark.anyio
async def test_a_file_adds_to_the_defaults_once_for_what_it_says(written):
    store = MemoryCatalog(MemoryRevisions())
    await seed(store, written(FILE), by="startup")
    assert [model.id for model in (await store.known()).models if model.enabled] == [
        "local", "openai", "anthropic", "llama",
    ]  # fmt: skip
    await store.delete_model("llama", by="admin")
    await seed(store, written("# the same\n" + FILE), by="startup")
    assert (await store.known()).model("llama") is None
    await seed(store, written(FILE.replace("8192", "4096")), by="startup")
    assert (await store.known()).model("llama").max_tokens == 4096


@pytest.mark.anyio
async def test_a_file_enables_a_known_model(written):
    store = MemoryCatalog(MemoryRevisions())
    text = '[[models]]\nid = "openai:gpt-4o-mini"\nprovider = "openai"\nupstream = "gpt-4o-mini"\nmax_tokens = 16384\n'
    await seed(store, written(text), by="startup")
    assert (await store.known()).model("openai:gpt-4o-mini").enabled


@pytest.mark.anyio
async def test_a_file_that_does_not_fit_changes_nothing_and_says_line_and_field(written):
    store = MemoryCatalog(MemoryRevisions())
    with pytest.raises(CatalogNotApplied, match=r"line 10, models\[0\].provider: model llama: its provider is nowhere"):
        await seed(store, written(FILE.replace('provider = "ollama"', 'provider = "olama"')), by="startup")
    assert await store.known() == SEEDS


@pytest.mark.anyio
async def test_what_is_there_already_is_not_seeded_over():
    store = MemoryCatalog(MemoryRevisions())
    mine = a_catalog(a_provider(), a_model())
    await store.apply(mine, prune=False, by="cli")
    await seed(store, None, by="startup")
    assert await store.known() == mine


@pytest.mark.anyio
async def test_eight_that_start_at_once_seed_once(database, written):
    masters = MasterKeys(Secret("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="))
    opened = [Database(Secret(database)) for _ in range(8)]
    stores = [SqlCatalog(one, audit=AuditTrail(VaultKeys(masters))) for one in opened]
    file = written(FILE)
    await asyncio.gather(*(seed(store, file, by="startup") for store in stores))
    known = await stores[0].known()
    assert [model.id for model in known.models] == [*(model.id for model in SEEDS.models), "llama"]
    for one in opened:
        await one.close()
