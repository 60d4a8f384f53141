"""What a change of the catalogue does, and what it may not do."""

import pytest
from catalogs import a_catalog, a_model, a_provider
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.catalog import Catalog
from neuroroute.domain.catalog_plan import (
    AddressRefused,
    CatalogMisfit,
    FieldChange,
    ProviderInUse,
    delete_model,
    delete_provider,
    misfits,
    plan,
    put_model,
    put_provider,
)
from neuroroute.domain.errors import NotStored
from neuroroute.domain.model import Dialect

STORED = a_catalog(
    a_provider("acme", api_key_env="ACME_KEY"),
    a_provider("home", local=True, base_url="http://localhost:1/v1"),
    a_model("a"),
    a_model("b", enabled=False),
    a_model("c", "home", upstream=None),
)

NAMES = st.sampled_from("pqr")
PROVIDERS = st.builds(a_provider, NAMES, max_connections=st.integers(1, 3))
MODELS = st.builds(a_model, st.sampled_from("abcdef"), NAMES, enabled=st.booleans(), max_tokens=st.integers(1, 3))


@st.composite
def catalogs(draw) -> Catalog:
    providers = draw(st.lists(PROVIDERS, unique_by=lambda one: one.name, min_size=1))
    served = {provider.name for provider in providers}
    models = draw(st.lists(MODELS, unique_by=lambda one: one.id))
    return a_catalog(*providers, *(model for model in models if model.provider in served))


def words(done):
    return [(change.word, change.name) for change in done.changes]


@given(catalogs(), catalogs())
def test_what_is_named_is_so_afterwards_and_the_rest_is_as_it_was(current, wanted):
    result = plan(current, wanted, prune=False).result
    for model in (*current.models, *wanted.models):
        assert result.model(model.id) == (wanted.model(model.id) or current.model(model.id))
    for provider in (*current.providers, *wanted.providers):
        assert result.provider(provider.name) == (wanted.provider(provider.name) or current.provider(provider.name))
    assert [model.id for model in result.models][: len(current.models)] == [model.id for model in current.models]


@given(catalogs(), catalogs(), st.booleans())
def test_a_plan_that_was_carried_out_has_nothing_left_to_do(current, wanted, prune):
    done = plan(current, wanted, prune=prune)
    assert plan(done.result, wanted, prune=prune).changes == ()
    assert not list(misfits(done.result))


@given(catalogs(), catalogs())
def test_pruning_leaves_no_enabled_model_that_is_not_named_and_every_other_model(current, wanted):
    result = plan(current, wanted, prune=True).result
    named = {model.id for model in wanted.models}
    assert all(model.id in named for model in result.models if model.enabled)
    assert {model.id for model in current.models if not model.enabled} <= {model.id for model in result.models}
    assert {provider.name for provider in wanted.providers} <= {provider.name for provider in result.providers}


@given(catalogs(), catalogs(), st.booleans())
def test_the_changes_lead_from_what_was_to_what_is(current, wanted, prune):
    done = plan(current, wanted, prune=prune)
    held = {provider.name: provider for provider in current.providers} | {model.id: model for model in current.models}
    for change in done.changes:
        assert held.pop(change.name, None) == change.before
        if change.after is not None:
            held[change.name] = change.after
    assert held == {one.name: one for one in done.result.providers} | {one.id: one for one in done.result.models}


def test_a_change_says_each_field_that_differs():
    done = plan(STORED, a_catalog(a_model("a", max_tokens=1, enabled=False)), prune=False)
    assert words(done) == [("changed", "a")]
    assert done.changes[0].fields == (FieldChange("max_tokens", 4096, 1), FieldChange("enabled", True, False))


UNSAID = {"model a": ("capabilities", "price"), "provider acme": ("api_key_env",)}


def written(*models, providers=()):
    return Catalog(providers, models, UNSAID)


def test_what_is_not_said_of_a_known_model_stays_as_it_is():
    said = replace(STORED.model("a"), price=None, capabilities=("basic_chat",), max_tokens=1)
    done = plan(STORED, written(said), prune=False)
    assert done.result.model("a") == replace(STORED.model("a"), max_tokens=1)


def test_what_is_not_said_is_forgotten_by_pruning():
    said = replace(STORED.model("a"), price=None)
    assert plan(STORED, written(said), prune=True).result.model("a") == said


@pytest.mark.parametrize("other", [{"upstream": "another"}, {"provider": "home"}])
def test_nothing_stays_of_a_model_that_has_become_another(other):
    said = replace(STORED.model("a"), price=None, **other)
    assert plan(STORED, written(said), prune=False).result.model("a") == said


@pytest.mark.parametrize(
    ("base_url", "stays"), [("https://acme.example/v2", True), ("https://other.example/v1", False)]
)
def test_an_environments_key_stays_with_a_provider_only_at_its_origin(base_url, stays):
    acme = replace(STORED.provider("acme"), api_key_env="ACME_KEY", base_url="https://acme.example/v1")
    current = plan(STORED, Catalog((acme,)), prune=False).result
    said = replace(acme, api_key_env=None, base_url=base_url)
    done = plan(current, written(providers=(said,)), prune=False)
    assert done.result.provider("acme").api_key_env == ("ACME_KEY" if stays else None)


def test_pruning_takes_a_provider_with_its_last_model_and_no_other():
    done = plan(STORED, a_catalog(a_model("a")), prune=True)
    assert words(done) == [("removed", "home"), ("removed", "c")]
    assert words(plan(STORED, a_catalog(a_model("c", "home", upstream=None)), prune=True)) == [("removed", "a")]


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (a_model("x", "akme"), "provider"),
        (a_model("x", "acme", upstream=None), "upstream"),
    ],
)
def test_what_does_not_fit_is_told_by_its_field_and_changes_nothing(model, field):
    with pytest.raises(CatalogMisfit) as caught:
        plan(STORED, a_catalog(model), prune=False)
    assert [(misfit.name, misfit.field) for misfit in caught.value.misfits] == [("x", field)]
    assert "model x:" in str(caught.value)


def test_the_nearest_provider_is_told():
    with pytest.raises(CatalogMisfit, match="The nearest is acme"):
        put_model(STORED, a_model("x", "akme"))


def test_a_provider_cannot_become_one_that_its_models_do_not_fit():
    home = STORED.provider("home")
    for changed in (replace(home, local=False), replace(home, dialect=Dialect.ANTHROPIC)):
        with pytest.raises(CatalogMisfit, match="model c: has no upstream"):
            put_provider(STORED, changed)


def test_a_provider_that_came_in_over_http_is_not_trusted():
    done = put_provider(STORED, a_provider("new", trusted=True))
    assert done.result.provider("new").trusted is False


@pytest.mark.parametrize(
    ("base_url", "trusted"),
    [
        ("https://acme.example/v1", True),
        ("https://ACME.example:443/v2", True),
        ("https://acme.example:444/v1", False),
        ("http://acme.example/v1", False),
        ("https://acme.example.evil.test/v1", False),
    ],
)
def test_trust_stays_with_the_origin(base_url, trusted):
    told = a_provider("acme", base_url=base_url)
    assert put_provider(STORED, told).result.provider("acme").trusted is trusted
    with_key = replace(told, api_key_env="ACME_KEY")
    if trusted:
        assert put_provider(STORED, with_key).result.provider("acme").api_key_env == "ACME_KEY"
    else:
        with pytest.raises(AddressRefused, match="neuroroute catalog apply"):
            put_provider(STORED, with_key)


def test_trust_that_was_lost_does_not_come_back():
    away = put_provider(STORED, a_provider("acme", base_url="https://elsewhere.test")).result
    back = put_provider(away, a_provider("acme", base_url="https://acme.example/v1")).result.provider("acme")
    assert back.trusted is False


@pytest.mark.parametrize("variable", ["DATABASE_URL", "AWS_SECRET_ACCESS_KEY"])
def test_no_variable_is_named_over_http(variable):
    for provider in (a_provider("acme", api_key_env=variable), a_provider("new", api_key_env=variable)):
        with pytest.raises(AddressRefused):
            put_provider(STORED, provider)


def test_a_provider_goes_only_after_its_models():
    with pytest.raises(ProviderInUse, match="serves a, b:"):
        delete_provider(STORED, "acme")
    without = delete_model(delete_model(STORED, "a").result, "b").result
    assert delete_provider(without, "acme").result.provider("acme") is None


def test_what_is_not_there_cannot_be_deleted():
    for step in (delete_model, delete_provider):
        with pytest.raises(NotStored):
            step(STORED, "nothing")
