"""How calls end before their time: deadlines, cancellation from both sides, drains."""

import asyncio

import grpc
import pytest
from kit_service import NAME
from kit_world import KitWorld, kit_world
from test_kit_unary import refused

Code = grpc.StatusCode


async def happens(event: asyncio.Event) -> bool:
    async with asyncio.timeout(5):
        return await event.wait()


@pytest.mark.parametrize("method", ["Hold", "Forever"])
async def test_a_deadline_ends_the_call_and_its_handler(world: KitWorld, method: str) -> None:
    if method == "Hold":
        error = await refused(world.unary("Hold")(b"", timeout=0.1))
    else:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [item async for item in world.out("Forever")(b"", timeout=0.1)]
        error = caught.value
    assert error.code() is Code.DEADLINE_EXCEEDED
    assert await happens(world.kit.cancelled)


async def test_a_cancelled_call_cancels_its_handler_and_is_over(world: KitWorld) -> None:
    call = world.unary("Hold")(b"")
    await happens(world.kit.entered)
    call.cancel()
    assert await happens(world.kit.cancelled)
    assert await happens(world.kit.over)
    assert await world.unary("Echo")(b"next") == b"next"


async def test_a_cancelled_stream_cancels_its_handler(world: KitWorld) -> None:
    call = world.out("Forever")(b"")
    assert await call.read() == b"first"
    call.cancel()
    assert await happens(world.kit.cancelled)


async def test_a_lost_connection_cancels_handlers(world: KitWorld) -> None:
    channel = world.new_channel()
    call = channel.unary_unary(f"/{NAME}/Hold")(b"", timeout=5)
    waiting = asyncio.ensure_future(refused(call))
    await happens(world.kit.entered)
    await channel.close(grace=None)
    assert await happens(world.kit.cancelled)
    waiting.cancel()


async def test_a_stop_lets_calls_finish_and_takes_no_new_ones(world: KitWorld) -> None:
    call = world.unary("Hold")(b"kept")
    await happens(world.kit.entered)
    stopping = asyncio.ensure_future(world.server.stop(grace_s=5))
    late = world.new_channel()
    code = Code.OK
    while code is Code.OK:  # Until the stop is under way, calls may still be served.
        code = await late.unary_unary(f"/{NAME}/Echo")(b"", timeout=5).code()
    assert code is Code.UNAVAILABLE
    assert not stopping.done()
    world.kit.gate.set()
    assert await call == b"kept"
    await stopping
    await late.close()


async def test_a_stop_ends_what_takes_too_long(world: KitWorld) -> None:
    call = world.unary("Hold")(b"")
    await happens(world.kit.entered)
    stopping = asyncio.ensure_future(world.server.stop(grace_s=0.05))
    error = await refused(call)
    assert error.code() in (Code.UNAVAILABLE, Code.CANCELLED)
    assert await happens(world.kit.cancelled)
    await stopping


@pytest.mark.parametrize("path", [f"/{NAME}/Refuse", "/no.Service/Stream"])
async def test_a_stream_that_is_refused_at_once_is_told_why(path: str) -> None:
    """grpc's client loses a status that comes before its first message: our door waits for it."""
    async with kit_world("own") as world:
        for _ in range(10):
            call = world.channel.stream_stream(path)(timeout=5)
            await call.write(b"a")
            assert await call.code() in (Code.PERMISSION_DENIED, Code.UNIMPLEMENTED)


async def test_a_refused_stream_without_a_message_is_told_soon(world: KitWorld) -> None:
    call = world.channel.stream_stream(f"/{NAME}/Refuse")(timeout=5)
    assert await call.code() is Code.PERMISSION_DENIED
