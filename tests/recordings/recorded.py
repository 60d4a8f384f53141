"""The recorded exchanges beside the project, and the judge of what they mean."""

import importlib.util
import json
from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


def exchanges(wire):
    """Those in one language, as cases of a test."""
    paths = sorted((RECORDINGS / "exchanges").glob("*.json"))
    recorded = [json.loads(path.read_text()) for path in paths if path.name != "index.json"]
    return [pytest.param(exchange, id=exchange["id"]) for exchange in recorded if exchange["wire"] == wire]


def answered(cases):
    """Of `exchanges`, those that went well."""
    return [case for case in cases if case.values[0]["response"]["status"] == 200]


def streamed(cases):
    """Of `exchanges`, those whose answers are streams."""
    return [case for case in cases if "event-stream" in case.values[0]["response"]["content_type"]]


def load_check():
    """The program that compares answers and requests, as a module."""
    spec = importlib.util.spec_from_file_location("check", RECORDINGS / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
