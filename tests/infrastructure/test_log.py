"""What is logged, in which form, and what never is."""

import asyncio
import logging
import subprocess
import sys
import textwrap

import msgspec
import pytest
import structlog
from infrastructure.heard import Log, parsed

from neuroroute.domain.completion import Usage
from neuroroute.domain.model import ModelId, NanoUsd, ProviderName
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.infrastructure.log import LogObserver, _LibraryHandler, configure
from neuroroute.infrastructure.log_lines import LONGEST, mask

CANARY = "canary-7f3a"


def record(**fields):
    answered = {
        "id": "0" * 32,
        "request_id": "r1",
        "surface": "prompt",
        "caller": "anyone",
        "at": 1.8e9,
        "seconds": 0.12,
        "provider_seconds": 0.1,
        "overhead_seconds": 0.02,
        "first_event_seconds": 0.1,
        "outcome": Outcome.ANSWERED,
        "model": ModelId("gpt-4o"),
        "attempts": (attempt(),),
    }
    return RoutedPrompt(**(answered | fields))


def attempt(**fields):
    answered = {"model": ModelId("gpt-4o"), "provider": ProviderName("openai"), "outcome": "answered", "seconds": 0.1}
    return Attempt(**(answered | fields))


@pytest.fixture
def log():
    log = Log()
    yield log
    log.close()


@pytest.fixture
def configured(log):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure("debug", log.lines)
    yield log
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


# The line of a prompt


def test_an_answered_prompt_is_one_line_with_what_happened(log):
    LogObserver(log.lines, level="INFO").observe(
        [record(usage=Usage(prompt_tokens=10, completion_tokens=5), cost=NanoUsd(1_500_000), method="rules")]
    )
    assert log.told() == [
        {
            "time": "2027-01-15T08:00:00Z",
            "level": "info",
            "event": "prompt_routed",
            "request_id": "r1",
            "surface": "prompt",
            "outcome": "answered",
            "ms": 120.0,
            "overhead_ms": 20.0,
            "attempts": 1,
            "fallbacks": 0,
            "from_cache": False,
            "streamed": False,
            "model": "gpt-4o",
            "method": "rules",
            "first_event_ms": 100.0,
            "tokens": 15,
            "cost_usd": 0.0015,
        }
    ]


def test_a_failed_prompt_is_a_warning_with_the_words_of_each_failure(log):
    failed = attempt(outcome="unavailable", error="no connection to http://localhost:1")
    LogObserver(log.lines, level="warning").observe(
        [record(outcome=Outcome.FAILED, model=None, error="All models failed", attempts=(failed,))]
    )
    [line] = log.told()
    assert line["level"] == "warning"
    assert line["error"] == "All models failed"
    assert line["failed"] == [
        {"model": "gpt-4o", "outcome": "unavailable", "ms": 100.0, "error": "no connection to http://localhost:1"}
    ]


def test_a_fallback_names_the_call_that_failed(log):
    LogObserver(log.lines, level="INFO").observe(
        [record(attempts=(attempt(model=ModelId("claude"), outcome="throttled"), attempt()))]
    )
    [line] = log.told()
    assert (line["level"], line["attempts"], line["fallbacks"]) == ("info", 2, 1)
    assert line["failed"] == [{"model": "claude", "outcome": "throttled", "ms": 100.0}]


def test_the_level_leaves_out_what_is_below_it(log):
    observer = LogObserver(log.lines, level="WARNING")
    observer.observe([record()])
    observer.observe([record(outcome=Outcome.REJECTED)])
    observer.observe([record(outcome=Outcome.CUT, request_id="cut")])
    LogObserver(log.lines, level="ERROR").observe([record(outcome=Outcome.FAILED)])
    assert [line["request_id"] for line in log.told()] == ["cut"]


@pytest.mark.parametrize(
    "fields",
    [
        {"request_id": "\ud800"},
        {"request_id": "😀" * 5000, "error": "😀" * 5000, "outcome": Outcome.REJECTED},
        {"attempts": tuple(attempt(outcome="unavailable", error="x" * 9000) for _ in range(30))},
    ],
    ids=["surrogate", "long", "many"],
)
def test_a_line_that_is_too_long_or_unwritable_is_cut_to_what_happened(log, fields):
    LogObserver(log.lines, level="INFO").observe([record(**fields)])
    [line] = log.told()
    assert line["event"] == "prompt_routed"
    assert len(msgspec.json.encode(line)) < LONGEST


def test_an_unknown_level_is_refused(log):
    with pytest.raises(ValueError, match="'loud' is not a log level"):
        LogObserver(log.lines, level="loud")


# Our own events, and the libraries'


def test_an_event_has_time_level_event_and_request_id_first(configured):
    structlog.get_logger().warning("candidate_failed", model="gpt-4o", request_id="r1")
    [line] = configured.told()
    assert list(line) == ["time", "level", "event", "request_id", "model"]
    assert line["level"] == "warning"
    assert line["time"].endswith("Z")


def test_an_exception_is_told_by_type_and_place_and_never_by_its_message(configured):
    def fail():
        try:
            {}[CANARY]
        except KeyError as exc:
            raise ValueError(f"cannot read {CANARY}") from exc

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("handler_failed")
        logging.getLogger("redis").exception("it broke\n%s", CANARY)
    ours, theirs = configured.told()
    for line in (ours, theirs):
        assert line["level"] == "error"
        assert line["exception"] == "ValueError from KeyError"
        assert "test_log.py" in line["trace"][0]
        assert CANARY not in str(line)
    assert theirs["logger"] == "redis"
    assert theirs["message"] == "it broke"


def test_an_object_that_json_does_not_know_is_told_by_its_type(configured):
    structlog.get_logger().info("odd", thing=ValueError(CANARY), things=[object()])
    [line] = configured.told()
    assert (line["thing"], line["things"]) == ("ValueError", ["object"])


def test_libraries_are_not_heard_at_debug(configured):
    logging.getLogger("aiosqlite").debug("executing %s", CANARY)
    logging.getLogger("_granian").info("Started worker-1")
    structlog.get_logger().debug("ours")
    assert [line.get("message", line["event"]) for line in configured.told()] == ["Started worker-1", "ours"]


def test_a_message_that_cannot_be_put_together_is_still_a_line(configured):
    broken = logging.makeLogRecord({"name": "redis", "msg": "%d of %d", "args": (CANARY,)})
    [ours] = [handler for handler in logging.getLogger().handlers if isinstance(handler, _LibraryHandler)]
    ours.emit(broken)
    assert configured.told()[0]["message"] == "unreadable"


def test_asyncio_tells_of_a_lost_failure_without_what_it_holds(configured):
    async def lose():
        async def fail():
            raise ValueError(CANARY)

        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_exception_handler(
            {"message": "Task exception was never retrieved", "exception": task.exception(), "future": task}
        )
        asyncio.get_running_loop().call_soon(int, CANARY)
        await asyncio.sleep(0)

    asyncio.run(lose())
    lines = configured.told()
    assert [line["message"] for line in lines] == ["Task exception was never retrieved", "Exception in callback int"]
    assert CANARY not in str(lines)


@pytest.mark.parametrize(
    "text",
    [
        "sk-ant-api03-{}",
        "header Bearer {}",
        "authorization: BEARER {} and more",
        "two\nlines\nsk-{}",
        "key=nr_{}",
        "?q=%20sk-{}",
        '"nr_{}"',
    ],
)
def test_what_looks_like_a_key_is_starred_out_wherever_it_stands(configured, text):
    text = text.format(CANARY.replace("-", "_"))
    structlog.get_logger().info(text, request_id=text, deep={"list": [text]})
    logging.getLogger("redis").info("%s", text.replace("\n", " "))
    LogObserver(configured.lines, level="INFO").observe([record(request_id=text, error=text)])
    lines = configured.told()
    assert len(lines) == 3
    assert "canary" not in str(lines)
    assert "***" in str(lines[0]["request_id"])


def test_a_word_that_only_holds_the_letters_of_a_key_stays():
    line = b'{"request_id":"task-1234567890","model":"risk-assessor","event":"bearer_of_news"}'
    assert mask(line) == line


def test_granian_speaks_json_too(tmp_path):
    script = """
        import sys
        from granian.log import LogLevels, configure_logging, logger
        from neuroroute.infrastructure.log import GRANIAN, configure
        from neuroroute.infrastructure.log_lines import LineWriter
        if sys.argv[1] == "given":
            configure("info", LineWriter(1))
            configure_logging(LogLevels.info, GRANIAN)
        else:
            configure_logging(LogLevels.info)
            configure("info", LineWriter(1))
        logger.info("Starting granian")
    """
    for how in ("given", "taken over"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), how], capture_output=True, timeout=30, check=True
        )
        [line] = parsed(done.stdout)
        assert (line["logger"], line["message"]) == ("_granian", "Starting granian")
