"""Answers kept in the process: the least recently used one leaves first."""

import hashlib
import json
import time
from collections import OrderedDict

from benchmarks.baseline_fastapi.schemas import PromptRequest

MAX_ENTRIES = 10_000
TTL = 600


class ResponseCache:
    """Bounded in entries and in age (seconds)."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[float, dict]] = OrderedDict()

    @staticmethod
    def key(request: PromptRequest) -> str:
        """Everything that can change the answer."""
        metadata = request.metadata.model_dump(exclude={"request_id", "timeout", "use_cache", "cache_ttl"}, mode="json")
        text = json.dumps([request.prompt, metadata], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()

    def get(self, key: str) -> dict | None:
        expires, answer = self._entries.get(key, (0.0, None))
        if answer is None or expires < time.monotonic():
            return None
        self._entries.move_to_end(key)
        return answer

    def put(self, key: str, answer: dict, ttl: int | None) -> None:
        self._entries[key] = (time.monotonic() + (ttl or TTL), answer)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    def clear(self, model: str | None) -> int:
        doomed = [key for key, (_, answer) in self._entries.items() if model in {None, answer["model_used"]}]
        for key in doomed:
            del self._entries[key]
        return len(doomed)
