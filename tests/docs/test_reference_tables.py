"""What the guides list is what there is: options, headers, and where the languages are in the code."""

import re

import pytest
from docs.tables import ROOT, codes, tables_of

from neuroroute.dialects import embeddings, strict_json
from neuroroute.dialects.anthropic import requests as messages
from neuroroute.dialects.anthropic import tools as messages_tools
from neuroroute.dialects.openai import requests as chat
from neuroroute.dialects.responses import requests as responses
from neuroroute.interface.completions_routes import _HEADERS
from neuroroute.interface.option_headers import option_headers
from neuroroute.interface.router_options import RouterOptions

LANGUAGES = ("openai", "anthropic", "responses")


def table(document: str, heading: str, column: str):
    return next(
        found for found in tables_of(ROOT / document) if found.heading == heading and found.columns[0] == column
    )


def test_every_option_of_the_router_is_in_the_guide():
    told = [codes(cells[0])[0] for _, cells in table("docs/openai.md", "Telling the router", "option").rows]
    assert told == list(RouterOptions.__struct_fields__)


def test_every_option_is_a_header_too():
    headers = [header.name.removeprefix("X-NeuroRoute-").lower().replace("-", "_") for header in option_headers()]
    assert headers == list(RouterOptions.__struct_fields__)


def test_every_header_of_an_answer_is_in_the_guide():
    rows = table("docs/openai.md", "What the answer's head says", "header").rows
    told = {name if name.startswith("x-") else f"x-neuroroute{name}" for _, cells in rows for name in codes(cells[0])}
    assert told == {*_HEADERS, "x-request-id"}


def test_every_bound_is_in_the_document():
    rows = table("docs/api.md", "OpenAI's and Anthropic's APIs", "bound").rows
    told = [int(cells[1].replace(",", "")) for _, cells in rows]
    assert told == [
        _one(chat.MAX_MESSAGES, messages.MAX_MESSAGES, responses.MAX_ITEMS),
        _one(chat.MAX_TOOLS, messages.MAX_TOOLS, responses.MAX_TOOLS),
        _one(chat.MAX_TOOL_NAME, messages_tools.MAX_TOOL_NAME, responses.MAX_NAME),
        _one(chat.MAX_STOPS, messages.MAX_STOPS),
        chat.MAX_CHOICES,
        chat.MAX_BIASES,
        _one(chat.MAX_TOKENS, messages.MAX_TOKENS, responses.MAX_TOKENS),
        embeddings.MAX_INPUTS,
        messages.MAX_HEADER,
        strict_json.MAX_DEPTH,
    ]


def _one(*bounds: int) -> int:
    """That of all languages."""
    assert len(set(bounds)) == 1
    return bounds[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_of_a_language_is_on_the_map(language):
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    part = text.partition("A language's package, one idea a file:")[2].partition("## Where to add")[0]
    told = set(re.findall(r"`(\w+)`", part))
    files = {path.stem for path in (ROOT / "src/neuroroute/dialects" / language).glob("*.py")} - {"__init__"}
    assert files - told == set()
