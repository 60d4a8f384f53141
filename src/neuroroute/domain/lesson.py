"""What a caller's word on an answer teaches."""

from neuroroute.domain.decision import DecisionRecord
from neuroroute.domain.errors import NotStored
from neuroroute.domain.feedback import Feedback
from neuroroute.domain.model import ModelId


def word_on(record: DecisionRecord, model: ModelId | None, *, caller: str, score: float, at: float) -> Feedback:
    """What `caller` says of the answer that `model` gave after this decision.

    Raises:
        NotStored: the decision is another caller's, or nobody answered.
    """
    if record.caller != caller:
        raise unknown(record.id)
    if model is None:
        raise NotStored(f"Nobody answered the prompt of the decision {record.id}: there is nothing to judge")
    counted = _predicted(record, model) is not None
    return Feedback(decision=record.id, caller=caller, score=score, at=at, model=model, counted=counted)


def unknown(decision_id: str) -> NotStored:
    """The same words for what is not there and for what is not the caller's."""
    return NotStored(
        f"There is no decision {decision_id} of yours: it never was, it has expired, or it was only planned; an answer "
        "from the cache has none"
    )


def surplus_of(word: Feedback, record: DecisionRecord) -> float:
    """What its score gives more than was predicted, -1..1; 0 where nothing was.

    Than was predicted before feedback taught anything: else a correction would take away from the next one.
    """
    predicted = _predicted(record, word.model)
    return 0.0 if predicted is None else word.score - predicted


def _predicted(record: DecisionRecord, model: ModelId) -> float | None:
    foresight = record.plan.foresight
    estimate = None if foresight is None else foresight.predicted.get(model)
    return None if estimate is None else estimate.quality
