"""What no client that keeps to the rules sends: refused with the field, neighbours unharmed."""

import grpc
import pytest
from frame_client import Ask, FrameClient, calls, check_neighbour, opening
from google.rpc.error_details_pb2 import BadRequest
from grpc_world import World
from test_grpc_calls import details, reason

from aidevos.v1 import sessions_pb2 as pb

Code = grpc.StatusCode
BOTH = pytest.mark.usefixtures("sessions")
ONE, TWO = Ask(1), Ask(2)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (calls(ONE, object_index=[]), "object_index"),
        (calls(ONE, object_index=[0, 0]), "object_index"),
        (calls(ONE, object_index=[1]), "object_index"),
        (calls(ONE, method_index=[]), "method_index"),
        (calls(ONE, method_index=[7]), "method_index"),
        (calls(ONE, methods=[]), "method_index"),
        (calls(ONE, methods=["add"] * 257), "method_index"),
        (calls(ONE, keys=[]), "keys"),
        (calls(ONE, keys=["a", "b"]), "keys"),
        (calls(ONE, keys=["a"] * 257, object_types=["Counter"] * 257), "keys"),
        (calls(ONE, payload_ends=[]), "payload_ends"),
        (calls(ONE, payload_ends=[3]), "payload_ends"),
        (calls(ONE, payload_ends=[1]), "payload_ends"),
        (calls(ONE, TWO, payload_ends=[4, 2]), "payload_ends"),
        (calls(ONE, TWO, payload_ends=[5, 4]), "payload_ends"),
        (calls(payloads=b"{}"), "payload_ends"),
        (calls(ONE, numbers=[0]), "numbers"),
        (calls(ONE, numbers=[1 << 63]), "numbers"),
        (calls(ONE, numbers=[]), "object_index"),
        (calls(*map(Ask, range(1, 258)), keys=["a"], object_types=["Counter"]), "numbers"),
        (calls(ONE, TWO, expected_versions=[1]), "expected_versions"),
        (calls(ONE, TWO, expected_versions=[1, -2]), "expected_versions"),
        (calls(ONE, timeouts_ms=[1, 2]), "timeouts_ms"),
        (calls(ONE, mark=1), "answered_number"),
        (calls(ONE, mark=(1 << 64) - 1), "answered_number"),
        (opening("s"), "calls"),
        (opening("s", tenant="other"), "calls"),
        (pb.SessionRequest(), "calls"),
    ],
)
@BOTH
async def test_a_frame_that_no_client_sends_ends_its_stream_and_names_the_field(
    world: World, bad: pb.SessionRequest, field: str
) -> None:
    neighbour, client = FrameClient(world.channel), FrameClient(world.channel)
    await neighbour.open(opening("neighbour"))
    await client.open()
    error = await client.refused(bad)
    assert (error.code(), reason(error)) == (Code.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    (named,) = details(error, BadRequest)
    assert [violation.field for violation in named.field_violations] == [field]
    assert (await world.invoke("total")).version == 0, "nothing of the frame was admitted"
    await check_neighbour(world, neighbour, 1)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (pb.SessionRequest(), "open"),
        (calls(ONE), "open"),
        (opening(""), "session_id"),
        (opening("x" * 129), "session_id"),
        (opening("é"), "session_id"),
        (opening("a\n"), "session_id"),
        (opening(tenant="No!"), "tenant"),
        (opening(expires_at=None), "expires_at"),
        (opening(expires_at={"seconds": 9_999_999_999}), "expires_at"),
        (opening(sent=1 << 63), "sent_number"),
    ],
)
@BOTH
async def test_a_session_that_cannot_be_opened_is_refused_with_the_field(
    world: World, bad: pb.SessionRequest, field: str
) -> None:
    client = FrameClient(world.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.open(bad)
    assert caught.value.code() is Code.INVALID_ARGUMENT
    (named,) = details(caught.value, BadRequest)
    assert [violation.field for violation in named.field_violations] == [field]


@BOTH
async def test_a_session_that_is_over_is_expired(world: World) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await FrameClient(world.channel).open(opening(expires_at={"seconds": 1}))
    assert reason(caught.value) == "EXPIRED"


async def raw(world: World, *messages: bytes) -> grpc.aio.AioRpcError:
    """Send bytes as they are and return how the stream ends."""
    method = world.channel.stream_stream("/aidevos.v1.SessionService/Session")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in method(iter(messages), timeout=10):
            pass
    return caught.value


@BOTH
async def test_a_frame_cut_in_half_ends_its_own_stream_alone(world: World) -> None:
    neighbour = FrameClient(world.channel)
    await neighbour.open(opening("neighbour"))
    whole = calls(ONE, TWO).SerializeToString()
    error = await raw(world, opening().SerializeToString(), whole[: len(whole) // 2])
    assert error.code() is Code.INVALID_ARGUMENT
    assert reason(error) == "INVALID_ARGUMENT"
    await check_neighbour(world, neighbour, 1)


@BOTH
async def test_a_frame_of_100_megabytes_is_refused_unread(world: World) -> None:
    neighbour = FrameClient(world.channel)
    await neighbour.open(opening("neighbour"))
    error = await raw(world, opening().SerializeToString(), b" " * (100 << 20))
    assert error.code() is Code.RESOURCE_EXHAUSTED
    await check_neighbour(world, neighbour, 1)
