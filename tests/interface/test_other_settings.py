"""What installations say that are set up unlike most."""

import httpx
import pytest
from dependency_injector import providers
from interface.embedded import embedded

from neuroroute.asgi import create_app
from neuroroute.container import Container
from neuroroute.settings import Settings

pytestmark = pytest.mark.anyio


async def get(target, home, **environ):
    settings = Settings.from_env({"NEUROROUTE_HOME": str(home), "LMSTUDIO_PORT": "9", **environ})
    app = create_app(Container(settings=providers.Object(settings)))
    async with embedded(app) as port, httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{target}", timeout=10)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_a_title_is_text_and_never_markup(page, tmp_path):
    answer = await get(page, tmp_path, APP_NAME="Cats & <script>dogs")
    assert "<title>Cats &amp; &lt;script&gt;dogs</title>" in answer.text


async def test_detailed_health_has_the_metrics_of_models_that_can_be_asked(tmp_path):
    told = (await get("/health?detailed=true", tmp_path)).json()
    assert told["models"].keys() == {"local", "openai", "anthropic"}
    assert told["metrics"].keys() == {"local"}
