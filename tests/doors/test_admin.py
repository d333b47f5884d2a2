"""The objects' own HTTP/JSON, health and metrics."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from todo_types import Todo, TodoApp

from aidevos.core.errors import UnauthenticatedError
from aidevos.doors.admin import AdminDoor, AdminSettings
from aidevos.doors.admin_watch import watch
from aidevos.doors.http_message import Request
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.log import ShardLog
from aidevos.storage.memory import MemoryStore
from aidevos.telemetry.meters import CallMeters, MeteredPort
from aidevos.telemetry.metrics import Metrics, Sources
from examples import counter

A = "/v1/objects/Counter/a"


@dataclass
class World:
    host: Host
    door: AdminDoor
    http: httpx.AsyncClient

    async def add(self, n: int = 1, **headers: str) -> httpx.Response:
        """Count on."""
        return await self.http.post(f"{A}/add", json={"n": n}, headers=headers)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    host, meters = Host(ShardLog(MemoryStore()), HostConfig(shard_count=2)), CallMeters()
    executor = InProcessExecutor((counter.Counter, Todo, TodoApp))
    host.catalog.install(Service("default", "tried", 1, executor, OPEN))
    await host.start()
    sources = Sources(calls=meters, statistics=host.statistics, worker_starts=dict)
    settings = AdminSettings(metrics=Metrics(sources).expose)
    door = AdminDoor(MeteredPort(host, meters), settings)
    transport = httpx.ASGITransport(app=door)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8081") as http:
        yield World(host, door, http)
    await host.stop()


async def test_a_call_tells_version_and_reply(world: World) -> None:
    await world.add(2)
    reply = await world.add(3)
    assert reply.json() == {"version": 2, "reply": 5, "repeated": False}
    assert reply.headers["etag"] == '"2"'
    total = await world.http.post(f"{A}/total")
    assert total.json()["reply"] == 5


async def test_a_repeat_with_the_key_is_applied_once(world: World) -> None:
    first = await world.add(2, **{"idempotency-key": "k"})
    again = await world.add(2, **{"idempotency-key": "k"})
    other = await world.add(3, **{"idempotency-key": "k"})
    assert (first.json()["reply"], again.json()["reply"]) == (2, 2)
    assert again.json()["repeated"] is True
    assert (other.status_code, other.json()["reason"]) == (422, "ALREADY_EXISTS")


async def test_an_object_is_shown_now_and_as_it_was(world: World) -> None:
    await world.add(2)
    await world.add(3)
    now, then = await world.http.get(A), await world.http.get(A, params={"version": 1})
    assert (now.json()["state"], now.json()["version"]) == ({"total": 5}, 2)
    assert (then.json()["state"], then.headers["etag"]) == ({"total": 2}, '"1"')
    assert now.json()["index"] == {"total": 5}
    assert now.json()["created_at"] <= now.json()["updated_at"]


async def test_a_key_may_be_any_printable_text(world: World) -> None:
    place = "/v1/objects/Counter/%7Bg%7Da%2Fb%3Ac%20%C3%BC"
    assert (await world.http.post(f"{place}/add")).status_code == 200
    assert (await world.http.get(place)).json()["key"] == "{g}a/b:c ü"
    assert (await world.http.get("/v1/objects/Counter/%01")).json()["errors"][0]["field"] == "key"


async def test_objects_are_listed_by_type_prefix_and_indexed_field(world: World) -> None:
    for key, n in (("a1", 1), ("a2", 2), ("b1", 1)):
        await world.http.post(f"/v1/objects/Counter/{key}/add", json={"n": n})

    async def keys(query: str) -> list[str]:
        listed = await world.http.get(f"/v1/objects?{query}")
        return [one["key"] for one in listed.json()["objects"]]

    assert await keys("type=Counter") == ["a1", "a2", "b1"]
    assert await keys("type=Counter&key_prefix=a") == ["a1", "a2"]
    assert await keys("type=Counter&where.total=1") == ["a1", "b1"]
    first = (await world.http.get("/v1/objects?page_size=2")).json()
    rest = await keys(f"page_token={first['next_page_token']}")
    assert rest == ["b1"]


async def test_events_come_oldest_first_in_pages(world: World) -> None:
    for n in (1, 2, 3):
        await world.add(n)
    page = (await world.http.get(f"{A}/events?limit=2")).json()
    assert [event["body"] for event in page["events"]] == [{"n": 1}, {"n": 2}]
    rest = (await world.http.get(f"{A}/events?after={page['next_after']}")).json()
    assert [event["sequence"] for event in rest["events"]] == [3]
    assert rest["next_after"] is None
    assert rest["events"][0]["method"] == "add"


async def test_a_watch_tells_what_was_and_each_new_event_until_the_server_stops(
    world: World,
) -> None:
    await world.add(1)
    request = Request(
        method="GET", segments=("v1", "objects", "Counter", "a", "watch"), query=(),
        headers={"last-event-id": "0"}, origin="http://127.0.0.1", target="",
    )  # fmt: skip
    stopping = asyncio.Event()
    lines = (await watch(world.host, request, "operator", stopping)).stream
    assert lines is not None
    assert (await anext(lines)).startswith(b":")
    assert (await anext(lines)).startswith(b"id: 1\nevent: event\n")
    coming = asyncio.ensure_future(anext(lines))
    await world.add(2)
    data = (await coming).split(b"data: ")[1]
    assert json.loads(data)["body"] == {"n": 2}
    stopping.set()
    assert [line async for line in lines] == []


async def test_a_version_that_is_not_current_is_412(world: World) -> None:
    await world.add()
    refused = await world.add(1, **{"if-match": '"0"'})
    assert (refused.status_code, refused.json()["reason"]) == (412, "VERSION_CONFLICT")


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("Counter/a/add", b'{"n":0}', 400, "INVALID_ARGUMENT"),
        ("Counter/a/add", b'{"n":"x"}', 400, "INVALID_ARGUMENT"),
        ("Counter/a/add", b"{", 400, "INVALID_ARGUMENT"),
        ("Counter/a/add", b"[" * 200_000, 400, "INVALID_ARGUMENT"),
        ("Counter/a/nothing", b"{}", 404, "NOT_FOUND"),
        ("Nothing/a/add", b"{}", 404, "NOT_FOUND"),
        ("9/a/add", b"{}", 400, "INVALID_ARGUMENT"),
        ("Counter/a/add", b" " * (1 << 21), 413, "RESOURCE_EXHAUSTED"),
    ],
)
async def test_a_wrong_call_is_told_and_changes_nothing(
    world: World, path: str, body: bytes, status: int, reason: str
) -> None:
    reply = await world.http.post(f"/v1/objects/{path}", content=body)
    assert (reply.status_code, reply.json()["reason"]) == (status, reason)
    assert reply.headers["content-type"] == "application/problem+json"
    assert (await world.http.get(A)).status_code == 404


async def test_a_deadline_of_zero_and_an_expired_identity_are_not_applied(world: World) -> None:
    late = await world.add(1, **{"timeout-ms": "0"})
    assert (late.status_code, late.json()["reason"]) == (504, "DEADLINE_EXCEEDED")
    expired = await world.add(1, **{"idempotency-key": "k", "expires-at-ms": "1"})
    assert expired.json()["reason"] == "EXPIRED"
    wrong = await world.add(1, **{"idempotency-key": "x" * 129})
    assert wrong.json()["errors"][0]["field"] == "request_id"
    assert (await world.http.get(A)).status_code == 404


async def test_other_methods_are_405_with_allow(world: World) -> None:
    for place, method in (("/", "POST"), ("/v1/objects", "DELETE"), (f"{A}/add", "GET")):
        reply = await world.http.request(method, place)
        assert reply.status_code == 405
        assert reply.headers["allow"]


async def test_the_openapi_document_refers_to_nothing_that_it_has_not(world: World) -> None:
    document = (await world.http.get("/openapi.json")).json()
    post = document["paths"]["/v1/objects/Counter/{key}/add"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["n"]["type"] == "integer"
    for reference in references(document):
        name = reference.removeprefix("#/components/schemas/")
        assert name in document["components"]["schemas"]


def references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if "$ref" in value else []
    return own + [found for item in value.values() for found in references(item)]


async def test_the_index_names_places_that_answer(world: World) -> None:
    index = (await world.http.get("/")).json()
    places = [index[name] for name in ("objects", "types", "openapi", "metrics")]
    for place in [*places, *index["health"]]:
        assert (await world.http.get(place)).status_code == 200
    types = (await world.http.get("/v1/types")).json()["types"]
    assert [one["name"] for one in types] == ["Counter", "Todo", "TodoApp"]


async def test_metrics_count_calls_by_outcome_and_name_no_key(world: World) -> None:
    await world.add()
    await world.add(0)
    await world.http.post("/v1/objects/Nothing/secret-key/add")
    text = (await world.http.get("/metrics")).text
    assert 'aidevos_calls_total{object_type="Counter",outcome="OK"} 1.0' in text
    assert 'aidevos_calls_total{object_type="Counter",outcome="INVALID_ARGUMENT"} 1.0' in text
    assert 'aidevos_calls_total{object_type="",outcome="NOT_FOUND"} 1.0' in text
    assert 'aidevos_call_seconds_bucket{le="+Inf"} 3.0' in text
    assert "aidevos_shards 2.0" in text
    assert "secret-key" not in text


async def test_a_page_of_another_site_may_not_change_objects(world: World) -> None:
    for headers in ({"origin": "http://evil.test"}, {"sec-fetch-site": "cross-site"}):
        assert (await world.add(1, **headers)).status_code == 403
    rebound = await world.http.post(f"{A}/add", headers={"host": "evil.test"})
    assert rebound.status_code == 403
    assert (await world.http.get(A)).status_code == 404


async def test_who_is_not_known_is_401_but_health_is_told_to_everybody(world: World) -> None:
    def nobody(authorization: str | None) -> str:
        raise UnauthenticatedError("this address needs a token")

    settings = AdminSettings(identify=nobody, loopback=False, ready=lambda: False)
    transport = httpx.ASGITransport(app=AdminDoor(world.host, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://server.test") as http:
        for place in ("/", "/metrics", "/v1/objects", A):
            refused = await http.get(place)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
