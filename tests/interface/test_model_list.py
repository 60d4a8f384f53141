"""`GET /v1/models`, read by the clients of two makers."""

import anthropic
import openai
import pytest
from anthropic import Anthropic
from interface.keys import make_key
from openai import OpenAI

NAMED = "meta/llama-3:70b"
"""What a provider calls a model: in a path it has a slash and a colon."""
ANTHROPICS = {"anthropic-version": "2023-06-01"}


@pytest.fixture(scope="module")
def known(service, admin):
    """The id of a model that its provider calls `NAMED`."""
    fields = {"provider": "lmstudio", "max_tokens": 100, "context_window": 8000, "upstream": NAMED}
    price = {"prompt": "0.5", "completion": "1.25"}
    answer = admin.put("/admin/models/extra:one", json={**fields, "name": "The extra one", "price": price})
    assert answer.status_code == 200, answer.text
    yield "extra:one"
    admin.delete("/admin/models/extra:one")


def of_openai(service, key="unused"):
    return OpenAI(base_url=f"{service.url}/v1", api_key=key, max_retries=0)


def of_anthropic(service, key="unused"):
    return Anthropic(base_url=service.url, api_key=key, max_retries=0)


def test_openais_client_lists_and_finds_them(service, known):
    with of_openai(service) as client:
        listed = {model.id: model for model in client.models.list()}
        assert list(listed) == ["local", "openai", "anthropic", known]
        for name, model in listed.items():
            assert client.models.retrieve(name) == model
        assert (model.object, model.owned_by, model.created) == ("model", "lmstudio", 0)


def test_so_does_anthropics(service, known):
    with of_anthropic(service) as client:
        listed = {model.id: model for model in client.models.list()}
        assert list(listed) == ["local", "openai", "anthropic", known]
        for name, model in listed.items():
            assert client.models.retrieve(name) == model
        assert (model.type, model.display_name, model.max_input_tokens) == ("model", "The extra one", 8000)
        assert (model.lifecycle, model.max_tokens, model.created_at.year) == ("active", 100, 1970)


def test_a_page_is_all_there_is(client, known):
    page = client.get("/v1/models").json()
    assert (page["object"], page["has_more"]) == ("list", False)
    assert (page["first_id"], page["last_id"]) == ("local", known)


def test_a_model_says_what_the_choice_goes_by(client, known):
    assert client.get(f"/v1/models/{known}").json() == {
        "id": known,
        "object": "model",
        "type": "model",
        "owned_by": "lmstudio",
        "created": 0,
        "created_at": "1970-01-01T00:00:00Z",
        "display_name": "The extra one",
        "lifecycle": "active",
        "context_window": 8000,
        "max_input_tokens": 8000,
        "max_tokens": 100,
        "abilities": [],
        "embedding_space": None,
        "price": {"prompt": "0.5", "completion": "1.25", "cached": None, "cache_write": None},
    }


def test_it_is_found_by_what_its_provider_calls_it_too(service, client, known):
    assert client.get(f"/v1/models/{NAMED}").json()["id"] == known
    with of_openai(service) as openais, of_anthropic(service) as anthropics:
        assert openais.models.retrieve(NAMED).id == anthropics.models.retrieve(NAMED).id == known


@pytest.mark.parametrize("name", ["nobody", "no/body:1", "auto", "%20"])
def test_one_that_is_not_there_is_told_in_the_language_of_the_client(service, client, name):
    ours, theirs = client.get(f"/v1/models/{name}"), client.get(f"/v1/models/{name}", headers=ANTHROPICS)
    assert (ours.status_code, ours.json()["error"]["code"]) == (404, "model_not_found")
    assert (theirs.status_code, theirs.json()["type"]) == (404, "error")
    assert theirs.json()["error"]["type"] == "not_found_error"


def test_both_clients_know_that_error(service):
    with of_openai(service) as client, pytest.raises(openai.NotFoundError, match="nobody"):
        client.models.retrieve("nobody")
    with of_anthropic(service) as client, pytest.raises(anthropic.NotFoundError, match="nobody"):
        client.models.retrieve("nobody")


def test_a_key_sees_those_that_it_may_ask(keyed):
    key = make_key(keyed, models=["openai"])["key"]
    with of_openai(keyed, key) as client:
        assert [model.id for model in client.models.list()] == ["openai"]
        with pytest.raises(openai.PermissionDeniedError):
            client.models.retrieve("anthropic")
    with of_anthropic(keyed, key) as client:
        assert [model.id for model in client.models.list()] == ["openai"]
        with pytest.raises(anthropic.PermissionDeniedError):
            client.models.retrieve("anthropic")


def test_without_a_key_both_are_told_so(keyed):
    with of_openai(keyed) as client, pytest.raises(openai.AuthenticationError):
        client.models.list()
    with of_anthropic(keyed) as client, pytest.raises(anthropic.AuthenticationError):
        client.models.list()
