"""Everything that the container wires can be built, however it is configured, and building it touches nothing."""

import sys
from contextlib import contextmanager
from itertools import product

import pytest
from catalogs import a_catalog, a_model, a_provider
from dependency_injector import providers

from neuroroute.application.ports import (
    Classifier,
    Conversations,
    HealthBoard,
    ModelCatalog,
    Observer,
    Provider,
    ResourceMeter,
    ResponseCache,
)
from neuroroute.asgi import create_app
from neuroroute.container import Container
from neuroroute.domain.routing import RoutingPolicy
from neuroroute.infrastructure.memory.cache import MemoryCache, NoCache
from neuroroute.infrastructure.redis.cache import RedisCache
from neuroroute.settings import Settings

CACHES = {
    "no cache": ({"NEUROROUTE_CACHE": "off"}, NoCache),
    "no cache though there is a Redis": ({"NEUROROUTE_CACHE": "off", "REDIS_URL": "redis://127.0.0.1:1/0"}, NoCache),
    "memory": ({}, MemoryCache),
    "Redis by url": ({"REDIS_URL": "redis://127.0.0.1:1/0"}, RedisCache),
    "Redis by parts": ({"REDIS_ENABLED": "true", "REDIS_HOST": "redis.invalid", "REDIS__PASSWORD": "pass"}, RedisCache),
}
ACCESS = {"open": {"NEUROROUTE_AUTH": "open"}, "keys": {"NEUROROUTE_AUTH": "keys", "HOST": "0.0.0.0"}}
KEYS = {
    "no keys": {},
    "keys of providers": {"OPENAI_API_KEY": "sk-test-openai", "ANTHROPIC_API_KEY": "sk-ant-test"},
}
CATALOGS = {"own models": None, "a catalogue": "catalog.toml"}
CATALOG = """
[[providers]]
name = "ollama"
dialect = "openai"
base_url = "http://ollama.invalid:11434/v1"
local = true

[[providers]]
name = "groq"
dialect = "openai"
base_url = "https://groq.invalid/openai/v1"
api_key_env = "GROQ_API_KEY"

[[models]]
id = "llama"
provider = "ollama"
max_tokens = 8192

[[models]]
id = "llama-70b"
provider = "groq"
upstream = "llama-3.3-70b"
max_tokens = 32768
"""
MASTER_KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
PRODUCTION = {"ENVIRONMENT": "production"}
CONFIGURATIONS = list(product(CACHES, ACCESS, KEYS, CATALOGS, ({}, PRODUCTION)))

_OUTSIDE = (
    "socket.", "subprocess.", "os.mkdir", "os.remove", "os.rename", "os.link", "sqlite3.", "_thread.start_new_thread",
)  # fmt: skip
_touched: list[str] | None = None


def _listen(event, args):
    """Audit hooks stay for ever; this one is deaf but while `untouched` runs."""
    if _touched is None:
        return
    if event.startswith(_OUTSIDE) or (event == "open" and isinstance(args[1], str) and not args[1].startswith("r")):
        _touched.append(f"{event} {args}")


sys.addaudithook(_listen)


@contextmanager
def untouched():
    """Fails when something outside is touched within: the network, another process or thread, a file to write."""
    global _touched  # noqa: PLW0603 - the hook cannot be given a place of its own
    _touched = []
    try:
        yield
        assert _touched == []
    finally:
        _touched = None


@pytest.fixture
def environ(tmp_path):
    """What would otherwise be made and kept in the home folder is given."""
    return {
        "NEUROROUTE_HOME": str(tmp_path / "home"),
        "NEUROROUTE_ADMIN_KEY": "a-long-enough-admin-key",
        "NEUROROUTE_MASTER_KEY": MASTER_KEY,
        "DATABASE_URL": f"sqlite:///{tmp_path}/database.sqlite3",
    }


def wired(environ):
    return Container(settings=providers.Object(Settings.from_env(environ)), environ=providers.Object(dict(environ)))


def built(container):
    """What every provider makes, by name."""
    return {name: provider() for name, provider in container.providers.items()}


def is_a(port, adapter):
    return port in type(adapter).__mro__


@pytest.mark.parametrize(
    ("cache", "access", "keys", "catalog", "profile"),
    CONFIGURATIONS,
    ids=lambda part: part if isinstance(part, str) else ("production" if part else "development"),
)
def test_everything_is_built_in_every_configuration_and_touches_nothing(
    cache, access, keys, catalog, profile, environ, tmp_path
):
    environ |= CACHES[cache][0] | ACCESS[access] | KEYS[keys] | profile
    if file := CATALOGS[catalog]:
        (tmp_path / file).write_text(CATALOG)
        environ |= {"NEUROROUTE_CATALOG": str(tmp_path / file), "GROQ_API_KEY": "gsk-test"}
    with untouched():
        container = wired(environ)
        everything = built(container)
        app = create_app(container)
    assert callable(app)
    assert isinstance(everything["cache"], CACHES[cache][1])
    for name, port in (
        ("catalog", ModelCatalog), ("conversations", Conversations), ("cache", ResponseCache),
        ("health_board", HealthBoard), ("meter", ResourceMeter), ("metrics", Observer),
    ):  # fmt: skip
        assert is_a(port, everything[name]), name
    for approach in everything["approaches"].values():
        assert is_a(Classifier, approach.classifier)
        assert is_a(RoutingPolicy, approach.policy)
    assert all(is_a(Observer, observer) for observer in everything["records"]._observers)
    assert not (tmp_path / "home").exists()


@pytest.mark.anyio
@pytest.mark.parametrize("catalog", CATALOGS)
@pytest.mark.parametrize("keys", KEYS)
async def test_the_catalogue_is_that_of_the_defaults_the_file_and_the_environment(keys, catalog, environ, tmp_path):
    environ |= KEYS[keys]
    if file := CATALOGS[catalog]:
        (tmp_path / file).write_text(CATALOG)
        environ |= {"NEUROROUTE_CATALOG": str(tmp_path / file), "GROQ_API_KEY": "gsk-test"}
    container = wired(environ)
    live = container.catalog()
    assert live.cards() == ()
    try:
        await container.follow_state().refresh()
        cards = {card.id for card in live.cards()}
        assert ("openai" in cards) == ("anthropic" in cards) == (keys != "no keys")
        assert ("llama" in cards) == ("llama-70b" in cards) == (catalog != "own models")
        assert {card.provider for card in live.cards()} <= live.providers().keys()
        assert all(is_a(Provider, provider) for provider in live.providers().values())
    finally:
        await live.close()
        await container.database().close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("variable", "sent"),
    [("NEUROROUTE_MASTER_KEY", False), ("NEUROROUTE_ADMIN_KEY", False), ("DATABASE_URL", False),
     ("OPENAI_API_KEY", True), ("ELSEWHERE_KEY", True)],
)  # fmt: skip
async def test_our_own_settings_are_no_providers_key_whatever_the_database_says(variable, sent, environ):
    environ |= {"OPENAI_API_KEY": "sk-test-openai", "ELSEWHERE_KEY": "sk-elsewhere"}
    container = wired(environ)
    try:
        await container.preparation()()
        wanted = a_catalog(a_provider("elsewhere", api_key_env=variable, trusted=True), a_model("m", "elsewhere"))
        await container.catalog_store().apply(wanted, prune=False, by="whoever writes to the database")
        await container.catalog().load()
        (entry,) = (one for one in container.catalog().entries.providers if one.name == "elsewhere")
        assert (entry.api_key is not None) is sent
        assert (environ[variable] == (entry.api_key and entry.api_key.reveal())) is sent
    finally:
        await container.catalog().close()
        await container.database().close()


def test_everything_is_made_once_and_two_containers_share_nothing(environ):
    one, other = wired(environ), wired(environ)
    for name in ("cache", "health_board", "catalog", "route_prompt", "metrics", "meter", "database", "guard"):
        assert one.providers[name]() is one.providers[name]()
        assert one.providers[name]() is not other.providers[name]()


def test_the_router_and_the_endpoints_know_the_same_health(environ):
    container = wired(environ)
    board = container.health_board()
    assert container.route_prompt()._health is board
    assert container.probe_models()._health is board


def test_a_replaced_adapter_is_used_by_all(environ):
    container = wired(environ)
    cache = NoCache()
    container.cache.override(providers.Object(cache))
    assert container.route_prompt()._cache is cache


def test_without_an_admin_key_one_is_made_and_kept(environ, tmp_path):
    del environ["NEUROROUTE_ADMIN_KEY"]
    key = wired(environ).admin_key()
    assert len(key.reveal()) >= 32
    assert wired(environ).admin_key() == key
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["admin_key"]


@pytest.mark.parametrize(("unset", "made"), [("NEUROROUTE_MASTER_KEY", "master_key"), ("DATABASE_URL", None)])
def test_without_a_master_key_or_a_database_the_home_folder_has_them(unset, made, environ, tmp_path):
    del environ[unset]
    container = wired(environ)
    container.vault_keys()
    if made is None:
        assert container.database_url().reveal() == f"sqlite:///{tmp_path}/home/neuroroute.sqlite3"
    else:
        assert [file.name for file in (tmp_path / "home").iterdir()] == [made]


def test_the_check_sees_what_is_touched(tmp_path):
    with pytest.raises(AssertionError), untouched():
        (tmp_path / "file").write_text("x")
