"""`neuroroute replay`: makes a stored decision again, and says whether it is the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.application.stores import StoredDecision
from neuroroute.commands.stored import stored
from neuroroute.domain.decision import DecisionRecord, NotRemade, Plan, remade
from neuroroute.domain.errors import NotStored
from neuroroute.domain.model import ModelCard
from neuroroute.domain.quality import PromptReading, QualityPredictor
from neuroroute.infrastructure.classifiers.learned import LearnedPredictor
from neuroroute.infrastructure.record_ids import begun

_SHOWN: Final = 20
_encode: Final = msgspec.json.Encoder().encode


class Difference(Struct, frozen=True):
    """Where a plan that was made again is another one."""

    where: str
    kept: object
    remade: object


class Replay(Struct, frozen=True, kw_only=True):
    """What came of making a decision again."""

    decision: str
    same: bool
    """Bit for bit."""
    predictions: str
    """Whether the installed weights foretell the same of what was read: `same`, `different`, or why nobody can say."""
    differences: Sequence[Difference]
    kept: Plan
    remade: Plan


class Replayed(Struct, frozen=True):
    """What is printed, and whether it is good news."""

    text: str
    same: bool


async def replay(environ: Mapping[str, str], decision_id: str, *, as_json: bool) -> Replayed:
    """Makes the decision again from what was stored.

    Raises:
        NotStored: there is no such decision, or none any more.
        NotRemade: something that it depended on was not kept.
        NeuroRouteError: as `stored`.
    """
    async with stored(environ) as container:
        decisions = container.decision_store()
        found = await decisions.find(decision_id)
        if found is None:
            raise NotStored(
                f"There is no decision {decision_id}: it never was, it was only planned, or it has expired with its "
                "prompt's entry in the ledger (NEUROROUTE_LEDGER_MONTHS). The header `x-neuroroute-decision` of an "
                "answer says its id; `neuroroute decisions export` lists those that there are."
            )
        version = found.record.plan.catalog_version
        cards = await decisions.cards(version)
        if cards is None:
            raise NotRemade(f"The cards of the catalogue {version} were not kept: the decision cannot be made again")
        predicts = found.record.plan.foresight is not None
        done = replayed(found.record, cards, LearnedPredictor(container.weights()) if predicts else None)
    text = msgspec.json.format(_encode(done), indent=2).decode() if as_json else "\n".join(_in_words(done, found))
    return Replayed(text, done.same)


def replayed(record: DecisionRecord, cards: Sequence[ModelCard], predictor: QualityPredictor | None) -> Replay:
    """The decision made again, and what it came from foretold again where `predictor` is the one that foretold it.

    Raises:
        NotRemade: something that it depended on was not kept.
    """
    again = remade(record, cards)
    differences = list(_differences("plan", _plain(record.plan), _plain(again)))
    foretold, others = _foretold(record, cards, predictor)
    differences += others
    return Replay(
        decision=record.id,
        same=not others and _encode(record.plan) == _encode(again),
        predictions=foretold,
        differences=differences,
        kept=record.plan,
        remade=again,
    )


def _foretold(
    record: DecisionRecord, cards: Sequence[ModelCard], predictor: QualityPredictor | None
) -> tuple[str, Sequence[Difference]]:
    foresight, reading = record.plan.foresight, record.grounds.reading
    if foresight is None or predictor is None or not isinstance(reading, PromptReading):
        return "nothing was foretold", ()
    if not predictor.version == foresight.predictor == reading.predictor:
        return f"not compared: foretold by {foresight.predictor}, installed is {predictor.version}", ()
    able = [card for card in cards if card.id in foresight.predicted]
    allowed = [card for card in cards if card.id in foresight.typical]
    now = (
        dict(zip([card.id for card in able], predictor.estimate(reading, able), strict=True)),
        dict(zip([card.id for card in allowed], predictor.typical(allowed), strict=True)),
    )
    kept = (foresight.predicted, foresight.typical)
    places = ("predicted", "typical")
    differences = [
        difference
        for place, one, other in zip(places, kept, now, strict=True)
        for difference in _differences(place, _plain(one), _plain(other))
    ]
    return "different" if differences else "same", differences


def _differences(where: str, kept: object, again: object) -> Iterable[Difference]:
    """Every place at which they differ; what only one of them has, the other has as `null`."""
    ones, others = _members(kept), _members(again)
    if ones is None or others is None:
        if _encode(kept) != _encode(again):
            yield Difference(where, kept, again)
        return
    for name in dict.fromkeys([*ones, *others]):
        yield from _differences(where + name, ones.get(name), others.get(name))


def _members(value: object) -> Mapping[str, object] | None:
    """By how each is found in it; `None` when it has none."""
    if isinstance(value, dict):
        return {f".{name}": one for name, one in msgspec.convert(value, dict[str, object]).items()}
    if isinstance(value, list):
        return {f"[{place}]": one for place, one in enumerate(msgspec.convert(value, list[object]))}
    return None


def _plain(value: object) -> object:
    """As JSON has it."""
    return msgspec.json.decode(_encode(value))


def _in_words(done: Replay, found: StoredDecision) -> Iterable[str]:
    plan, at = done.kept, begun(done.decision)
    yield f"Decision {done.decision} of {at:%Y-%m-%d %H:%M:%S} UTC, for {found.record.caller}:"
    yield f"  {plan.order[0]} was to answer by policy {plan.policy} and catalogue {plan.catalog_version}."
    if len(plan.order) > 1:
        yield f"  If it failed: {', '.join(plan.order[1:])}."
    answered = "nobody" if found.model is None else found.model
    cost = "" if found.cost_nano_usd is None else f", for ${found.cost_nano_usd / 1e9:.6f}"
    yield f"  {answered} answered ({found.outcome}{cost})."
    if found.feedback is not None:
        yield f"  The caller gave it {found.feedback.score:g} of 1."
    yield f"  Foretold again by the installed weights: {done.predictions}."
    if done.same:
        yield "Made again from what was stored it is the same, bit for bit."
        return
    yield "Made again from what was stored it is another one:"
    for one in done.differences[:_SHOWN]:
        yield f"  {one.where}: {_short(one.kept)} then, {_short(one.remade)} now"
    if (more := len(done.differences) - _SHOWN) > 0:
        yield f"  and {more} more; `--json` shows all."


def _short(value: object) -> str:
    return _encode(value).decode()[:120]
