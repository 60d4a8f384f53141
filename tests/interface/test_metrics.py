"""What `/metrics` shows after known requests, and what neither it nor the log ever shows."""

from infrastructure.scraped import samples
from interface.events import stream
from running import ADMIN_KEY, ANTHROPIC_KEY, OPENAI_KEY, eventually

CANARY = "canary-prompt-5e1f"


def ask(client, text="hello", **metadata):
    return client.post("/prompt", json={"prompt": f"{text} {CANARY}", "metadata": metadata})


def test_counts_what_happened(client):
    def scrape():
        return samples(client.get("/metrics").text)

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    before = scrape()
    ask(client, model="openai", use_cache=False)
    ask(client, "hello [[sim:local.status=500]]", model="local", use_cache=False)
    ask(client, "cached", model="anthropic")
    ask(client, "cached", model="anthropic")
    stream(client, f"hello {CANARY}", model="openai")
    assert ask(client, "hello [[sim:all.status=500]]", use_cache=False).status_code == 502
    assert client.post("/test-model/openai", json={"prompt": CANARY}).status_code == 200
    asked = "requests_total{model=openai,outcome=answered,surface=test_model}"
    eventually(lambda: scrape().get(asked, 0) > before.get(asked, 0), within=2)
    after = scrape()
    assert grown("requests_total{model=openai,outcome=answered,surface=prompt}") == 3
    assert grown("requests_total{model=anthropic,outcome=answered,surface=prompt}") == 2
    assert grown("requests_total{model=none,outcome=failed,surface=prompt}") == 1
    assert grown("requests_total{model=openai,outcome=answered,surface=test_model}") == 1
    assert grown("cache_total{result=hit}") == 1
    assert grown("cache_total{result=miss}") == 1
    assert grown("fallbacks_total{model=local}") == 2
    assert grown("attempts_total{model=local,outcome=unavailable,provider=lmstudio}") == 2
    assert grown("time_to_first_event_seconds_count{model=openai}") == 1
    assert grown("request_latency_seconds_count{model=openai,outcome=answered,surface=prompt}") == 3
    assert grown("overhead_seconds_count{surface=prompt}") == 6
    assert grown("tokens_total{kind=completion,model=openai}") > 0
    assert grown("cost_usd_total{model=openai}") > 0
    assert after["breaker_state{model=local}"] == 0
    assert after["in_flight_requests"] == 1
    assert {"event_loop_lag_seconds", "upstream_connections{provider=openai,state=idle}"} <= after.keys()


def test_is_prometheus_text(client):
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"# TYPE neuroroute_requests_total counter" in answer.content


def test_refused_requests_make_no_new_series(client):
    before = samples(client.get("/metrics").text).keys()
    for n in range(50):
        client.get(f"/nope-{n}")
        client.post(f"/test-model/nope-{n}", json={"prompt": CANARY})
        client.post("/prompt", json={"prompt": CANARY, "metadata": {"model": f"m-{n}", "priority": f"p-{n}"}})
    new = samples(client.get("/metrics").text).keys() - before
    assert not [name for name in new if "nope" in name or "m-" in name]
    assert len(new) < 40


def test_neither_a_prompt_nor_a_key_is_ever_logged_or_shown(client, admin, service):
    ask(client, use_cache=False)
    client.post(
        "/prompt", json={"prompt": CANARY, "metadata": {"temperature": 9}}, headers={"x-api-key": "canary-key-1"}
    )
    client.get(f"/health?key={CANARY}", headers={"authorization": "Bearer canary-key-2"})
    admin.post("/admin/cache/clear")
    shown = [
        service.log,
        client.get("/metrics").text,
        client.get("/health?detailed=1").text,
        client.get("/models").text,
    ]
    for text in shown:
        for secret in (CANARY, "canary-key", OPENAI_KEY, ANTHROPIC_KEY, ADMIN_KEY):
            assert secret not in text
