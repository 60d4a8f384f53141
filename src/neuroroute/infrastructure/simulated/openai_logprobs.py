"""Log-probabilities as OpenAI tells them; made up from the token, so that they repeat."""

import zlib
from collections.abc import Sequence


def logprobs(said: Sequence[str], alternatives: int | None) -> dict[str, object] | None:
    """Of each token and so many alternatives, the token first among them; none when they were not asked for."""
    if alternatives is None:
        return None
    return {"content": [_token(token, alternatives) for token in said], "refusal": None}


def _token(token: str, alternatives: int) -> dict[str, object]:
    likely = -(zlib.crc32(token.encode()) % 1000) / 1000
    others = [_entry(f"{token}~{rank}" if rank else token, likely - rank) for rank in range(alternatives)]
    return _entry(token, likely) | {"top_logprobs": others}


def _entry(token: str, logprob: float) -> dict[str, object]:
    return {"token": token, "logprob": logprob, "bytes": [*token.encode()]}
