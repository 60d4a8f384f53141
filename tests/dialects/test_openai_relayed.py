"""What goes to an OpenAI provider word for word, besides chats."""

import msgspec
import pytest
from factories import ModelCardFactory

from neuroroute.dialects.embeddings import EmbeddingsDialect, EmbeddingsRelay
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.dialects.responses.mismatched import MismatchedResponses
from neuroroute.dialects.responses.relay import ResponsesRelay

CARD = ModelCardFactory.build(upstream="gpt-5-mini")
BODY = {"model": "auto", "input": "Hello", "x_nobody_heard_of": [{"a": 1.5}]}


@pytest.mark.parametrize(
    ("caller", "path", "readings"),
    [
        (ResponsesDialect(), "/responses", (ResponsesRelay, MismatchedResponses)),
        (EmbeddingsDialect(), "/embeddings", (EmbeddingsRelay, EmbeddingsRelay)),
    ],
    ids=["responses", "embeddings"],
)
def test_all_fields_go_on_and_the_model_by_its_providers_name(caller, path, readings):
    prompt = caller.read(BODY, []).prompt
    call = OpenAIDialect().call(prompt, CARD)
    assert call.path == path
    assert msgspec.json.decode(call.body) == BODY | {"model": "gpt-5-mini"}
    assert (type(call.reading), type(call.mismatched)) == readings
    assert OpenAIDialect().drops(prompt) == ()
