"""What only a client of raw frames can show: keepalive, late callers, slow readers, packing."""

import asyncio
import gzip

import pytest
from kit_service import NAME
from kit_world import KitWorld
from raw_client import raw_client
from test_kit_ends import happens

from aidevos.doors.h2 import frames
from aidevos.doors.h2.faults import Code


async def test_pings_are_answered(world: KitWorld) -> None:
    async with raw_client(world.port) as client:
        client.send(frames.PING, 0, 0, b"12345678")
        answer = await client.until(frames.PING)
        assert answer == (frames.PING, frames.ACK, 0, b"12345678")


async def test_too_many_pings_end_the_connection(world: KitWorld) -> None:
    async with raw_client(world.port) as client:
        found, last = await client.frame(), b""
        while found is not None:
            if found[0] == frames.GOAWAY:
                last = found[3]
            client.send(frames.PING, 0, 0, bytes(8))
            found = await client.frame()
    if last or world.kind == "own":  # grpc closes so fast that its farewell may be lost.
        assert frames.WORD.unpack_from(last, 4)[0] == Code.ENHANCE_YOUR_CALM
        assert last.endswith(b"too_many_pings")


async def test_a_client_may_ping_for_every_message_that_it_gets(world: KitWorld) -> None:
    """As grpc's own clients do, to measure how much is on its way."""
    async with raw_client(world.port, window=1 << 20) as client:
        client.head(1, f"/{NAME}/Chat")
        for _ in range(20):
            client.message(1, b"a", end=False)
            assert await client.until(frames.DATA, 1)
            client.send(frames.PING, 0, 0, bytes(8))
            assert await client.until(frames.PING)


async def test_a_deadline_holds_also_for_a_caller_that_does_not_watch_it(world: KitWorld) -> None:
    async with raw_client(world.port) as client:
        client.head(1, f"/{NAME}/Hold", grpc_timeout="50m")
        client.message(1, b"")
        assert await happens(world.kit.cancelled)


@pytest.mark.parametrize("broken", ["1", "m", "-1m", "123456789m", "1x", ""])
async def test_a_broken_deadline_does_not_harm_the_connection(world: KitWorld, broken: str) -> None:
    async with raw_client(world.port) as client:
        client.head(1, f"/{NAME}/Echo", grpc_timeout=broken)
        client.message(1, b"")
        client.head(3, f"/{NAME}/Echo")
        client.message(3, b"")
        assert (await client.status(3))["grpc-status"] == "0"


async def test_a_reader_that_opens_no_window_gets_its_answer_when_it_does(
    world: KitWorld,
) -> None:
    async with raw_client(world.port, window=0) as client:
        client.head(1, f"/{NAME}/Echo")
        client.message(1, b"slow")
        assert await client.until(frames.HEADERS, 1)
        client.send(frames.PING, 0, 0, bytes(8))
        assert await client.until(frames.PING)
        got = b""
        while len(got) < 9:
            client.send(frames.WINDOW_UPDATE, 0, 1, frames.WORD.pack(1))
            found = await client.until(frames.DATA, 1)
            assert found is not None
            got += found[3]
        assert got == b"\x00\x00\x00\x00\x04slow"
        assert (await client.status(1))["grpc-status"] == "0"


async def test_a_caller_that_reads_nothing_holds_up_no_other(world: KitWorld) -> None:
    async with raw_client(world.port, window=1 << 30) as client:
        client.send(frames.WINDOW_UPDATE, 0, 0, frames.WORD.pack(1 << 30))
        client.head(1, f"/{NAME}/Range")
        client.message(1, b"100000 100000")
        await client.until(frames.HEADERS, 1)
        before = -1
        while before != world.kit.count:  # Until it stands still: ten gigabytes never do.
            before = world.kit.count
            for _ in range(20):
                assert await world.unary("Echo")(b"other") == b"other"
        assert world.kit.count < 1_000


@pytest.mark.parametrize(
    ("flag", "body"), [(1, b"no gzip"), (1, gzip.compress(b"x" * 1_000)[:-9]), (2, b""), (255, b"")]
)
async def test_a_message_that_cannot_be_unpacked_ends_its_call_alone(
    world: KitWorld, flag: int, body: bytes
) -> None:
    async with raw_client(world.port) as client:
        client.head(1, f"/{NAME}/Echo", grpc_encoding="gzip")
        client.message(1, body, flag=flag)
        client.head(3, f"/{NAME}/Echo")
        client.message(3, b"")
        assert (await client.status(3))["grpc-status"] == "0"


async def test_a_call_that_is_cut_off_ends_with_its_connection(world: KitWorld) -> None:
    async with raw_client(world.port) as client:
        client.head(1, f"/{NAME}/Forever")
        client.message(1, b"")
        await client.until(frames.DATA, 1)
        await happens(world.kit.entered)
    assert await happens(world.kit.cancelled)


async def test_a_drain_is_announced_and_ends_with_the_connection(world: KitWorld) -> None:
    async with raw_client(world.port) as client:
        client.head(1, f"/{NAME}/Hold")
        client.message(1, b"kept")
        await happens(world.kit.entered)
        stopping = asyncio.ensure_future(world.server.stop(grace_s=5))
        codes, last = [], {}
        while (found := await client.frame()) is not None:
            kind, flags, _, payload = found
            if kind == frames.GOAWAY:
                codes.append(frames.WORD.unpack_from(payload, 4)[0])
                world.kit.gate.set()
            elif kind == frames.PING and not flags & frames.ACK:
                client.send(frames.PING, frames.ACK, 0, payload)
            elif kind == frames.HEADERS:
                last = dict(client.decoder.decode(payload))
        await stopping
    assert set(codes) == {Code.NO_ERROR}
    assert last["grpc-status"] == "0"


@pytest.mark.parametrize("accepted", ["gzip", "identity, deflate, gzip", "identity", "br"])
async def test_answers_are_packed_only_for_whoever_says_that_it_can_unpack_them(
    world: KitWorld, accepted: str
) -> None:
    async with raw_client(world.port, window=1 << 20) as client:
        client.head(1, f"/{NAME}/Packed", grpc_accept_encoding=accepted)
        client.message(1, b"again " * 1_000)
        body = b""
        while len(body) < 5 or len(body) < 5 + int.from_bytes(body[1:5], "big"):
            found = await client.until(frames.DATA, 1)
            assert found is not None
            body += found[3]
    can = "gzip" in accepted
    assert body[0] == (can and world.kind == "own")  # grpc.aio packs nothing here, and may.
    unpacked = gzip.decompress(body[5:]) if body[0] else body[5:]
    assert unpacked == b"again " * 1_000
