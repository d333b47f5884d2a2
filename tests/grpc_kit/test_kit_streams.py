"""Streams of all kinds: order, ends, errors in the middle, and who waits for whom."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from kit_world import KitWorld

Code = grpc.StatusCode


async def items(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_stream_of_requests_has_one_answer(world: KitWorld) -> None:
    assert await world.into("Collect")(items(b"a", b"", b"c")) == b"a,,c"
    assert await world.into("Collect")(items()) == b""


@pytest.mark.parametrize("number", [0, 1, 1_000])
async def test_a_stream_of_answers_comes_in_order(world: KitWorld, number: int) -> None:
    expected = [b"%d" % index for index in range(number)]
    assert [item async for item in world.out("Range")(b"%d 0" % number)] == expected
    assert [item async for item in world.out("Written")(b"%d" % number)] == expected


@pytest.mark.parametrize("method", ["Chat", "Read"])
async def test_both_sides_talk_in_turns(world: KitWorld, method: str) -> None:
    call = world.both(method)()
    for part in (b"A", b"B", b"C" * 100_000):
        await call.write(part)
        assert await call.read() == part
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is Code.OK


async def test_a_dialogue_of_nothing_ends_well(world: KitWorld) -> None:
    assert [item async for item in world.both("Chat")(items())] == []


@pytest.mark.parametrize(("word", "code"), [(b"bug", Code.UNKNOWN), (b"abort", Code.ABORTED)])
async def test_an_error_in_the_middle_comes_after_what_was_sent(
    world: KitWorld, word: bytes, code: Code
) -> None:
    call = world.both("Chat")()
    for part in (b"a", b"b", word):  # grpc's client loses a status that meets a message of its own.
        await call.write(part)
    assert [await call.read(), await call.read()] == [b"A", b"B"]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is code


async def test_an_answer_may_come_before_the_requests_end(world: KitWorld) -> None:
    call = world.into("Early")()
    assert await call == b"early"
    assert await call.code() is Code.OK


async def test_ten_megabytes_pass_in_both_directions(world: KitWorld) -> None:
    part = bytes(100_000)
    assert await world.into("Size")(items(*[part] * 100)) == b"10000000"
    got = [len(item) async for item in world.out("Range")(b"100 100000")]
    assert sum(got) == 10_000_000 + 10 + 90 * 2


async def test_a_handler_that_streams_waits_for_a_caller_that_does_not_read(
    world: KitWorld,
) -> None:
    channel = world.new_channel(**{"http2.lookahead_bytes": 65_536, "http2.bdp_probe": 0})
    async with channel:
        call = channel.unary_stream("/aidevos.kit.Kit/Range")(b"10000 10000", timeout=20)
        await call.read()
        before = -1
        while before != world.kit.count:  # Until it stands still.
            before = world.kit.count
            for _ in range(50):
                await world.unary("Echo")(b"")
        assert world.kit.count < 1_000
        got = 1
        while await call.read() is not grpc.aio.EOF:
            got += 1
    assert got == 10_000


async def test_a_caller_that_streams_waits_for_a_handler_that_does_not_read(
    world: KitWorld,
) -> None:
    call = world.channel.stream_unary("/aidevos.kit.Kit/Size")(timeout=20)
    await call.write(b"hold" + bytes(9_996))
    await world.kit.entered.wait()
    sent = 0

    async def write() -> None:
        nonlocal sent
        for _ in range(1_000):
            await call.write(bytes(10_000))
            sent += 1
        await call.done_writing()

    writing = asyncio.ensure_future(write())
    before = -1
    while before != sent:
        before = sent
        for _ in range(50):
            await world.unary("Echo")(b"")
    assert sent < 900
    world.kit.gate.set()
    await writing
    assert await call == b"10010000"
