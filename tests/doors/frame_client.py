"""A raw client of SessionService, for tests that say exactly what is on the wire."""

import asyncio
import time
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import grpc
from grpc_world import World

from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1.sessions_pb2_grpc import SessionServiceStub

HOUR_MS = 3_600_000


def opening(name: str = "s", sent: int = 0, tenant: str = "", **more: Any) -> pb.SessionRequest:
    request = pb.SessionRequest(open=pb.SessionOpen(session_id=name, tenant=tenant, **more))
    request.open.sent_number = sent
    if "expires_at" not in more:
        request.open.expires_at.FromMilliseconds(EXPIRES_MS)
    return request


EXPIRES_MS = int(time.time() * 1_000) + HOUR_MS
"""One for all tests: a session's end never changes."""


@dataclass
class Ask:
    """One call of a frame."""

    number: int
    method: str = "add"
    payload: bytes = b"{}"
    key: str = "a"
    type: str = "Counter"


def frame(*asks: Ask, mark: int = 0, **more: Any) -> pb.CallFrame:
    """Return the frame of some calls; `more` replaces columns."""
    return pb.CallFrame(
        **{
            "answered_number": mark,
            "numbers": [ask.number for ask in asks],
            "object_types": [ask.type for ask in asks],
            "keys": [ask.key for ask in asks],
            "methods": [ask.method for ask in asks],
            "object_index": range(len(asks)),
            "method_index": range(len(asks)),
            "payload_ends": accumulate(len(ask.payload) for ask in asks),
            "payloads": b"".join(ask.payload for ask in asks),
            **more,
        }
    )


@dataclass
class Got:
    """One answer, unpacked."""

    payload: bytes
    version: int
    repeated: bool = False
    error: pb.CallError | None = None

    @property
    def reason(self) -> int:
        return self.error.reason if self.error is not None else 0


def unpack(answers: pb.AnswerFrame) -> list[tuple[int, Got]]:
    """Return a frame of answers as any client would read it."""
    errors = {error.index: error for error in answers.errors}
    found, start = [], 0
    assert len(answers.numbers) == len(answers.versions) == len(answers.payload_ends)
    for place, (number, version) in enumerate(zip(answers.numbers, answers.versions, strict=True)):
        end = answers.payload_ends[place]
        got = Got(answers.payloads[start:end], version, place in answers.repeated_index)
        got.error = errors.get(place)
        found.append((number, got))
        start = end
    assert start == len(answers.payloads)
    return found


@dataclass
class FrameClient:
    """One stream. `send` frames, then `answers`."""

    channel: grpc.aio.Channel
    metadata: tuple[tuple[str, str], ...] = ()
    frames: list[pb.AnswerFrame] = field(default_factory=list)

    async def open(self, request: pb.SessionRequest | None = None) -> pb.Credit:
        self.stream = SessionServiceStub(self.channel).Session(metadata=self.metadata)
        await self.stream.write(request or opening())
        first = await self.read()
        assert first.WhichOneof("frame") == "credit"
        return first.credit

    async def read(self) -> pb.SessionResponse:
        """Return the next frame; raises AioRpcError at an end with a status."""
        found = await asyncio.wait_for(self.stream.read(), 10)
        if found is grpc.aio.EOF:
            raise EOFError(await self.stream.code())
        return found

    async def send(self, *asks: Ask, mark: int = 0, **more: Any) -> None:
        await self.stream.write(pb.SessionRequest(calls=frame(*asks, mark=mark, **more)))

    async def answers(self, count: int) -> dict[int, Got]:
        """Return the next `count` answers by number."""
        found: list[tuple[int, Got]] = []
        while len(found) < count:
            response = await self.read()
            self.frames.append(response.answers)
            found += unpack(response.answers)
        assert len(found) == count
        return dict(found)

    async def ask(self, *asks: Ask, mark: int = 0) -> dict[int, Got]:
        await self.send(*asks, mark=mark)
        return await self.answers(len(asks))

    async def end(self) -> grpc.StatusCode:
        """Close this side; return the status that ends the stream."""
        await self.stream.done_writing()
        return await asyncio.wait_for(self.stream.code(), 10)

    async def refused(self, *bad: pb.SessionRequest) -> grpc.aio.AioRpcError:
        """Send `bad` and return how the stream ends."""
        try:
            for request in bad:
                await self.stream.write(request)
            while True:
                await self.read()
        except asyncio.InvalidStateError:  # The stream had ended before all was written.
            await self.stream.read()
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError("not refused")


def calls(*asks: Ask, mark: int = 0, **more: Any) -> pb.SessionRequest:
    return pb.SessionRequest(calls=frame(*asks, mark=mark, **more))


async def check_neighbour(world: World, neighbour: FrameClient, number: int) -> None:
    """A session that was open all the time, and a new one, are served."""
    found = await asyncio.wait_for(neighbour.ask(Ask(number, key="neighbour")), 5)
    assert found[number].version == number
    fresh = FrameClient(world.channel)
    await fresh.open(opening("fresh"))
    assert (await fresh.ask(Ask(1, "total", key="neighbour")))[1].payload == b"%d" % number


async def until(condition: Any) -> None:
    """Give the loop turns until `condition` holds; the test's own patience ends it."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (what a server knows has no event here)
            await asyncio.sleep(0.001)
