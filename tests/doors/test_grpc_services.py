"""What is beside the calls: reading, reflection, health, tokens, what is not built, the end."""

import asyncio
import socket

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_world import OPERATOR, World
from test_grpc_calls import reason

from aidevos.core.errors import UnavailableError
from aidevos.doors.grpc_admin import SERVICE, AdminServicer, ServerInfo
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.runtime.tokens import Tokens
from aidevos.v1 import (
    admin_pb2,
    admin_pb2_grpc,
    composer_pb2,
    events_pb2,
    placement_pb2,
)
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1.composer_pb2_grpc import ComposerServiceStub
from aidevos.v1.events_pb2_grpc import EventBusServiceStub
from aidevos.v1.objects_pb2_grpc import ObjectServiceStub
from aidevos.v1.placement_pb2_grpc import PlacementServiceStub

Code = grpc.StatusCode
A = {"object_type": "Counter", "key": "a"}


# ---- reading -----------------------------------------------------------------------------------


async def test_an_object_can_be_read_now_and_as_it_was(world: World) -> None:
    await world.invoke("add", b'{"n": 2}')
    await world.invoke("add", b'{"n": 3}')
    now = (await world.objects.GetObject(pb.GetObjectRequest(**A))).object
    then = (await world.objects.GetObject(pb.GetObjectRequest(**A, version=1))).object
    assert (now.version, now.state, now.index["total"].integer) == (2, b'{"total":5}', 5)
    assert (then.version, then.state) == (1, b'{"total":2}')


@pytest.mark.parametrize("version", [0, 3])
async def test_a_version_that_never_was_is_refused(world: World, version: int) -> None:
    await world.invoke()
    await world.invoke()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await world.objects.GetObject(pb.GetObjectRequest(**A, version=version))
    assert reason(caught.value) == ("NOT_FOUND" if version else "INVALID_ARGUMENT")


async def test_objects_are_listed_page_by_page_and_by_indexed_field(world: World) -> None:
    for key in ("c", "a", "b"):
        await world.invoke("add", b'{"n": 2}' if key == "b" else b"{}", key=key)
    first = await world.objects.ListObjects(pb.ListObjectsRequest(page_size=2))
    rest = await world.objects.ListObjects(
        pb.ListObjectsRequest(page_size=2, page_token=first.next_page_token)
    )
    chosen = await world.objects.ListObjects(
        pb.ListObjectsRequest(where={"total": pb.Scalar(integer=2)})
    )
    assert [found.key for found in (*first.objects, *rest.objects)] == ["a", "b", "c"]
    assert rest.next_page_token == ""
    assert [found.key for found in chosen.objects] == ["b"]


async def test_events_are_listed_page_by_page_with_their_cause(world: World) -> None:
    for number in range(3):
        await world.invoke(request_id=f"x{number}")
    first = await world.objects.ListEvents(pb.ListEventsRequest(**A, page_size=2))
    rest = await world.objects.ListEvents(
        pb.ListEventsRequest(**A, page_size=2, page_token=first.next_page_token)
    )
    found = [(event.sequence, event.request_id) for event in (*first.events, *rest.events)]
    assert found == [(1, "x0"), (2, "x1"), (3, "x2")]
    assert (first.events[0].event_type, first.events[0].body) == ("Added", b'{"n":1}')
    assert rest.next_page_token == ""


async def test_a_watcher_sees_what_is_there_and_what_comes(world: World) -> None:
    await world.invoke()
    watching = world.objects.WatchObject(pb.WatchObjectRequest(**A), timeout=5)
    assert (await watching.read()).event.sequence == 1
    await world.invoke(request_id="next")
    assert (await watching.read()).event.request_id == "next"
    watching.cancel()


async def test_types_come_with_their_schemas(world: World) -> None:
    (found,) = (await world.objects.ListTypes(pb.ListTypesRequest())).types
    methods = {method.name: method for method in found.methods}
    assert (found.name, list(found.indexed_fields)) == ("Counter", ["total"])
    assert methods["add"].kind == pb.METHOD_KIND_COMMAND
    assert methods["total"].kind == pb.METHOD_KIND_QUERY
    assert '"integer"' in methods["add"].params_schema


# ---- reflection and health ---------------------------------------------------------------------


async def ask(world: World, version: str, **question: str) -> reflection_pb2:
    method = world.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(**question)
    return await anext(aiter(method(iter([request]), timeout=5)))


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_and_describes_every_service(world: World, version: str) -> None:
    listed = (await ask(world, version, list_services="")).list_services_response.service
    names = {service.name for service in listed}
    assert {"aidevos.v1.ObjectService", "grpc.health.v1.Health"} <= names
    assert f"grpc.reflection.{version}.ServerReflection" in names
    for name in names:
        answer = await ask(world, version, file_containing_symbol=name)
        files = answer.file_descriptor_response.file_descriptor_proto
        described = [FileDescriptorProto.FromString(file) for file in files]
        services = {f"{f.package}.{s.name}" for f in described for s in f.service}
        assert name in services


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_finds_a_method_and_names_fields_as_json_does(
    world: World, version: str
) -> None:
    asked = "aidevos.v1.ObjectService.Invoke"
    answer = await ask(world, version, file_containing_symbol=asked)
    files = answer.file_descriptor_response.file_descriptor_proto
    described = {f.name: f for f in map(FileDescriptorProto.FromString, files)}
    messages = {m.name: m for m in described["aidevos/v1/objects.proto"].message_type}
    names = {field.name: field.json_name for field in messages["InvokeRequest"].field}
    assert (names["request_id"], names["key"]) == ("requestId", "key")
    assert "google/protobuf/timestamp.proto" in described


@pytest.mark.parametrize("symbol", ["aidevos.v1.Nothing", "aidevos.v1.ObjectService.Nothing"])
async def test_reflection_says_what_it_does_not_know(world: World, symbol: str) -> None:
    answer = await ask(world, "v1", file_containing_symbol=symbol)
    assert answer.error_response.error_code == Code.NOT_FOUND.value[0]


async def test_liveness_readiness_and_every_service_are_healthy(world: World) -> None:
    stub = health_pb2_grpc.HealthStub(world.channel)
    for name in ("", "liveness", "readiness", "aidevos.v1.ObjectService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


# ---- the rest ----------------------------------------------------------------------------------


async def test_what_is_specified_and_not_built_says_so_with_a_reason(world: World) -> None:
    channel = world.channel
    placement, events = PlacementServiceStub(channel), EventBusServiceStub(channel)
    composer = ComposerServiceStub(channel)
    waiting = [
        placement.WatchPlacement(placement_pb2.WatchPlacementRequest(), timeout=5).read(),
        placement.GetPlacement(placement_pb2.GetPlacementRequest(), timeout=5),
        events.PublishEvent(events_pb2.PublishEventRequest(), timeout=5),
        events.PullEvents(events_pb2.PullEventsRequest(), timeout=5),
        events.AcknowledgeEvents(events_pb2.AcknowledgeEventsRequest(), timeout=5),
        composer.PutComposition(composer_pb2.PutCompositionRequest(), timeout=5),
        composer.RunComposition(composer_pb2.RunCompositionRequest(), timeout=5),
    ]
    for call_ in waiting:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call_
        assert caught.value.code() is Code.UNIMPLEMENTED
        assert reason(caught.value) == "UNIMPLEMENTED"


async def test_only_the_operator_may_ask_the_server_about_itself(world: World) -> None:
    tokens = Tokens()
    tokens.add(OPERATOR, "operator")
    door = GrpcDoor(world.host, tokens)

    async def info() -> ServerInfo:
        return ServerInfo(version="1", process_id=7, started_ms=1_000, statistics={"objects": 3})

    servicer = AdminServicer(info, door.identity)
    door.add(
        lambda server: admin_pb2_grpc.add_AdminServiceServicer_to_server(servicer, server),
        (SERVICE,),
    )
    port = await door.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask_ = admin_pb2_grpc.AdminServiceStub(channel).GetServerInfo
        request = admin_pb2.GetServerInfoRequest()
        shown = (("authorization", f"Bearer {OPERATOR}"),)
        answer = await ask_(request, metadata=shown, timeout=5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask_(request, timeout=5)
    await door.stop(grace_s=0)
    assert (answer.process_id, answer.start_time.seconds, answer.statistics["objects"]) == (7, 1, 3)
    assert caught.value.code() is Code.PERMISSION_DENIED


async def test_a_stop_ends_streams_with_a_reason_and_lets_calls_finish(world: World) -> None:
    await world.invoke()
    watching = world.objects.WatchObject(pb.WatchObjectRequest(**A), timeout=5)
    await watching.read()
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        entered.set()
        await leave.wait()

    world.between.before = hold
    under_way = asyncio.ensure_future(world.invoke())
    await entered.wait()
    stopping = asyncio.ensure_future(world.door.stop(grace_s=5))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watching.read()
    assert reason(caught.value) == "UNAVAILABLE"
    assert not stopping.done()
    leave.set()
    assert (await under_way).version == 2
    await stopping


async def test_an_address_that_is_taken_is_told_and_another_may_be_tried(world: World) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        door = GrpcDoor(world.host, Tokens())
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=taken):
            await door.start(taken)
        port = await door.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert await ObjectServiceStub(channel).ListTypes(pb.ListTypesRequest(), timeout=5)
    await door.stop(grace_s=0)
