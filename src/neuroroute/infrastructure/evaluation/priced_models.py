"""The models of an evaluation, and what each is said to cost: from a list, from the data, or from a catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from msgspec import Meta, Struct

from neuroroute.domain.forecast import ANSWER_TOKENS
from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName
from neuroroute.infrastructure.catalog_file import read_catalog
from neuroroute.infrastructure.evaluation.frontier import Numbers
from neuroroute.infrastructure.evaluation.json_lines import DataRefused, read_list, shown
from neuroroute.infrastructure.evaluation.outcomes import Example, Name

CHARACTERS_A_TOKEN: Final = 4
_MILLION: Final = 1_000_000
_NANO: Final = 10**9

Usd = Annotated[float, Meta(ge=0, le=_MILLION, description="dollars, 0 to 1,000,000")]


class PricedModel(Struct, frozen=True):
    """An entry of a list of models. Other fields of an entry are passed over."""

    id: Name
    input_usd_per_million: Usd
    output_usd_per_million: Usd


def read_models(path: Path) -> Sequence[ModelCard]:
    """At least one card, in the order of the list.

    Raises:
        DataRefused: the list does not hold, is empty, or has an id twice.
    """
    lines = dict[str, int]()
    cards = list[ModelCard]()
    for line, model in read_list(path, PricedModel):
        if model.id in lines:
            problem = f"{shown(model.id)} is that of line {lines[model.id]} too. Each model is listed once."
            raise DataRefused(path, problem, line=line, field="id")
        lines[model.id] = line
        cards.append(priced(model.id, model.input_usd_per_million, model.output_usd_per_million))
    if not cards:
        problem = 'names no model. Allowed: a list of {"id", "input_usd_per_million", "output_usd_per_million"}.'
        raise DataRefused(path, problem)
    return cards


def priced_by_data(examples: Sequence[Example]) -> Sequence[ModelCard]:
    """The models of at least one example at the prices that fit what they cost best: by the prompt's characters, and
    by the answer, which is taken to have `ANSWER_TOKENS`.
    """
    tokens = np.array([len(example.prompt) / CHARACTERS_A_TOKEN for example in examples])
    return [
        _fitted(name, tokens, np.array([one.outcomes[name].cost_usd for one in examples]))
        for name in examples[0].outcomes
    ]


def priced_by_catalog(path: Path, names: Iterable[str]) -> Sequence[ModelCard]:
    """The models called `names` at a catalogue file's prices: an entry is found by its id, or else its upstream name.

    Raises:
        NeuroRouteError: the file does not hold, or a model is not in it or has no price there.
    """
    models = read_catalog(path).catalog.models
    found: Mapping[str, Price | None] = {
        **{one.upstream: one.price for one in models if one.upstream is not None},
        **{one.id: one.price for one in models},
    }
    for name in names:
        if found.get(name) is None:
            problem = f"has {'no price for' if name in found else 'no'} {shown(name)}, which the data have. Add it."
            raise DataRefused(path, problem, field="models")
    return [_priced(name, price) for name in names if (price := found[name])]


def priced(name: str, prompt_usd: float, completion_usd: float) -> ModelCard:
    """A card of nothing but a name and prices, in dollars per million tokens."""
    return _priced(name, Price(prompt=round(prompt_usd * _NANO), completion=round(completion_usd * _NANO)))


def _fitted(name: str, tokens: Numbers, cost: Numbers) -> ModelCard:
    """By least squares; no price is negative."""
    spread = tokens - tokens.mean()
    a_token = float(spread @ cost / (spread @ spread)) if spread.any() else 0.0
    an_answer = float(cost.mean() - a_token * tokens.mean())
    if a_token < 0:
        a_token, an_answer = 0.0, float(cost.mean())
    elif an_answer < 0:
        a_token, an_answer = float(tokens @ cost / (tokens @ tokens)), 0.0
    return priced(name, a_token * _MILLION, an_answer / ANSWER_TOKENS * _MILLION)


def _priced(name: str, price: Price) -> ModelCard:
    return ModelCard(
        id=ModelId(name),
        name=name,
        provider=ProviderName("data"),
        dialect=Dialect.OPENAI,
        upstream=None,
        capabilities=(),
        max_tokens=ANSWER_TOKENS,
        avg_latency_ms=0,
        price=price,
    )
