"""Who calls through the gRPC door: tokens, loopback, policy, trace."""

import grpc
import pytest
from aidevos_host.policy import ServicePolicy
from grpc_world import OPERATOR, World, call, running
from test_grpc_calls import reason

from aidevos.doors.grpc_door import is_loopback
from aidevos.v1 import objects_pb2 as pb

A = {"object_type": "Counter", "key": "a"}


async def invoke_as(world: World, authorization: str | None) -> str:
    """Return "ok", or why the call was refused."""
    metadata = (("authorization", authorization),) if authorization else ()
    try:
        await world.objects.Invoke(call(), metadata=metadata, timeout=5)
    except grpc.aio.AioRpcError as error:
        return reason(error)
    return "ok"


async def test_over_loopback_no_token_is_anonymous_and_a_wrong_one_is_refused() -> None:
    async with running() as world:
        assert await invoke_as(world, None) == "ok"
        assert await invoke_as(world, f"Bearer {OPERATOR}") == "ok"
        assert await invoke_as(world, "Bearer not-a-token-of-this-server") == "UNAUTHENTICATED"
        assert await invoke_as(world, OPERATOR) == "UNAUTHENTICATED"
        events = (await world.objects.ListEvents(pb.ListEventsRequest(**A))).events
        assert [event.principal for event in events] == ["anonymous", "operator"]


async def test_beyond_loopback_every_call_needs_a_token() -> None:
    async with running(address="0.0.0.0:0") as world:
        assert await invoke_as(world, None) == "UNAUTHENTICATED"
        assert await invoke_as(world, f"Bearer {OPERATOR}") == "ok"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await world.objects.ListTypes(pb.ListTypesRequest(), timeout=5)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_what_no_grant_allows_is_denied_through_this_door() -> None:
    async with running(policy=ServicePolicy(frozenset())) as world:
        assert await invoke_as(world, None) == "PERMISSION_DENIED"
        assert await invoke_as(world, f"Bearer {OPERATOR}") == "ok"


async def test_the_trace_of_a_call_is_taken_from_its_metadata(world: World) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await world.objects.Invoke(call(), metadata=(("traceparent", trace),), timeout=5)
    assert [call.traceparent for call in world.between.seen] == [trace]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.1:1", False),
        ("localhost.example:1", False),
        (":1", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback
