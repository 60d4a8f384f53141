"""Whatever providers and readers do, and whenever they do it: one record, and no call left open."""

import asyncio

import pytest
from application.scripted import STALL, Router, ScriptedProvider, wanted
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.completion import Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.errors import (
    NeuroRouteError,
    ProviderFailed,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from neuroroute.domain.record import Outcome

pytestmark = pytest.mark.anyio

FAILURES = st.sampled_from(
    [
        ProviderUnavailable("down"),
        ProviderUnavailable("slow", timed_out=True),
        ProviderThrottled("429"),
        ProviderMisconfigured("401"),
        ProviderRefused("400"),
    ]
)
PIECES = st.lists(st.text(min_size=1, max_size=3).map(TextDelta), max_size=3)
ENDS = st.builds(
    Finished,
    reason=st.sampled_from(FinishReason),
    native_reason=st.just("stop"),
    usage=st.none() | st.builds(Usage, prompt_tokens=st.integers(0, 99), completion_tokens=st.integers(0, 99)),
)
SCRIPTS = st.builds(lambda pieces, end: [*pieces, *end], PIECES, st.lists(FAILURES | ENDS, max_size=1))


class Left(Exception):
    """A reader's own fault."""


class Reading:
    """A reader who leaves after so many events, `None` never; by an error of its own if it `raises`."""

    def __init__(self, most, *, raises):
        self._most, self._raises = most, raises
        self.ended = self.left = False

    async def read(self, answer):
        events, count = aiter(answer), 0
        while self._most is None or count < self._most:
            event = await anext(events, None)
            if event is None:
                return
            count += 1
            self.ended = isinstance(event, Finished)
        self.left = True
        if self._raises:
            raise Left


@given(
    scripts=st.tuples(SCRIPTS, SCRIPTS, SCRIPTS),
    reads=st.integers(0, 5) | st.none(),
    raises=st.booleans(),
    cached=st.booleans(),
)
async def test_every_request_leaves_exactly_one_record_and_no_open_call(scripts, reads, raises, cached):
    router = Router(**{name: ScriptedProvider(script) for name, script in zip(
        ("local", "openai", "anthropic"), scripts, strict=True
    )})  # fmt: skip
    request = wanted() if cached else wanted(cache=None)
    reading = Reading(reads, raises=raises)
    failed = raised = False
    try:
        async with asyncio.timeout(5), await router.route(request) as answer:
            await reading.read(answer)
    except Left:
        raised = True
    except NeuroRouteError:
        failed = True
    await asyncio.sleep(0)
    record = router.record
    assert router.running == 0
    assert len(record.attempts) == sum(len(provider.calls) for provider in router.providers.values())
    answered = [attempt for attempt in record.attempts if attempt.outcome == "answered"]
    assert len(answered) <= 1
    if raised:
        assert (record.outcome, record.error) == (Outcome.FAILED, "Left")
    elif reading.ended:
        assert record.outcome is Outcome.ANSWERED
    elif failed:
        assert record.outcome is (Outcome.CUT if answered else Outcome.FAILED)
    else:
        assert reading.left
        assert record.outcome is Outcome.LEFT
    assert (record.usage is not None) == bool(answered)
    assert (record.cost is not None) == bool(answered)


@given(script=SCRIPTS, at=st.integers(0, 12))
async def test_cancelled_at_any_moment_there_is_one_record_and_no_open_call(script, at):
    router = Router(local=ScriptedProvider([*script, STALL]))
    asking = asyncio.create_task(router.ask(wanted()))
    for _ in range(at):
        await asyncio.sleep(0)
    never_ran = at == 0
    asking.cancel()
    (result,) = await asyncio.wait_for(asyncio.gather(asking, return_exceptions=True), 5)
    assert router.running == 0
    if never_ran:
        assert not router.told
        return
    assert router.record.outcome in Outcome
    if isinstance(result, asyncio.CancelledError):
        assert router.record.outcome in {Outcome.LEFT, Outcome.ANSWERED}
    elif isinstance(result, ProviderFailed | NeuroRouteError):
        assert router.record.outcome in {Outcome.CUT, Outcome.FAILED}
