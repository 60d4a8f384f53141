"""How a model is chosen: from those that may be asked, by the caller's word, by what is required, or by the policy."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from neuroroute.domain.access import Caller
from neuroroute.domain.classification import Reading
from neuroroute.domain.eligibility import eligible
from neuroroute.domain.errors import (
    LanguageNotSpoken,
    ModelNotAllowed,
    NoEligibleModel,
    NothingFits,
    OtherEmbeddingSpace,
    UnknownModel,
)
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import ModelCard, ModelId
from neuroroute.domain.routing import (
    MAX_FALLBACKS,
    Exclusion,
    Objective,
    Pin,
    Priority,
    Requirements,
    RoutingDecision,
    RoutingPolicy,
    Selection,
    SelectionMethod,
    find,
    rank_of,
)

_QUALITY: Final = attrgetter("ranks.quality")
_NOT_ALLOWED: Final = "this key may not use it"
_ONE_TOO_MANY: Final = f"no more than {MAX_FALLBACKS} others are asked"


def decide(
    cards: Sequence[ModelCard],
    *,
    caller: Caller,
    unfit: Mapping[ModelId, str],
    requirements: Requirements,
    objective: Objective,
    policy: RoutingPolicy,
    classify: Callable[[], Reading],
    count: Callable[[], int],
    circumstances: Circumstances,
) -> RoutingDecision:
    """Choose among those of `cards`, in registry order, that `caller` may ask, and say why.

    `unfit` are the models that their health takes out, with the reason; when nobody is left the chosen one is asked
    all the same. A pinned model is asked first whatever its health and its card say, and of those that are named to
    take its place the unfit ones last. `classify` is called only when the choice depends on it, `count`, which says how
    many tokens the prompt has, only when somebody's room or price does.

    Raises:
        NoEligibleModel: there is none.
        NothingFits: there is none for this request.
        UnknownModel: a pinned model, or one to take its place, is not among `cards`.
        ModelNotAllowed: the caller names one of `cards` that it may not ask.
        LanguageNotSpoken: a pinned model, or one to take its place, cannot be asked this.
        OtherEmbeddingSpace: a model cannot take the place of the pinned one.
    """
    if not cards:
        raise NoEligibleModel("No model can be asked: add a provider key or a catalogue (see `neuroroute doctor`)")
    if requirements.pin is Pin.ONLY:
        return _pinned(cards, caller, unfit, requirements, policy)
    allowed = _allowed(cards, caller, requirements.model)
    able, excluded = eligible(allowed, requirements, count, circumstances)
    if requirements.embeds:
        able, excluded = _of_one_space(allowed, able, excluded, requirements, objective)
    if not able:
        raise NothingFits({out.model: out.reason for out in excluded})
    selection = _select(able, allowed, requirements, objective, policy, classify, circumstances)
    if selection.ranking is not None and selection.ranking.excluded:
        excluded = [*excluded, *selection.ranking.excluded]
        out = {one.model for one in selection.ranking.excluded}
        able = [card for card in able if card.id not in out]
    order = _order(able, selection)
    if unfit:
        order = [card for card in order if card.id not in unfit] or order[:1]
        asked = order[0].id  # also when it is unfit
        away = [Exclusion(card.id, unfit[card.id]) for card in able if card.id in unfit and card.id != asked]
        excluded = [*excluded, *away]
    if caller.models is not None:
        excluded = [*[Exclusion(card.id, _NOT_ALLOWED) for card in cards if not caller.may_ask(card.id)], *excluded]
    return RoutingDecision(
        selection=selection,
        candidates=tuple(order[: MAX_FALLBACKS + 1]),
        excluded=tuple(excluded),
        policy=policy.name,
    )


def _pinned(
    cards: Sequence[ModelCard],
    caller: Caller,
    unfit: Mapping[ModelId, str],
    requirements: Requirements,
    policy: RoutingPolicy,
) -> RoutingDecision:
    card = _named(cards, requirements.model, caller, requirements)
    selection = Selection(method=SelectionMethod.CALLER, model=card.id)
    if not requirements.fallbacks and not requirements.embeds:
        return RoutingDecision(selection=selection, candidates=(card,), policy=policy.name)
    named = [_named(cards, model, caller, requirements) for model in dict.fromkeys(requirements.fallbacks)]
    if requirements.embeds:
        named = _of_its_space(card, named, [other for other in cards if caller.may_ask(other.id)])
    others = sorted([other for other in named if other.id != card.id], key=lambda other: other.id in unfit)
    return RoutingDecision(
        selection=selection,
        candidates=(card, *others[:MAX_FALLBACKS]),
        excluded=tuple([Exclusion(other.id, _ONE_TOO_MANY) for other in others[MAX_FALLBACKS:]]),
        policy=policy.name,
    )


def _named(cards: Sequence[ModelCard], model: str | None, caller: Caller, requirements: Requirements) -> ModelCard:
    card = find(cards, model)
    if card is None:
        raise UnknownModel(str(model))
    if not caller.may_ask(card.id):
        raise ModelNotAllowed(card.id)
    if requirements.dialect is not None and card.dialect is not requirements.dialect:
        able = [
            other.id
            for other in cards
            if other.dialect is requirements.dialect
            and caller.may_ask(other.id)
            and (other.embedding_space is not None) == requirements.embeds
        ]
        raise LanguageNotSpoken(card.id, dialect=str(requirements.dialect), speakers=able)
    return card


def _of_its_space(card: ModelCard, named: Sequence[ModelCard], allowed: Sequence[ModelCard]) -> Sequence[ModelCard]:
    """Who makes embeddings that can be compared with those of `card`: whom the caller named, else all there are."""
    space = card.embedding_space
    for other in named:
        if other.id != card.id and (space is None or other.embedding_space != space):
            raise OtherEmbeddingSpace(other.id, instead_of=card.id)
    if named or space is None:
        return named
    return [other for other in allowed if other.embedding_space == space and other.dialect is card.dialect]


def _of_one_space(
    allowed: Sequence[ModelCard],
    able: Sequence[ModelCard],
    excluded: Sequence[Exclusion],
    requirements: Requirements,
    objective: Objective,
) -> tuple[Sequence[ModelCard], Sequence[Exclusion]]:
    """Those of `able` that make embeddings of the best model's space: one text is to be compared with the next, so the
    space may depend on what is allowed and wished for, never on the text.
    """
    dialect = requirements.dialect
    embedders = [card for card in allowed if card.embedding_space is not None and dialect in {None, card.dialect}]
    if not embedders:
        return able, excluded
    rank = objective.priority or Priority.QUALITY
    best = min(embedders, key=lambda card: rank_of(card, rank))
    others = [card for card in able if card.embedding_space != best.embedding_space]
    elsewhere = [Exclusion(card.id, f"its embeddings cannot be compared with those of {best.id}") for card in others]
    return [card for card in able if card.embedding_space == best.embedding_space], [*excluded, *elsewhere]


def _allowed(cards: Sequence[ModelCard], caller: Caller, named: str | None) -> Sequence[ModelCard]:
    if caller.models is None:
        return cards
    if named is not None and not caller.may_ask(named) and find(cards, named):
        raise ModelNotAllowed(named)
    allowed = [card for card in cards if caller.may_ask(card.id)]
    if not allowed:
        raise NoEligibleModel("None of the models that this key may use is enabled")
    return allowed


def _select(
    cards: Sequence[ModelCard],
    allowed: Sequence[ModelCard],
    requirements: Requirements,
    objective: Objective,
    policy: RoutingPolicy,
    classify: Callable[[], Reading],
    circumstances: Circumstances,
) -> Selection:
    required = requirements.capabilities
    able = cards if requirements.embeds else _most_able(cards, required) if required else ()
    if able:
        rank = objective.priority or Priority.QUALITY
        best = min(able, key=lambda card: rank_of(card, rank))
        return Selection(method=SelectionMethod.CAPABILITIES, model=best.id, required=required)
    if not required and (named := find(cards, requirements.model)):
        return Selection(method=SelectionMethod.CALLER, model=named.id)
    ranking = policy.rank(
        cards,
        classify(),
        allowed=allowed,
        requirements=requirements,
        objective=objective,
        circumstances=circumstances,
    )
    if required:
        method = SelectionMethod.CAPABILITIES
    else:
        method = SelectionMethod.CLASSIFIER_INSTEAD if requirements.model else SelectionMethod.CLASSIFIER
    return Selection(method=method, model=ranking.best, required=required, ranking=ranking)


def _most_able(cards: Sequence[ModelCard], required: tuple[str, ...]) -> list[ModelCard]:
    """Those that have all, else those that have any (CONTRACT.md 5, capability choice)."""
    lacking = [(card.lacks(required), card) for card in cards]
    able = [card for lacks, card in lacking if lacks == 0]
    return able or [card for lacks, card in lacking if lacks < len(required)]


def _order(cards: Sequence[ModelCard], selection: Selection) -> list[ModelCard]:
    """The chosen model, then those with what is required, the better ones first; ties in registry order.

    Better is what is worth more by a policy that predicts; else for the three default models this is the order of
    CONTRACT.md 6.
    """
    required, ranking = selection.required, selection.ranking
    if ranking is not None and ranking.foresight is not None:
        places = {forecast.model: place for place, forecast in enumerate(ranking.foresight.forecasts)}
        order = sorted(cards, key=lambda card: places[card.id])
    else:
        order = sorted(cards, key=_QUALITY)
    if required:
        order.sort(key=lambda card: card.lacks(required))
    order.sort(key=lambda card: card.id != selection.model)
    return order
