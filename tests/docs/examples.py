"""The examples of a document: what is typed, and how an answer is held against the one that is written there.

The convention is told in docs/README.md.
"""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEASURED = frozenset(
    (
        "timestamp", "request_id", "latency_ms", "cache_latency_ms", "last_checked", "uptime_seconds", "version",
        "cpu_percent", "memory_mib", "event_loop_lag_ms", "event_loop_lag_max_ms", "worker_pid", "threads",
        "open_files", "gc_collections", "load_average", "cpu_count", "avg_latency_ms",
    )
)  # fmt: skip
"""Members whose value is another each time: only its type is compared."""
SHOWN_HEADERS = (
    "access-control-allow-origin", "allow", "content-type", "retry-after", "x-error-code", "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-neuroroute-decision",
)  # fmt: skip
"""Of an answer with its head, in this order; all others are left out."""
NAMED = ("key", "id")
"""Members of answers that later commands may use: `$KEY` and `$ID`."""
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_DECISION = re.compile(r"^x-neuroroute-decision: (\w+)$", re.MULTILINE)
_CATS = re.compile(r"\$\(cat (\S+)\)")
_ANY = "…"


@dataclass(frozen=True)
class Example:
    """A command and the answer that the document shows."""

    line: int
    command: str
    answer: str


@dataclass(frozen=True)
class Curl:
    """What a `curl` command asks for."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    with_head: bool


def examples_of(document: Path) -> list[Example]:
    """All of it, in the order in which they stand."""
    text = document.read_text(encoding="utf-8")
    found: list[Example] = []
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]:
            joined = part.replace("\\\n", " ")
            command, _, answer = joined.partition("\n")
            found.append(Example(line, command.strip(), answer.strip()))
    return found


def filled(command: str, said: dict[str, str]) -> str:
    """The command with what earlier answers said."""
    for name, value in said.items():
        command = re.sub(rf"\${name.upper()}\b", value, command)
    return command


def named_in(answer: str) -> dict[str, str]:
    """What an answer says for later commands."""
    try:
        return dict(_named(json.loads(answer)))
    except ValueError:
        return {"decision": found[1]} if (found := _DECISION.search(answer)) else {}


def _named(value: object) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield from ((name, told) for name in NAMED if isinstance(told := value.get(name), str))
            for inner in value.values():
                yield from _named(inner)
        case list():
            for inner in value:
                yield from _named(inner)


def read_curl(command: str, home: Path) -> Curl:
    """The request; `$(cat FILE)` is read in `home`."""
    parser = argparse.ArgumentParser(prog="curl", exit_on_error=True)
    parser.add_argument("url")
    for flag in ("-s", "-N", "-i"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("-X", default=None)
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d", default=None)
    filled = _CATS.sub(lambda cat: (home / cat[1]).read_text(encoding="ascii").strip(), command)
    asked = parser.parse_args(shlex.split(filled.removeprefix("curl ")))
    address = re.fullmatch(r"localhost:8000(/.*)", asked.url)
    assert address, f"an example asks localhost:8000, not {asked.url}"
    headers = dict(re.split(r":\s*", header, maxsplit=1) for header in asked.H)
    return Curl(
        method=asked.X or ("GET" if asked.d is None else "POST"),
        path=address[1],
        headers=headers,
        body=None if asked.d is None else asked.d.encode(),
        with_head=asked.i,
    )


def differences(written: str, real: str) -> list[str]:
    """Where `real` is not as `written`; both JSON, or both text."""
    try:
        shown = json.loads(written)
    except ValueError:
        return [] if _pattern(written).fullmatch(real.strip() + "\n") else [f"not as written:\n{real}"]
    return _differences(shown, json.loads(real), "$")


def _differences(shown: object, real: object, place: str) -> list[str]:
    match shown:
        case str() if shown == _ANY:
            return []
        case dict() if isinstance(real, dict):
            return _members(shown, real, place)
        case list() if isinstance(real, list):
            return _items(shown, real, place)
        case str() if isinstance(real, str) and _pattern(shown).fullmatch(real):
            return []
        case _ if _alike(shown, real) and shown == real:
            return []
        case _:
            return [f"{place}: {shown!r} is written, {real!r} came"]


def _members(shown: dict[str, object], real: dict[str, object], place: str) -> list[str]:
    wanted = {name: value for name, value in shown.items() if name != _ANY}
    found = [f"{place}.{name}: is written and did not come" for name in wanted if name not in real]
    if _ANY not in shown:
        found += [f"{place}.{name}: came and is not written" for name in real if name not in wanted]
    for name, value in wanted.items():
        if name in real and not (name in MEASURED and _alike(value, real[name])):
            found += _differences(value, real[name], f"{place}.{name}")
    return found


def _items(shown: list[object], real: list[object], place: str) -> list[str]:
    more = bool(shown) and shown[-1] == _ANY
    wanted = shown[:-1] if more else shown
    if len(real) < len(wanted) or (len(real) > len(wanted) and not more):
        return [f"{place}: {len(wanted)} items are written, {len(real)} came"]
    pairs = zip(wanted, real, strict=False)
    return [found for i, (one, other) in enumerate(pairs) for found in _differences(one, other, f"{place}[{i}]")]


def _alike(shown: object, real: object) -> bool:
    return type(shown) is type(real) or (_number(shown) and _number(real))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pattern(written: str) -> re.Pattern[str]:
    """A line that is `…` alone is any number of lines; within a line it is any text."""
    return re.compile("".join(map(_line_pattern, written.strip().split("\n"))))


def _line_pattern(line: str) -> str:
    if line.strip() == _ANY:
        return r"(?:.*\n)*?"
    return ".*".join(map(re.escape, line.rstrip().split(_ANY))) + r"[ ]*\n?"
