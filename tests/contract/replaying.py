"""Replays a recorded case against a running service, and says what is not as it should be.

A case: {name, mark, why, requires[], setup[], request, teardown[], expect}
  request and steps of setup and teardown: {method, path, headers, json | raw | raw_b64, target: "app" | "fake"}
  expect.status: one status or several, any of which will do
  expect.headers_subset: name -> text (equal) | {equal | pattern | present | contains}
  expect.json_shape: path -> spec. Path: "$" is the whole, "a.b", "a[0].b", "a[*].b" (every item).
      spec: types, or {type, optional, absent, const, enum, pattern, min, max, len, min_len, contains, keys,
            eq_header (equal to that header), eq_setup, ne_setup: [step, path] (as, or unlike, the answer to a step)}
  types: str int number bool null list object any (an int is a number too; a bool is no int)
"""

import base64
import json
import re
from collections.abc import Iterator

import httpx

_MISSING = object()
_STEP = re.compile(r"[^.\[\]]+|\[\*\]|\[\d+\]")
_TYPES = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}
_SPECS = {
    "type": lambda value, types: any(_TYPES[name](value) for name in types.split("|")),
    "const": lambda value, const: value == const,
    "enum": lambda value, allowed: value in allowed,
    "pattern": lambda value, pattern: isinstance(value, str) and re.search(pattern, value),
    "min": lambda value, least: _TYPES["number"](value) and value >= least,
    "max": lambda value, most: _TYPES["number"](value) and value <= most,
    "len": lambda value, length: len(value) == length,
    "min_len": lambda value, length: len(value) >= length,
    "contains": lambda value, items: all(item in value for item in items),
    "keys": lambda value, keys: sorted(value) == sorted(keys),
}
_HEADER_SPECS = {
    "equal": lambda value, text: value == text,
    "pattern": lambda value, pattern: re.search(pattern, value),
    "contains": lambda value, part: part.lower() in value.lower(),
    "present": lambda value, present: present,
}


def replay(case: dict, *, app: httpx.Client, fake: httpx.Client) -> list[str]:
    """What is wrong; nothing when the service is as it should be."""
    targets = {"app": app, "fake": fake}
    try:
        answers = [_decoded(_send(targets, step)) for step in case.get("setup", [])]
        return list(_faults(case["expect"], _send(targets, case["request"]), answers))
    finally:
        for step in case.get("teardown", []):
            _send(targets, step)


def _send(targets: dict[str, httpx.Client], step: dict) -> httpx.Response:
    content, headers = None, {}
    if "json" in step:
        content, headers = json.dumps(step["json"]).encode(), {"content-type": "application/json"}
    elif "raw" in step:
        content = step["raw"].encode()
    elif "raw_b64" in step:
        content = base64.b64decode(step["raw_b64"])
    client = targets[step.get("target", "app")]
    return client.request(step["method"], step["path"], content=content, headers=headers | step.get("headers", {}))


def _decoded(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _faults(expect: dict, response: httpx.Response, answers: list[object]) -> Iterator[str]:
    allowed = expect["status"] if isinstance(expect["status"], list) else [expect["status"]]
    if response.status_code not in allowed:
        yield f"status {response.status_code}, want one of {allowed}: {response.text[:140]}"
        return
    for name, spec in expect.get("headers_subset", {}).items():
        yield from _header_faults(name, response.headers.get(name), spec)
    if expect.get("body_empty") and response.content:
        yield f"the body should be empty, is {response.text[:60]!r}"
    shape = expect.get("json_shape")
    if shape and not 300 <= response.status_code < 400:
        body = _decoded(response)
        for path, spec in shape.items():
            for where, value in _find(body, path):
                yield from _value_faults(where, value, spec, response, answers)


def _header_faults(name: str, value: str | None, spec: str | dict) -> Iterator[str]:
    asked = {"equal": spec} if isinstance(spec, str) else spec
    if value is None:
        if asked.get("present") is not False:
            yield f"header {name}: missing"
        return
    for how, what in asked.items():
        if not _HEADER_SPECS[how](value, what):
            yield f"header {name}: {value!r} is not {how} {what!r}"


def _value_faults(
    where: str, value: object, spec: str | dict, response: httpx.Response, answers: list[object]
) -> Iterator[str]:
    asked = {"type": spec} if isinstance(spec, str) else spec
    if asked.get("absent"):
        if value is not _MISSING:
            yield f"{where}: should not be there, is {value!r}"
        return
    if value is _MISSING:
        if not asked.get("optional"):
            yield f"{where}: missing"
        return
    for how, what in asked.items():
        match how:
            case "optional":
                good = True
            case "eq_header":
                good = value == response.headers.get(what)
            case "eq_setup" | "ne_setup":
                _, before = _find(answers[what[0]], what[1])[0]
                good = (value == before) is (how == "eq_setup")
            case _:
                good = _SPECS[how](value, what)
        if not good:
            yield f"{where}: {str(value)[:120]!r} is not {how} {what!r}"


def _find(root: object, path: str) -> list[tuple[str, object]]:
    """Every place that `path` stands for, and what is there."""
    if path == "$":
        return [("$", root)]
    found: list[tuple[str, object]] = [("", root)]
    for step in _STEP.findall(path):
        found = [inner for where, value in found for inner in _inside(where, value, step)]
    return found


def _inside(where: str, value: object, step: str) -> list[tuple[str, object]]:
    if step == "[*]":
        return [(f"{where}[{i}]", item) for i, item in enumerate(value)] if isinstance(value, list) else []
    if step.startswith("["):
        index = int(step[1:-1])
        there = isinstance(value, list) and index < len(value)
        return [(where + step, value[index] if there else _MISSING)]
    return [(f"{where}.{step}".lstrip("."), value.get(step, _MISSING) if isinstance(value, dict) else _MISSING)]
