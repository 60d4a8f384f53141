"""OpenAI's embeddings: unit vectors that repeat."""

import base64
import math
import struct

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def embed(simulator, client):
    async def ask(given="Hello there", *, simulate="", local=False, **fields):
        body = {"model": "text-embedding-3-small", "input": given} | fields
        base = simulator.urls.lmstudio if local else simulator.urls.openai
        return await client.post(f"{base}/embeddings", json=body, headers={"x-simulate": simulate} if simulate else {})

    return ask


async def vectors(answer):
    return [entry["embedding"] for entry in (await answer).json()["data"]]


async def test_each_text_has_a_unit_vector_of_its_own(embed):
    body = (await embed(["one", "two", "one"])).json()
    assert (body["object"], body["model"]) == ("list", "text-embedding-3-small")
    assert body["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert [entry["index"] for entry in body["data"]] == [0, 1, 2]
    one, two, again = [entry["embedding"] for entry in body["data"]]
    assert one == again != two
    assert len(one) == 1536
    assert math.hypot(*one) == pytest.approx(1)


async def test_a_vector_depends_on_the_model_and_not_on_the_provider(embed):
    assert await vectors(embed()) == await vectors(embed(local=True))
    assert await vectors(embed()) != await vectors(embed(model="other"))


async def test_base64_holds_the_same_numbers(embed):
    (plain,), (packed,) = (
        await vectors(embed(dimensions=8)),
        await vectors(embed(dimensions=8, encoding_format="base64")),
    )
    assert struct.unpack("<8f", base64.b64decode(packed)) == pytest.approx(plain)


async def test_tokens_by_their_numbers_are_taken(embed):
    assert len(await vectors(embed([1, 2, 3]))) == 1
    assert len(await vectors(embed([[1, 2], [3]]))) == 2


@pytest.mark.parametrize(
    "fields", [{"given": []}, {"given": ""}, {"dimensions": 0}, {"model": None}, {"given": [1, "x"]}]
)
async def test_nonsense_is_refused(embed, fields):
    assert (await embed(**fields)).status_code == 400


async def test_embeddings_fail_on_demand(embed, simulator, client):
    assert (await embed("x [[sim:openai.status=503]]")).status_code == 503
    assert (await embed(simulate="status=429")).headers["retry-after"] == "1"
    assert (await embed(simulate="garbage=html")).headers["content-type"].startswith("text/html")
    counts = (await client.get(f"{simulator.urls.anthropic}/_stats")).json()["openai"]
    assert (counts["embeddings"], counts["faulty"]) == (3, 3)


async def test_a_field_that_nobody_knows_comes_back(embed):
    assert (await embed()).json()["x_simulated"] is True
    assert (await embed(x_simulated=[5])).json()["x_simulated"] == [5]
