"""Probes show which models are there, and heal those that come back."""

import asyncio

import pytest
from application.scripted import Router, ScriptedProvider, comes_about, wanted

from neuroroute.application.probe_models import ProbeModels
from neuroroute.domain.errors import ProviderMisconfigured, ProviderThrottled, ProviderUnavailable
from neuroroute.domain.health import MIN_CALLS, HealthStatus

pytestmark = pytest.mark.anyio

DOWN = ProviderUnavailable("connection refused")


def probing(router, interval=60.0):
    return ProbeModels(catalog=router.catalog, health=router.health, interval=interval)


async def test_a_round_shows_every_model_by_its_provider():
    router = Router(openai=ScriptedProvider(probes=[DOWN]), anthropic=ScriptedProvider(
        probes=[ProviderMisconfigured("our key is not accepted", status=401)]
    ))  # fmt: skip
    await probing(router).once()
    health = {model: router.health.of(model) for model in router.cards}
    assert {model: one.status for model, one in health.items()} == {
        "local": HealthStatus.HEALTHY, "openai": HealthStatus.UNHEALTHY, "anthropic": HealthStatus.UNHEALTHY,
    }  # fmt: skip
    assert health["openai"].error == "connection refused"
    assert all(one.checked_at for one in health.values())
    assert set(router.health.unfit(0.0)) == {"openai", "anthropic"}


async def test_costs_no_tokens():
    router = Router()
    await probing(router).once()
    assert not [call for provider in router.providers.values() for call in provider.calls]
    assert router.told == []


async def test_a_model_comes_back_with_its_next_good_probe():
    router = Router(local=ScriptedProvider(probes=[DOWN, None]))
    probe = probing(router)
    await probe.once()
    await router.ask(wanted())
    assert not router.local.calls
    await probe.once()
    await router.ask(wanted(cache=None))
    assert len(router.local.calls) == 1


@pytest.mark.parametrize("busy", [ProviderThrottled("429"), ProviderThrottled("all connections in use", status=None)])
async def test_a_provider_too_busy_for_a_probe_is_as_it_was_before(busy):
    router = Router(local=ScriptedProvider(probes=[busy]), openai=ScriptedProvider(probes=[None, busy]))
    router.providers["anthropic"] = ScriptedProvider(probes=[DOWN, busy])
    probe = probing(router)
    await probe.once()
    before = {model: router.health.of(model) for model in router.cards}
    await probe.once()
    assert {model: router.health.of(model) for model in ("local", "anthropic")} == {
        model: before[model] for model in ("local", "anthropic")
    }
    assert [router.health.of(model).status for model in ("local", "openai", "anthropic")] == [
        HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY,
    ]  # fmt: skip
    assert set(router.health.unfit(0.0)) == {"anthropic"}


async def test_a_good_probe_closes_an_open_breaker_at_once():
    router = Router(local=ScriptedProvider([DOWN]))
    for _ in range(MIN_CALLS):
        await router.ask(wanted(cache=None))
    await router.ask(wanted(cache=None))
    assert len(router.local.calls) == MIN_CALLS
    await probing(router).once()
    await router.ask(wanted(cache=None))
    assert len(router.local.calls) == MIN_CALLS + 1


async def test_probes_again_and_again_until_it_is_cancelled():
    router = Router(local=ScriptedProvider(probes=[DOWN, DOWN, None]))
    probes = asyncio.create_task(probing(router, interval=0.001)())
    await comes_about(lambda: router.health.of("local").status is HealthStatus.HEALTHY)
    probes.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(probes, 5)


async def test_one_slow_provider_does_not_hold_up_the_others():
    router = Router()
    started, release = asyncio.Event(), asyncio.Event()

    class Slow:
        async def probe(self):
            started.set()
            await release.wait()

    router.providers["openai"] = Slow()
    once = asyncio.create_task(probing(router).once())
    async with asyncio.timeout(5):
        await started.wait()
        await comes_about(lambda: router.health.of("anthropic").status is HealthStatus.HEALTHY)
        assert router.health.of("openai").status is HealthStatus.UNKNOWN
        release.set()
        await once
    assert router.health.of("openai").status is HealthStatus.HEALTHY
