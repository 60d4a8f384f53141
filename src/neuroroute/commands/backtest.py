"""`neuroroute backtest`: makes stored decisions again under another policy or objective, and asks no model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from neuroroute.application.choose_model import LEARNED
from neuroroute.application.stores import DecisionStore, StoredDecision
from neuroroute.commands.backtest_words import in_words
from neuroroute.commands.each_decision import Wanted, each_decision
from neuroroute.commands.stored import stored
from neuroroute.domain.classification import Classification, Reading
from neuroroute.domain.decision import DecisionRecord, Grounds, NotRemade, Plan, planned, policy_of
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.forecast import foretell
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import ModelCard, ModelId
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.quality import PromptReading, QualityPredictor
from neuroroute.domain.routing import Objective, RoutingPolicy
from neuroroute.infrastructure.classifiers.learned import LearnedPredictor
from neuroroute.infrastructure.evaluation.backtest import Retried, Word, backtested

_UNREAD: Final = (
    "what its policy reads of the prompt was not kept: set NEUROROUTE_SHADOW=on, and it is, of the prompts that come"
)
_NO_CARDS: Final = "the cards of its catalogue were not kept"
_NOBODY: Final = "it would have asked nobody: no model is within the limits"


class NothingStored(NeuroRouteError):
    """There is no decision to make again."""


class Other(Struct, frozen=True, kw_only=True):
    """What is tried instead."""

    policy: str
    level: float | None
    """0..10; `None` is each decision's own wish."""


async def backtest(environ: Mapping[str, str], other: Other, wanted: Wanted, *, as_json: bool) -> str:
    """What the stored decisions would have cost and scored, in words or as JSON.

    Raises:
        NothingStored: there are none of those that are `wanted`.
        NeuroRouteError: as `stored`.
    """
    async with stored(environ) as container:
        predictor = LearnedPredictor(container.weights()) if other.policy == LEARNED else None
        trial = _Trial(container.decision_store(), other, predictor)
        async for one in each_decision(container.decision_store(), wanted):
            await trial.add(one)
    if not trial.retried and not trial.skipped:
        raise NothingStored(
            "There is no decision to make again. Each prompt that a model is chosen for leaves one, for as long as the "
            "ledger keeps it (NEUROROUTE_LEDGER_MONTHS); try an earlier --since, or another --caller."
        )
    found = backtested(
        trial.retried,
        policy=other.policy,
        objective=other.level,
        predictor=None if predictor is None else predictor.version,
        not_replayed=dict(trial.skipped.most_common()),
    )
    if as_json:
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    return "\n".join(in_words(found))


class _Trial:
    """Makes one decision after the other again."""

    def __init__(self, decisions: DecisionStore, other: Other, predictor: QualityPredictor | None) -> None:
        """`predictor` is the installed one, without which the rules choose."""
        self._decisions = decisions
        self._level = other.level
        self._predictor = predictor
        self._cards: dict[str, Sequence[ModelCard] | None] = {}
        self.retried: list[Retried] = []
        self.skipped = Counter[str]()

    async def add(self, one: StoredDecision) -> None:
        version = one.record.plan.catalog_version
        if version not in self._cards:
            self._cards[version] = await self._decisions.cards(version)
        cards = self._cards[version]
        if cards is None:
            self.skipped[_NO_CARDS] += 1
            return
        try:
            self.retried.append(self._again(one, cards))
        except NotRemade as missing:
            self.skipped[str(missing)] += 1
        except NeuroRouteError:
            self.skipped[_NOBODY] += 1

    def _again(self, one: StoredDecision, cards: Sequence[ModelCard]) -> Retried:
        record, level = one.record, self._level
        policy, reading = self._reads(record)
        circumstances = replace(record.grounds.circumstances, exploration=None)
        grounds = replace(record.grounds, reading=reading, circumstances=circumstances)
        if level is not None:
            grounds = replace(grounds, objective=Objective(level=level))
        try:
            plan = planned(record, cards, policy, grounds)
        except NotRemade as missing:
            raise NotRemade(_UNREAD) if reading is None else missing from missing
        return _compared(one, plan, grounds, {card.id: card for card in cards})

    def _reads(self, record: DecisionRecord) -> tuple[RoutingPolicy, Reading | None]:
        """What was foretold then is taken as it was; what was only read is foretold by the installed weights."""
        kept, predictor = (record.grounds.reading, record.shadow), self._predictor
        if predictor is None:
            return EarlierRules(), next((one for one in kept if isinstance(one, Classification)), None)
        reading = next((one for one in kept if isinstance(one, PromptReading)), None)
        if record.plan.foresight is not None:
            return policy_of(record.plan), reading
        if reading is not None and reading.predictor != predictor.version:
            raise NotRemade(f"its prompt was read by weights that are not installed, {reading.predictor}")
        return LearnedRouting(predictor), reading


def _compared(one: StoredDecision, plan: Plan, grounds: Grounds, cards: Mapping[ModelId, ModelCard]) -> Retried:
    before, after = one.record.plan, plan
    kept, other = before.order[0], after.order[0]
    forecasts = foretell(
        [cards[kept], cards[other]], [None, None], grounds.circumstances, longest=grounds.requirements.max_tokens
    )
    kept_cost, other_cost = [None if told.cost is None else told.cost / 1e9 for told in forecasts]
    foresight = after.foresight or before.foresight
    told = {} if foresight is None else {told.model: told.quality for told in foresight.forecasts}
    qualities = {model: estimate.quality for model, estimate in told.items() if estimate is not None}
    paid = one.cost_nano_usd if one.model == other else None
    return Retried(
        kept=kept,
        other=other,
        cost_kept=kept_cost,
        cost_other=other_cost,
        paid=None if paid is None else paid / 1e9,
        quality_kept=qualities.get(kept),
        quality_other=qualities.get(other),
        word=_word(one, kept, other, qualities),
    )


def _word(one: StoredDecision, kept: ModelId, other: ModelId, qualities: Mapping[ModelId, float]) -> Word | None:
    """Only of an answer of the model that was chosen, and of models that something was predicted of."""
    foresight = one.record.plan.foresight
    answered = one.model == kept == one.record.plan.model
    if one.feedback is None or not answered or kept not in qualities or other not in qualities:
        return None
    return Word(
        score=one.feedback.score,
        agrees=kept == other,
        propensity=1.0 if foresight is None else foresight.propensity,
        predicted_kept=qualities[kept],
        predicted_other=qualities[other],
    )
