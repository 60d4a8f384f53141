"""A change made at one instance holds at the other, and in the other worker, within a second and without a restart."""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack

import httpx
import psutil
import pytest
from interface.keys import make_key
from msgspec import Struct
from running import Service, Simulated, eventually
from state.placing import connected, environ_of

WITHIN = 1.0
CONNECTIONS = 12
TRIES = 2


class Place(Struct, frozen=True):
    """Where changes are made, and everywhere they have to hold."""

    service: Service
    writer: httpx.Client
    everywhere: list[httpx.Client]
    simulated: Simulated

    def spread(self, change: Callable[[], httpx.Response], holds: Callable[[httpx.Client], bool]) -> float:
        """Make it, see that it holds for the next request there; the seconds until it holds everywhere."""
        assert change().status_code in {200, 201, 204}
        began = time.monotonic()
        assert holds(self.writer)
        for client in self.everywhere:
            eventually(lambda client=client: holds(client), within=began + WITHIN - time.monotonic())
        return time.monotonic() - began


@pytest.fixture(scope="module", params=["two instances on Postgres", "two workers on SQLite"])
def services(request, simulated, tmp_path_factory) -> Generator[list[Service], None, None]:
    on_postgres = request.param.endswith("Postgres")
    url = request.getfixturevalue(f"module_{'postgres' if on_postgres else 'sqlite'}_database")
    environ = environ_of(simulated, DATABASE_URL=url, NEUROROUTE_CACHE="off")
    arguments = () if on_postgres else ("--workers", "2")
    with ExitStack() as stack:
        yield [
            stack.enter_context(Service(tmp_path_factory.mktemp("instance"), *arguments, environ=environ))
            for _ in range(2 if on_postgres else 1)
        ]


@pytest.fixture
def place(services, simulated) -> Generator[Place, None, None]:
    if len(services) == 1:
        eventually(lambda: len(services[0].workers) == 2, within=10)
    with ExitStack() as stack:
        clients: list[httpx.Client] = []

        def each_worker_is_spoken_with() -> bool:
            """One that is still starting takes no connection yet, and where one ends is the system's choice."""
            for one in services:
                for _ in range(CONNECTIONS // len(services)):
                    clients.append(stack.enter_context(connected(one)))
                    assert clients[-1].get("/admin/keys").status_code == 200
            return all(connections_of(worker) for one in services for worker in one.workers)

        eventually(each_worker_is_spoken_with, within=20)
        yield Place(services[0], clients[0], clients[1:], simulated)


def connections_of(worker: int) -> int:
    open_ones = psutil.Process(worker).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port != one.raddr.port for one in open_ones)


def may_call(key: str) -> Callable[[httpx.Client], bool]:
    return lambda client: client.get("/models", headers={"x-api-key": key}).status_code == 200


def provider_hears(place: Place, holds: Callable[[dict], bool]) -> Callable[[httpx.Client], bool]:
    """Whether a prompt of this client reaches OpenAI as it should."""

    def heard(client: httpx.Client) -> bool:
        answer = client.post("/test-model/openai", json={"prompt": "hello"})
        return answer.status_code == 200 and holds(place.simulated.last()["openai"])

    return heard


@pytest.fixture
def nothing_stored(place):
    yield
    for path in ("/api-keys/openai", "/api-keys/settings/openai"):
        place.writer.delete(path)


def test_a_client_key_is_known_and_revoked_everywhere(place, record_testsuite_property):
    known, revoked = [], []
    for _ in range(10):
        made = {}

        def create(made=made):
            answer = place.writer.post("/admin/keys", json={"name": "a test"})
            made.update(answer.json())
            return answer

        known.append(place.spread(create, lambda client, made=made: may_call(made["key"])(client)))
        revoke = f"/admin/keys/{made['client_key']['id']}"
        revoked.append(
            place.spread(
                lambda path=revoke: place.writer.delete(path),
                lambda client, made=made: not may_call(made["key"])(client),
            )
        )
    record_testsuite_property("client_key_known_after_seconds", max(known))
    record_testsuite_property("client_key_revoked_after_seconds", max(revoked))
    assert max(*known, *revoked) < WITHIN


def test_a_rotated_client_key_opens_by_its_new_text_alone(place):
    made = make_key(place.service)
    for client in place.everywhere:
        eventually(lambda client=client: may_call(made["key"])(client), within=WITHIN)
    rotated = place.writer.post(f"/admin/keys/{made['client_key']['id']}/rotate").json()
    for text, status in ((rotated["key"], 200), (made["key"], 401)):
        for client in (place.writer, *place.everywhere):
            eventually(
                lambda client=client, text=text, status=status: (
                    client.get("/models", headers={"x-api-key": text}).status_code == status
                ),
                within=WITHIN,
            )


def test_a_providers_key_is_used_everywhere_and_forgotten_everywhere(
    place, simulated, nothing_stored, record_testsuite_property
):
    spread = []
    for number in range(TRIES):
        body = {"provider": "openai", "api_key": f"sk-of-many-characters-{number:04d}"}
        shown = f"Bearer ****{number:04d}"
        spread.append(
            place.spread(
                lambda body=body: place.writer.post("/api-keys/", json=body),
                provider_hears(place, lambda last, shown=shown: last["headers"]["authorization"] == shown),
            )
        )
    spread.append(
        place.spread(
            lambda: place.writer.delete("/api-keys/openai"),
            provider_hears(place, lambda last: last["headers"]["authorization"].endswith("91d1")),
        )
    )
    record_testsuite_property("provider_key_spread_seconds", max(spread))


def test_settings_are_used_everywhere(place, nothing_stored, record_testsuite_property):
    def put(**said):
        return place.writer.post("/api-keys/settings/", json={"provider": "openai", **said})

    spread = []
    for number in range(TRIES):
        model, organization = f"model-{number}", f"org-{number}"
        spread.append(
            place.spread(
                lambda model=model, organization=organization: put(model=model, organization=organization),
                provider_hears(
                    place,
                    lambda last, model=model, organization=organization: (
                        last["body"]["model"], last["headers"].get("openai-organization")
                    ) == (model, organization),
                ),
            )
        )  # fmt: skip
    # To an address set over HTTP the environment's key does not go, so that nobody can be asked there.
    spread.append(
        place.spread(
            lambda: put(api_base="https://elsewhere.example/v1"),
            lambda client: client.post("/test-model/openai", json={"prompt": "hello"}).status_code == 404,
        )
    )
    spread.append(
        place.spread(lambda: place.writer.delete("/api-keys/settings/openai"), provider_hears(place, lambda _: True))
    )
    record_testsuite_property("settings_spread_seconds", max(spread))


def test_a_model_is_there_and_gone_everywhere(place, record_testsuite_property):
    def shown(client):
        return "extra" in [model["id"] for model in client.get("/models").json()["models"]]

    spread = []
    for _ in range(TRIES):
        said = {"provider": "lmstudio", "max_tokens": 100}
        spread += [
            place.spread(lambda said=said: place.writer.put("/admin/models/extra", json=said), shown),
            place.spread(lambda: place.writer.delete("/admin/models/extra"), lambda client: not shown(client)),
        ]
    record_testsuite_property("catalogue_spread_seconds", max(spread))
    versions = {client.get("/health").json()["catalog_version"] for client in (place.writer, *place.everywhere)}
    assert len(versions) == 1
