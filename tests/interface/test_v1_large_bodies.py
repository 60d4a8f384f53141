"""What a large prompt costs before its provider is asked: processor time on the event loop, which waits for it."""

import json
import time
from base64 import b64encode

import pytest
from factories import ModelCardFactory
from interface.v1 import CHAT, MESSAGES, TRANSLATED, named

from neuroroute.container.container import CALLER_DIALECTS
from neuroroute.container.state import DIALECTS
from neuroroute.dialects.strict_json import read_text_json
from neuroroute.domain.model import Dialect

SPOKEN = {dialect.wire: dialect for dialect in CALLER_DIALECTS}
OWN = {CHAT: Dialect.OPENAI, MESSAGES: Dialect.ANTHROPIC}
IMAGE = b64encode(bytes(range(256)) * 3700).decode()
"""1.26 MB."""


def picture(language):
    if language is CHAT:
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}}
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}


def spent(language, raw: bytes, dialect: Dialect) -> float:
    """Milliseconds from the body's last byte to the provider's whole request; the least of several, as others run."""
    card = ModelCardFactory.build(dialect=dialect, upstream="m", max_tokens=1000)
    least = float("inf")
    for _ in range(7):
        began = time.thread_time()
        asked = SPOKEN[language.name].read(read_text_json(raw), [])
        assert asked.prompt.characters >= 0
        call = DIALECTS[dialect].call(asked.prompt, card)
        least = min(least, time.thread_time() - began)
        assert len(call.body) > 0.8 * len(raw)
    return 1000 * least


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
@pytest.mark.parametrize("dialect", Dialect)
def test_5_mb_with_images_never_block_the_loop_for_20_ms(language, dialect):
    turns = [{"role": "user", "content": [picture(language)]} for _ in range(4)]
    raw = json.dumps(language.body("", messages=turns)).encode()
    assert len(raw) > 5_000_000
    assert spent(language, raw, dialect) < 20


@pytest.mark.parametrize("language", TRANSLATED, ids=named)
def test_100_kb_cost_a_millisecond_more_than_a_word(language):
    small, large = (json.dumps(language.body(text)).encode() for text in ("hello", "hello world " * 8_500))
    assert len(large) > 100_000
    assert spent(language, large, OWN[language]) - spent(language, small, OWN[language]) < 1
