"""Structured logs: one JSON object a line, ours through structlog, the libraries' through the standard library."""

import logging
import sys
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from traceback import walk_tb
from typing import Final, final

import msgspec
import structlog
from msgspec import Struct

from neuroroute.application.ports import Observer
from neuroroute.domain.record import Outcome, RoutedPrompt
from neuroroute.infrastructure.log_lines import LONGEST, LineWriter

_FRAMES: Final = 8
_WORDS: Final = 500
"""Characters of one text that are kept."""
_URGENT: Final = frozenset({"warning", "error", "critical"})
_LEVEL_OF: Final = {"warn": "warning", "err": "error", "exception": "error", "fatal": "critical"}
_ON_THE_WAY: Final = frozenset({Outcome.ANSWERED, Outcome.LEFT, Outcome.REJECTED})
"""Ends that are nobody's failure but the caller's."""

_QUIETER: Final = {"alembic": logging.WARNING, "sqlalchemy": logging.CRITICAL}
"""What these tell, whoever calls them tells better, once and in our words: each step of a migration, each connection
that a lost database took along."""
GRANIAN: Final = {"loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}}}
"""Granian's `log_dictconfig`: its lines go where all others go, from the first."""


def configure(level: str, lines: LineWriter) -> None:
    """Send everything that is logged in this process to `lines`. `level` is a name of the logging module, in any case.

    Libraries are never heard below INFO: at DEBUG they tell what they send, which is prompts and keys.

    Raises:
        ValueError: there is no such level.
    """
    number = _number(level)
    structlog.configure(
        processors=[_encoded],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(lines),
        cache_logger_on_first_use=False,  # so that tests can capture; what is hot does not come this way
    )
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _LibraryHandler)]:
        root.removeHandler(old)
    root.addHandler(_LibraryHandler(lines))
    root.setLevel(max(number, logging.INFO))
    for name in GRANIAN["loggers"]:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name, least in _QUIETER.items():
        logging.getLogger(name).setLevel(max(number, least))


class _FailedAttempt(Struct, frozen=True, omit_defaults=True):
    model: str
    outcome: str
    ms: float
    error: str | None = None


class _PromptRouted(Struct, frozen=True, omit_defaults=True):
    """The line of one prompt. What nobody knows is left out."""

    time: datetime
    level: str
    event: str
    request_id: str
    surface: str
    outcome: str
    ms: float
    overhead_ms: float
    attempts: int
    fallbacks: int
    from_cache: bool
    streamed: bool
    model: str | None = None
    provider: str | None = None
    chosen: str | None = None
    method: str | None = None
    policy: str | None = None
    first_event_ms: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    error: str | None = None
    failed: tuple[_FailedAttempt, ...] = ()


@final
class LogObserver(Observer):
    """One `prompt_routed` line per prompt: a warning where we failed, with the words of the error, else information.

    Not by way of structlog, whose pipeline costs more than this whole line.
    """

    def __init__(self, lines: LineWriter, *, level: str) -> None:
        """Raises: ValueError, for a level that the logging module does not know."""
        self._lines = lines
        number = _number(level)
        self._informs = number <= logging.INFO
        self._warns = number <= logging.WARNING

    def observe(self, records: Sequence[RoutedPrompt]) -> None:
        for record in records:
            fine = record.outcome in _ON_THE_WAY
            if self._informs if fine else self._warns:
                self._lines.put(_prompt_routed(record, fine=fine), urgent=not fine)


def _prompt_routed(record: RoutedPrompt, *, fine: bool) -> bytes:
    usage, first, cost = record.usage, record.first_event_seconds, record.cost
    line = _PromptRouted(
        datetime.fromtimestamp(record.at, UTC),
        "info" if fine else "warning",
        "prompt_routed",
        record.request_id[:_WORDS],
        record.surface,
        record.outcome,
        _ms(record.seconds),
        _ms(record.overhead_seconds),
        len(record.attempts),
        record.fallbacks,
        record.from_cache,
        record.streamed,
        record.model,
        record.provider,
        record.chosen,
        record.method,
        record.policy,
        None if first is None else _ms(first),
        None if usage is None else usage.total_tokens,
        None if cost is None else cost / 1e9,
        None if record.error is None else record.error[:_WORDS],
        ()
        if fine and len(record.attempts) < 2
        else tuple(
            _FailedAttempt(a.model, a.outcome, _ms(a.seconds), a.error and a.error[:_WORDS])
            for a in record.attempts
            if a.outcome != Outcome.ANSWERED
        ),
    )
    return _line(line, level=line.level, event=line.event)


@final
class _Lines:
    """What structlog takes for a logger."""

    def __init__(self, lines: LineWriter) -> None:
        self._lines = lines

    def info(self, line: bytes) -> None:
        self._lines.put(line)

    def warning(self, line: bytes) -> None:
        self._lines.put(line, urgent=True)

    debug = info
    error = critical = exception = fatal = warn = err = warning


@final
class _LibraryHandler(logging.Handler):
    """Of a library's message only the first line: what follows are others' reprs, which may hold a prompt."""

    def __init__(self, lines: LineWriter) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower()
        event: dict[str, object] = {
            "event": "library_log",
            "logger": record.name,
            "message": _message(record),
            "exc_info": record.exc_info[1] if record.exc_info else None,
        }
        self._lines.put(_encoded(None, level, event), urgent=level in _URGENT)


def _message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage().partition("\n")[0]
    except Exception:  # noqa: BLE001  (an argument's own __str__ can raise anything)
        return "unreadable"
    # asyncio shows tasks, futures and arguments by their repr: in these stands what they hold.
    return message.partition("(")[0].partition("<")[0] if record.name == "asyncio" else message


def _encoded(_logger: object, method: str, event: MutableMapping[str, object]) -> bytes:
    """The line of an event; structlog's last processor. Never raises.

    Of an exception the type and the places, never the message: libraries quote in it what they could not read.
    """
    failure = _exception(event.pop("exc_info", None))
    level, name = _LEVEL_OF.get(method, method), event.pop("event", "")
    line: dict[str, object] = {"time": datetime.now(UTC), "level": level, "event": name}
    if "request_id" in event:
        line["request_id"] = event.pop("request_id")
    for field, value in event.items():
        line[field] = value[:_WORDS] if isinstance(value, str) else value
    if failure is not None:
        line["exception"] = _types(failure)
        line["trace"] = _places(failure)
    return _line(line, level=level, event=str(name))


def _line(content: object, *, level: str, event: str) -> bytes:
    """The content as one line, or only when, how bad and what, if it is too long or cannot be written."""
    try:
        line = _encoder.encode(content) + b"\n"
    except (TypeError, ValueError, OverflowError, RecursionError):
        line = b""
    if 0 < len(line) <= LONGEST:
        return line
    said = event[:_WORDS].encode("ascii", "backslashreplace").decode()
    return _encoder.encode({"time": datetime.now(UTC), "level": level, "event": said, "cut": True}) + b"\n"


def _shown(value: object) -> str:
    return type(value).__qualname__


_encoder: Final = msgspec.json.Encoder(enc_hook=_shown)


def _exception(given: object) -> BaseException | None:
    if isinstance(given, BaseException) or given is None:
        return given
    return sys.exc_info()[1] if given else None


def _types(failure: BaseException) -> str:
    """`KeyError from OSError`: the exception and what it came from."""
    names: list[str] = []
    seen: BaseException | None = failure
    while seen is not None and len(names) < 4:
        names.append(type(seen).__qualname__)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " from ".join(names)


def _places(failure: BaseException) -> list[str]:
    """The innermost frames, the last one first."""
    frames = [
        f"{frame.f_code.co_filename.rpartition('site-packages/')[2]}:{number} {frame.f_code.co_name}"
        for frame, number in walk_tb(failure.__traceback__)
    ]
    return frames[: -_FRAMES - 1 : -1]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _number(level: str) -> int:
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"{level!r} is not a log level: use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return number
