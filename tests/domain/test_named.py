"""Whom a caller means by the name of a model."""

import pytest
from catalogs import default_entries
from factories import ModelCardFactory

from neuroroute.domain.access import ANYONE, Caller
from neuroroute.domain.model import ModelId
from neuroroute.domain.routing import named

CARDS = default_entries().cards


def meant(name, *, cards=CARDS, caller=ANYONE):
    card = named(cards, name, caller)
    return card and card.id


@pytest.mark.parametrize("name", ["local", "openai", "anthropic"])
def test_a_catalogue_id_is_that_model(name):
    assert meant(name) == name


@pytest.mark.parametrize(("name", "model"), [("gpt-4o", "openai"), ("claude-3-sonnet-20240229", "anthropic")])
def test_a_providers_own_name_is_the_model_that_it_calls_so(name, model):
    assert meant(name) == model


@pytest.mark.parametrize("name", ["", "gpt-9", "GPT-4O", "claude-3-sonnet", "local-lmstudio"])
def test_anything_else_names_nobody(name):
    assert meant(name) is None


def test_an_id_comes_before_what_another_provider_calls_its_model():
    cards = [ModelCardFactory.build(id=ModelId("a"), upstream="b"), ModelCardFactory.build(id=ModelId("b"))]
    assert meant("b", cards=cards) == "b"
    assert meant("b", cards=cards, caller=Caller("key", models=frozenset({ModelId("a")}))) == "b"


def test_of_several_of_one_name_it_is_the_first_that_the_caller_may_ask():
    cards = [ModelCardFactory.build(id=ModelId(name), upstream="llama") for name in "abc"]
    assert meant("llama", cards=cards) == "a"
    assert meant("llama", cards=cards, caller=Caller("key", models=frozenset(map(ModelId, "cb")))) == "b"
    assert meant("llama", cards=cards, caller=Caller("key", models=frozenset({ModelId("z")}))) == "a"
