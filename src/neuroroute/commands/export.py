"""`neuroroute decisions export`: a JSON line for each stored decision, with what came of it; no prompt is in it."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.application.stores import StoredDecision
from neuroroute.commands.each_decision import Wanted, each_decision
from neuroroute.commands.stored import stored
from neuroroute.domain.model import ModelId
from neuroroute.domain.quality import Estimate

_encode: Final = msgspec.json.Encoder().encode


class Exported(Struct, frozen=True, kw_only=True):
    """One decision."""

    id: str
    at: float
    """Epoch seconds."""
    caller: str
    policy: str
    predictor: str | None
    catalog_version: str
    objective: float | None
    """0..10, by the learned policy."""
    chosen: ModelId
    propensity: float
    """How probable it was that this model was chosen; 1 where nothing was explored."""
    predictions: Mapping[ModelId, Estimate]
    """Of the models in the choice, after what feedback had taught; none by rules."""
    costs_usd: Mapping[ModelId, float | None]
    """What their answers were expected to cost; `null` is unpriced."""
    model: str | None
    """Who answered."""
    outcome: str
    cost_usd: float | None
    score: float | None
    """The caller's word, 0..1."""


async def export(environ: Mapping[str, str], wanted: Wanted) -> AsyncGenerator[bytes, None]:
    """A line each, in the order in which the prompts came.

    Raises:
        NeuroRouteError: as `stored`.
    """
    async with stored(environ) as container:
        async for one in each_decision(container.decision_store(), wanted):
            yield _encode(exported(one)) + b"\n"


def exported(one: StoredDecision) -> Exported:
    """As others read it."""
    record, plan = one.record, one.record.plan
    foresight = plan.foresight
    forecasts = () if foresight is None else foresight.forecasts
    return Exported(
        id=record.id,
        at=record.at,
        caller=record.caller,
        policy=plan.policy,
        predictor=plan.predictor,
        catalog_version=plan.catalog_version,
        objective=None if foresight is None else foresight.level,
        chosen=plan.model,
        propensity=1.0 if foresight is None else foresight.propensity,
        predictions={told.model: told.quality for told in forecasts if told.quality is not None},
        costs_usd={candidate.model: candidate.cost_usd for candidate in plan.candidates},
        model=one.model,
        outcome=one.outcome,
        cost_usd=None if one.cost_nano_usd is None else one.cost_nano_usd / 1e9,
        score=None if one.feedback is None else one.feedback.score,
    )
