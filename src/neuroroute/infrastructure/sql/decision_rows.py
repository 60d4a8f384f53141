"""A decision as a row, written with its prompt's row of the ledger, and read back as it was."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from neuroroute.application.follow_state import StateUnreadable
from neuroroute.application.stores import StoredDecision
from neuroroute.domain.decision import DecisionRecord
from neuroroute.domain.feedback import Feedback
from neuroroute.domain.model import ModelCard, ModelId
from neuroroute.domain.record import RoutedPrompt
from neuroroute.infrastructure.sql.tables import DecisionRow
from neuroroute.infrastructure.sql.usage_rows import Value, bounded, shortened

COLUMNS: Final = ("id", "caller", "model", "cost_nano_usd", "outcome", "record")
"""Those that the ledger writes; the others are the caller's."""
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(DecisionRecord).decode
_decode_cards: Final = msgspec.json.Decoder(tuple[ModelCard, ...]).decode


def insertion(placeholder: Callable[[int], str]) -> str:
    """As that of `usage_rows`."""
    values = ", ".join(placeholder(number) for number in range(1, len(COLUMNS) + 1))
    return f"INSERT INTO decisions ({', '.join(COLUMNS)}) VALUES ({values}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - ours


def row_of(record: RoutedPrompt) -> tuple[Value, ...] | None:
    """The values of its decision, in the order of `COLUMNS`; `None` when there was none."""
    decision, charge = record.decision, record.charge
    if decision is None:
        return None
    return (
        decision.id,
        shortened(decision.caller),
        shortened(record.model),
        None if charge is None else bounded(charge),
        record.outcome.value,
        _encode(decision).decode(),
    )


def stored(row: DecisionRow) -> StoredDecision:
    """Raises: StateUnreadable."""
    try:
        record = _decode(row.record)
    except msgspec.DecodeError as exc:
        raise StateUnreadable(f"The decision {row.id} cannot be read: a later version may have written it") from exc
    return StoredDecision(
        record=record,
        model=row.model,
        cost_nano_usd=row.cost_nano_usd,
        outcome=row.outcome,
        feedback=_feedback(row),
    )


def _feedback(row: DecisionRow) -> Feedback | None:
    if row.score is None or row.scored_at is None or row.model is None:
        return None
    return Feedback(
        decision=row.id,
        caller=row.caller,
        score=row.score,
        at=row.scored_at,
        model=ModelId(row.model),
        counted=row.counted is True,
    )


def write_cards(cards: Sequence[ModelCard]) -> str:
    """As they are kept."""
    return _encode(cards).decode()


def read_cards(version: str, cards: str) -> Sequence[ModelCard]:
    """Raises: StateUnreadable."""
    try:
        return _decode_cards(cards)
    except msgspec.DecodeError as exc:
        raise StateUnreadable(f"The catalogue {version} cannot be read: a later version may have written it") from exc
