"""RegistryService through gRPC: who may register, what is found, what watchers see."""

import asyncio
from typing import Any

from control_world import World, refused

from aidevos.core.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    PermissionDeniedError,
    UnavailableError,
    VersionConflictError,
)
from aidevos.v1 import registry_pb2 as pb


def service(name: str, **more: Any) -> pb.RegisteredService:
    endpoint = pb.ServiceEndpoint(protocol="grpc", address="127.0.0.1:1")
    return pb.RegisteredService(name=name, kind="agent", endpoints=[endpoint], **more)


async def register(world: World, name: str, client: Any = None, **more: Any) -> Any:
    client = client or world.operator
    lease_ms = more.pop("lease_ms", 0)
    request = pb.RegisterServiceRequest(service=service(name, **more), lease_ms=lease_ms)
    return (await client.call(client.registry.RegisterService, request)).service


async def test_a_registered_service_is_found_by_its_criteria(world: World) -> None:
    await register(world, "agent/b", criteria={"role": "backend"}, metadata={"zone": "1"})
    await register(world, "agent/p", criteria={"role": "pm"})
    reader = world.agent("pm")
    request = pb.DiscoverServicesRequest(criteria={"role": "backend"})
    [found] = (await reader.call(reader.registry.DiscoverServices, request)).services
    assert (found.name, found.owner, dict(found.metadata)) == ("agent/b", "operator", {"zone": "1"})
    assert found.endpoints[0].address == "127.0.0.1:1"


async def test_services_are_listed_in_pages(world: World) -> None:
    for name in "abc":
        await register(world, name)
    call = world.operator.registry.ListServices
    first = await world.operator.call(call, pb.ListServicesRequest(page_size=2))
    token = first.next_page_token
    second = await world.operator.call(call, pb.ListServicesRequest(page_token=token))
    assert [s.name for s in first.services] == ["a", "b"]
    assert [s.name for s in second.services] == ["c"]
    assert (second.next_page_token, first.revision) == ("", 3)


async def test_a_watcher_sees_the_end_of_a_lease_and_the_end_of_the_server(world: World) -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()

    async def watch() -> None:
        request = pb.WatchServicesRequest(after_revision=1)
        async for change in world.operator.stream(world.operator.registry.WatchServices, request):
            await seen.put((change.service.name, change.gone))

    await register(world, "first")
    watching = asyncio.create_task(refused(watch()))
    await register(world, "agent/x", lease_ms=2_000)
    assert await asyncio.wait_for(seen.get(), 5) == ("agent/x", False)
    world.clock.advance(2_000)
    assert await asyncio.wait_for(seen.get(), 5) == ("agent/x", True)
    await world.plane.stop()
    assert isinstance(await asyncio.wait_for(watching, 5), UnavailableError)


async def test_a_name_belongs_to_who_registered_it(world: World) -> None:
    backend, pm = world.agent("backend"), world.agent("pm")
    made = await register(world, "agent/b", backend)
    assert made.owner == "agent:backend:1"
    assert isinstance(await refused(register(world, "agent/b", pm)), AlreadyExistsError)
    gone = pb.DeregisterServiceRequest(name="agent/b")
    denied = await refused(pm.call(pm.registry.DeregisterService, gone))
    assert isinstance(denied, PermissionDeniedError)
    update = pb.UpdateServiceRequest(service=service("agent/b", version="2"), expected_revision=9)
    late = await refused(backend.call(backend.registry.UpdateService, update))
    assert isinstance(late, VersionConflictError)
    update.expected_revision = made.revision
    assert (await backend.call(backend.registry.UpdateService, update)).service.version == "2"


async def test_wrong_registrations_name_their_field(world: World) -> None:
    for change, field in (
        ({"name": "a b"}, "name"),
        ({"name": "a", "lease_ms": 5}, "lease_ms"),
        ({"name": "a", "criteria": {str(n): "" for n in range(65)}}, "criteria"),
    ):
        error = await refused(register(world, **change))  # type: ignore[arg-type]
        assert isinstance(error, InvalidArgumentError)
        assert error.violations[0].field == field
    anonymous = await refused(register(world, "a", world.nobody))
    assert isinstance(anonymous, PermissionDeniedError)
