"""Unary calls: answers, tasks of handlers, refusals, sizes, packing."""

import asyncio

import grpc
import pytest
from kit_service import NAME
from kit_world import KitWorld

from aidevos.doors.grpc_interface import MESSAGE_BYTES_MAX

Code = grpc.StatusCode


async def refused(call: "grpc.aio.UnaryUnaryCall[bytes, bytes]") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


@pytest.mark.parametrize("method", ["Echo", "Hold", "Plain"])
@pytest.mark.parametrize("size", [0, 1, 16_000, 17_000, 70_000, MESSAGE_BYTES_MAX])
async def test_messages_of_any_size_come_back(world: KitWorld, method: str, size: int) -> None:
    world.kit.gate.set()
    request = bytes(range(256)) * (size // 256 + 1)
    assert await world.unary(method)(request[:size]) == request[:size]


async def test_a_message_that_is_too_large_is_refused_and_the_connection_goes_on(
    world: KitWorld,
) -> None:
    error = await refused(world.unary("Echo")(bytes(MESSAGE_BYTES_MAX + 1)))
    assert error.code() is Code.RESOURCE_EXHAUSTED
    assert "larger than max" in (error.details() or "")
    assert await world.unary("Echo")(b"next") == b"next"


async def test_many_calls_at_once_are_all_answered(world: KitWorld) -> None:
    number = 3_000 if world.kind == "own" else 900  # grpc refuses some above a thousand.
    world.kit.gate.set()
    echo = world.unary("Hold")
    answers = await asyncio.gather(*(echo(b"%d" % n, timeout=30) for n in range(number)))
    assert answers == [b"%d" % n for n in range(number)]


async def test_large_messages_beside_small_ones_all_arrive(world: KitWorld) -> None:
    sizes = [MESSAGE_BYTES_MAX, 10] * 4
    answers = await asyncio.gather(*(world.unary("Echo")(bytes(size)) for size in sizes))
    assert [len(answer) for answer in answers] == sizes


async def test_handlers_may_use_what_needs_a_task(world: KitWorld) -> None:
    assert await world.unary("Timed")(b"") == b"timed out"
    assert await world.unary("Gathered")(b"") == b"\x00\x01\x02"


async def test_no_call_sees_the_context_variables_of_another(world: KitWorld) -> None:
    for request in (b"one", b"suspend", b"two", b"suspend", b"three"):
        assert await world.unary("Variable")(request) == request


@pytest.mark.parametrize("request_", [b"", b"suspends"])
async def test_a_bug_in_a_handler_is_unknown_to_its_caller(
    world: KitWorld, request_: bytes
) -> None:
    error = await refused(world.unary("Bug")(request_))
    assert error.code() is Code.UNKNOWN
    assert world.kind == "grpcio" or "secret" not in (error.details() or "")
    assert await world.unary("Echo")(b"next") == b"next"


async def test_an_answer_of_a_wrong_type_is_an_error(world: KitWorld) -> None:
    error = await refused(world.unary("Wrong")(b""))
    assert error.code() in (Code.UNKNOWN, Code.INTERNAL)


async def test_an_abort_carries_message_details_and_trailers(world: KitWorld) -> None:
    message = "50 % of »Größe« is too much\n"
    error = await refused(world.unary("Abort")(message.encode()))
    trailers = dict(error.trailing_metadata())
    assert (error.code(), error.details()) == (Code.FAILED_PRECONDITION, message)
    assert trailers["kit-why"] == "because"
    assert trailers["grpc-status-details-bin"] == b"\x00\xffdetails"


async def test_a_code_that_is_set_ends_the_call_without_an_answer(world: KitWorld) -> None:
    error = await refused(world.unary("Code")(b"nobody"))
    assert (error.code(), error.details()) == (Code.NOT_FOUND, "nobody")
    assert dict(error.trailing_metadata())["kit-set"] == "yes"


@pytest.mark.parametrize("path", [f"/{NAME}/Nothing", "/no.Service/Echo", "/", "/a/b/c"])
async def test_what_is_not_there_is_unimplemented(world: KitWorld, path: str) -> None:
    error = await refused(world.channel.unary_unary(path)(b"", timeout=5))
    assert error.code() is Code.UNIMPLEMENTED


async def test_packed_requests_are_unpacked(world: KitWorld) -> None:
    request = b"again and again " * 1_000
    assert await world.unary("Echo")(request, compression=grpc.Compression.Gzip) == request


async def test_answers_are_packed_for_whoever_can_unpack_them(world: KitWorld) -> None:
    request = b"again and again " * 1_000
    assert await world.unary("Packed")(request) == request


async def test_a_packed_message_may_not_unpack_to_more_than_the_bound(world: KitWorld) -> None:
    error = await refused(
        world.unary("Echo")(bytes(MESSAGE_BYTES_MAX + 1), compression=grpc.Compression.Gzip)
    )
    assert error.code() is Code.RESOURCE_EXHAUSTED


async def test_the_peer_is_named(world: KitWorld) -> None:
    assert (await world.unary("Peer")(b"")).startswith(b"ipv4:127.0.0.1:")
