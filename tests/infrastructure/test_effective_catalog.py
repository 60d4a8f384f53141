"""What wins, and where each key may go."""

import pytest
from catalogs import PRICE, a_catalog, a_model, a_provider
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.access import Secret
from neuroroute.domain.credential import ProviderCredential, ProviderSettings, origin_of
from neuroroute.domain.model import Ability, Dialect, Price
from neuroroute.infrastructure.effective_catalog import NO_KEY, Environment, Override, effective_entries
from neuroroute.infrastructure.providers.reach import Reach

CATALOG = "https://acme.example/v1"
PROXY = "https://proxy.example/v1"
ELSEWHERE = "https://elsewhere.example/v1"
ACME = a_provider("acme", base_url=CATALOG, api_key_env="ACME_KEY")
CHEAP = Price(prompt=1, completion=2)


def of(*entries, credentials=(), settings=(), overrides=None, variables=None, forced=False):
    return effective_entries(
        a_catalog(*(entries or (ACME, a_model()))),
        credentials=credentials,
        settings=settings,
        environment=Environment(
            overrides=overrides or {},
            own_variables=dict.fromkeys(overrides or {}, "ACME_KEY"),
            variables=variables or {},
            forced=forced,
        ),
    )


def the(entries, name="acme"):
    return next(provider for provider in entries.providers if provider.name == name)


def kept(provider="acme", **fields):
    return ProviderSettings(id=1, provider=provider, **fields)


def stored(key="stored", provider="acme", origin=CATALOG, **fields):
    held = None if key is None else Secret(key)
    return ProviderCredential(
        id=1, provider=provider, key=held, origin=origin_of(origin), **{"is_active": True, **fields}
    )


def key_of(*args, **said):
    key = the(of(*args, **said)).api_key
    return key and key.reveal()


def test_only_enabled_models_and_those_who_serve_them_are_there():
    entries = of(
        ACME, a_provider("idle"), a_model("a"), a_model("b", enabled=False), a_model("c", "idle", enabled=False)
    )
    assert [card.id for card in entries.cards] == ["a"]
    assert [provider.name for provider in entries.providers] == ["acme"]


def test_a_model_whose_provider_is_not_there_yet_is_left_out():
    assert of(a_model()).cards == ()


def test_keys_lowest_first_are_the_environments_the_stored_one_and_the_simulations():
    env = {"overrides": {"acme": Override(api_key=Secret("env"))}}
    assert key_of(**env) == "env"
    assert key_of(**env, credentials=[stored()]) == "stored"
    assert key_of(**env, credentials=[stored()], forced=True) == "env"
    assert key_of(variables={"ACME_KEY": " named "}) == "named"


@pytest.mark.parametrize(
    "credential",
    [stored(None), stored(is_active=False), stored(origin=ELSEWHERE), stored("no header\r\n can carry it")],
)
def test_a_stored_key_that_is_not_used_leaves_it_to_the_environment(credential):
    assert key_of(credentials=[credential], variables={"ACME_KEY": "env"}) == "env"
    entry = the(of(credentials=[credential]))
    assert not entry.askable
    assert entry.obstacle.startswith(NO_KEY)
    assert "no header" not in entry.obstacle


def test_a_provider_without_a_key_is_told_in_the_earlier_services_words():
    assert the(of()).obstacle == NO_KEY
    assert (
        the(of(variables={"ACME_KEY": "a b"})).obstacle
        == f"{NO_KEY}: ACME_KEY holds a space, a line break or a character beyond ASCII"
    )


def test_addresses_lowest_first_are_the_catalogues_the_environments_the_stored_one_and_the_simulations():
    env = {"overrides": {"acme": Override(base_url=PROXY)}}
    assert the(of()).base_url == CATALOG
    assert the(of(**env)).base_url == PROXY
    assert the(of(**env, settings=[kept(api_base=ELSEWHERE)])).base_url == ELSEWHERE
    assert the(of(**env, settings=[kept(api_base=ELSEWHERE)], forced=True)).base_url == PROXY


def test_only_an_address_that_came_in_over_http_is_guarded():
    near, far = a_provider("acme", trusted=False, local=True), a_provider("acme", trusted=False)
    env = {"overrides": {"acme": Override(base_url=PROXY)}}
    assert the(of()).reach is Reach.ANYWHERE
    assert the(of(far, a_model())).reach is Reach.PUBLIC
    assert the(of(near, a_model())).reach is Reach.NEARBY
    assert the(of(far, a_model(), **env)).reach is Reach.ANYWHERE
    assert the(of(settings=[kept(api_base=ELSEWHERE)])).reach is Reach.PUBLIC
    assert the(of(**env, settings=[kept(api_base=ELSEWHERE)])).reach is Reach.PUBLIC
    assert the(of(**env, settings=[kept(api_base=ELSEWHERE)], forced=True)).reach is Reach.ANYWHERE


def test_a_stored_key_follows_the_environments_address_which_is_the_operators_word():
    entry = the(of(credentials=[stored()], overrides={"acme": Override(base_url=PROXY)}))
    assert (entry.base_url, entry.api_key) == (PROXY, Secret("stored"))


def test_a_stored_key_waits_while_the_stored_address_is_another():
    said = {"credentials": [stored()], "settings": [kept(api_base=ELSEWHERE)]}
    assert "enter it again" in the(of(**said)).obstacle
    assert key_of(credentials=[stored(origin=ELSEWHERE)], settings=said["settings"]) == "stored"
    assert key_of(credentials=[stored()], settings=[kept(api_base="https://ACME.example:443/v2")]) == "stored"


def test_an_environments_key_does_not_go_to_an_address_that_came_in_over_http():
    for said in ({"overrides": {"acme": Override(api_key=Secret("env"))}}, {"variables": {"ACME_KEY": "env"}}):
        entry = the(of(**said, settings=[kept(api_base=ELSEWHERE)]))
        assert entry.api_key is None
        assert "POST /api-keys/" in entry.obstacle
        assert key_of(**said, settings=[kept(api_base="https://acme.example/v2")]) == "env"


URLS = st.sampled_from([CATALOG, PROXY, ELSEWHERE, "https://acme.example/v2", "http://acme.example/v1", "nonsense"])
MAYBE = st.none() | URLS.filter(lambda url: url != "nonsense")


@given(
    base=URLS.filter(lambda url: url != "nonsense"),
    trusted=st.booleans(),
    local=st.booleans(),
    api_base=st.none() | URLS,
    bound=URLS,
    active=st.booleans(),
    env_base=MAYBE,
    env_key=st.booleans(),
    forced=st.booleans(),
)
def test_no_key_goes_where_it_may_not(base, trusted, local, api_base, bound, active, env_base, env_key, forced):
    provider = a_provider("acme", base_url=base, trusted=trusted, local=local, api_key_env="ACME_KEY")
    override = Override(base_url=env_base, api_key=Secret("env") if env_key else None)
    entry = the(
        of(
            provider,
            a_model(),
            credentials=[stored(origin=bound, is_active=active)],
            settings=[kept(api_base=api_base)],
            overrides={"acme": override},
            forced=forced,
        )
    )
    operators = {origin_of(env_base)} if env_base else set()
    if entry.api_key == Secret("stored"):
        assert active
        assert not forced
        assert origin_of(entry.base_url) in {origin_of(bound)} | operators
    elif entry.api_key is not None:
        assert origin_of(entry.base_url) in operators | ({origin_of(base)} if trusted else set())
    if entry.reach is Reach.ANYWHERE:
        assert entry.base_url in {env_base} | ({base} if trusted else set())
    assert entry.askable == (local or entry.api_key is not None)


def test_a_stored_name_is_that_of_the_first_enabled_model():
    models = (a_model("off", enabled=False), a_model("a"), a_model("b"))
    entries = of(ACME, *models, settings=[kept(model="other")])
    assert [card.upstream for card in entries.cards] == ["other", "b-2026"]
    assert [card.name for card in entries.cards] == ["The a", "The b"]


def test_the_environments_name_is_for_the_model_of_its_providers_name():
    said = {"overrides": {"acme": Override(model="named")}}
    assert [card.upstream for card in of(ACME, a_model("acme"), a_model("b"), **said).cards] == ["named", "b-2026"]
    assert of(ACME, a_model("b"), **said).cards[0].upstream == "b-2026"
    both = of(ACME, a_model("acme"), **said, settings=[kept(model="kept")])
    assert both.cards[0].upstream == "kept"
    simulated = of(ACME, a_model("acme"), **said, settings=[kept(model="kept")], forced=True)
    assert simulated.cards[0].upstream == "named"


def test_a_renamed_model_has_the_price_and_window_that_are_known_of_the_name_at_that_provider():
    known = a_model(
        "known", upstream="other", price=CHEAP, context_window=7, abilities=frozenset(Ability), enabled=False
    )
    elsewhere = a_model("x", "far", upstream="other", price=PRICE, enabled=False)
    entries = of(ACME, a_provider("far"), elsewhere, a_model(), known, settings=[kept(model="other")])
    assert (entries.cards[0].price, entries.cards[0].context_window) == (CHEAP, 7)
    assert entries.cards[0].abilities == frozenset(Ability)


def test_a_renamed_model_of_which_nothing_is_known_is_unpriced_and_a_local_one_keeps_its_price():
    assert of(settings=[kept(model="other")]).cards[0].price is None
    near = a_provider("acme", local=True)
    assert of(near, a_model(), settings=[kept(model="other")]).cards[0].price == PRICE


def test_local_is_another_name_of_lmstudio_unless_something_is_called_so():
    studio = a_provider("lmstudio", local=True)
    said = {
        "settings": [kept("local", api_base=ELSEWHERE)],
        "credentials": [stored(provider="local", origin=ELSEWHERE)],
    }
    entry = the(of(studio, a_model("local", "lmstudio"), **said), "lmstudio")
    assert (entry.base_url, entry.api_key) == (ELSEWHERE, Secret("stored"))
    own = [*said["settings"], kept("lmstudio", api_base=PROXY)]
    assert the(of(studio, a_model("local", "lmstudio"), settings=own), "lmstudio").base_url == PROXY
    both = of(studio, a_provider("local"), a_model("local", "lmstudio"), a_model("m", "local"), **said)
    assert the(both, "lmstudio").base_url == studio.base_url
    assert the(both, "local").base_url == ELSEWHERE


def test_what_is_stored_and_could_not_be_sent_is_as_if_it_were_not_there():
    entry = the(of(settings=[kept(api_base="ftp://x", organization="a\r\nb", model="")]))
    assert (entry.base_url, entry.organization, entry.reach) == (CATALOG, None, Reach.ANYWHERE)
    assert the(of(settings=[kept(organization="org-1 x")])).organization == "org-1 x"


def test_simulated_providers_are_those_of_the_environment_and_no_others():
    entries = of(
        ACME,
        a_provider("far", api_key_env="FAR_KEY"),
        a_model(),
        a_model("f", "far"),
        overrides={"acme": Override(base_url=PROXY, api_key=Secret("simulated"))},
        credentials=[stored(), stored("kept", "far", "https://far.example/v1")],
        forced=True,
    )
    assert the(entries).api_key == Secret("simulated")
    assert the(entries, "far").api_key == Secret("kept")


def test_a_catalogue_that_names_another_variable_means_that_one():
    other = a_provider("acme", base_url=CATALOG, api_key_env="OTHER_KEY")
    said = {"overrides": {"acme": Override(api_key=Secret("env"))}}
    assert key_of(other, a_model(), **said) is None
    assert key_of(other, a_model(), **said, variables={"OTHER_KEY": "other"}) == "other"


def test_the_version_follows_what_is_served_and_no_key():
    versions = {
        of().version,
        of(variables={"ACME_KEY": "a"}).version,
        of(settings=[kept(api_base=ELSEWHERE)]).version,
        of(settings=[kept(model="x")]).version,
        of(ACME, a_model(), a_model("b")).version,
        of(ACME, a_model(price=None)).version,
    }
    assert len(versions) == 6
    assert of(variables={"ACME_KEY": "a"}).version == of(variables={"ACME_KEY": "b"}).version


def test_no_key_is_printed():
    said = {"overrides": {"acme": Override(api_key=Secret("sk-canary"))}, "variables": {"ACME_KEY": "sk-canary"}}
    environment = Environment(own_variables={}, forced=False, **said)
    assert "canary" not in repr(environment) + repr(of(**said)) + repr(of(variables=said["variables"]))


def test_an_anthropic_provider_needs_no_more_than_its_entry():
    entries = of(a_provider("acme", dialect=Dialect.ANTHROPIC, local=True), a_model())
    assert entries.cards[0].dialect is Dialect.ANTHROPIC
