"""Many clients that ask a running service at the same time, and all that each of them saw."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Self, final

import httpx
from msgspec import Struct

MODELS = ("local", "openai", "anthropic")
HUNG = 8.0
"""Seconds after which a request counts as one that hangs."""
PAUSE = 0.04
"""Seconds that a client rests between two requests: these machines are small."""


class Seen(Struct, frozen=True, kw_only=True):
    """One answer, as its client saw it."""

    status: int
    """0: there was no answer, as `code` says."""
    code: str = ""
    seconds: float
    ended: float
    """Of the monotonic clock."""
    tokens: tuple[int, int] = (0, 0)
    """Read and written."""
    nano_usd: int = 0
    retry_after: str | None = None
    request_id: str = ""
    at: str = ""
    """Whom it asked."""


@final
class Crowd:
    """`with` it: as long as that lasts, so many threads send one prompt after the other, no two of them alike."""

    def __init__(self, urls: Sequence[str], keys: Sequence[Mapping[str, str]], *, size: int = 16) -> None:
        """Each client asks one of `urls`, with one of the headers `keys`, in turn."""
        self.seen: list[Seen] = []
        self._numbers = itertools.count()
        self._over = threading.Event()
        asked = zip(itertools.cycle(urls), itertools.islice(itertools.cycle(keys), size), strict=False)
        self._threads = [threading.Thread(target=self._ask, args=(url, key)) for url, key in asked]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(HUNG + 5)

    @property
    def answered(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.status == 200]

    @property
    def statuses(self) -> Counter[tuple[int, str]]:
        return Counter((seen.status, seen.code) for seen in self.seen)

    @property
    def slowest(self) -> float:
        """Seconds."""
        return max(seen.seconds for seen in self.seen)

    def since(self, moment: float, *, at: str = "") -> list[Seen]:
        """What was both asked and answered after this moment of the monotonic clock."""
        return [seen for seen in list(self.seen) if seen.ended - seen.seconds > moment and seen.at.startswith(at)]

    def go_on(self, seconds: float) -> None:
        """Let them ask for so long."""
        time.sleep(seconds)

    def until(self, holds: Callable[[list[Seen]], bool], *, within: float) -> float:
        """The seconds until what was asked from now on is as it should be.

        Raises:
            AssertionError: it is not within so many seconds.
        """
        began = time.monotonic()
        while not holds(self.since(began)):
            assert time.monotonic() - began < within, self.statuses
            time.sleep(0.02)
        return time.monotonic() - began

    def _ask(self, url: str, key: Mapping[str, str]) -> None:
        with httpx.Client(base_url=url, headers=key, timeout=HUNG, trust_env=False) as client:
            while not self._over.is_set():
                number = next(self._numbers)
                model = MODELS[number % len(MODELS)]
                body = {"prompt": f"prompt {number} of a crowd", "metadata": {"model": model}}
                self.seen.append(sent(client, body))
                time.sleep(PAUSE)


def sent(client: httpx.Client, body: Mapping[str, object]) -> Seen:
    """One prompt, and what came of it."""
    began, at = time.monotonic(), str(client.base_url)
    try:
        answer = client.post("/prompt", json=body)
    except httpx.HTTPError as error:
        ended = time.monotonic()
        return Seen(status=0, code=type(error).__name__, seconds=ended - began, ended=ended, at=at)
    ended, told = time.monotonic(), answer.json()
    seen = Seen(
        status=answer.status_code,
        code=answer.headers.get("x-error-code", ""),
        seconds=ended - began,
        ended=ended,
        retry_after=answer.headers.get("retry-after"),
        request_id=answer.headers["x-request-id"],
        at=at,
    )
    if answer.status_code != 200 or told["from_cache"]:
        return seen
    used = told["token_usage"]
    return Seen(
        **{name: getattr(seen, name) for name in ("status", "code", "seconds", "ended", "request_id", "at")},
        tokens=(used["prompt_tokens"], used["completion_tokens"]),
        nano_usd=round(told["cost_estimate_usd"] * 1_000_000_000),
    )
