"""Bounds of a session: credit, unread answers, large replies, streams that are dropped."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from frame_client import EXPIRES_MS, Ask, FrameClient, calls, check_neighbour, opening, until
from grpc_world import World, running
from test_grpc_calls import reason

from aidevos.core.call import Answer, Call
from aidevos.core.errors import AidevosError
from aidevos.doors import session_stream
from aidevos.doors.port import CallColumns, SessionName
from aidevos.doors.session_answers import FRAME_BYTES, REPLY_BYTES_MAX, WaitingAnswers
from aidevos.doors.session_stream import SessionStream
from aidevos.v1 import sessions_pb2 as pb
from aidevos.v1.errors_pb2 import Reason

Code = grpc.StatusCode
ONE = Ask(1)


async def test_a_frame_above_the_credit_is_refused(world: World) -> None:
    client = FrameClient(world.channel)
    credit = await client.open()
    leave = asyncio.Event()
    world.between.before = leave.wait
    for start in range(1, credit.calls, 256):
        await client.send(*map(Ask, range(start, start + 256)))
    error = await client.refused(calls(Ask(credit.calls + 1)))
    leave.set()
    assert (error.code(), reason(error)) == (Code.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert "credit" in (error.details() or "")


async def test_bytes_above_the_credit_are_refused(world: World) -> None:
    client = FrameClient(world.channel)
    credit = await client.open()
    leave = asyncio.Event()
    world.between.before = leave.wait
    size = credit.bytes // 8
    for number in range(1, 9):
        await client.send(Ask(number, payload=b" " * size))
    error = await client.refused(calls(Ask(9)))
    leave.set()
    assert (error.code(), reason(error)) == (Code.INVALID_ARGUMENT, "INVALID_ARGUMENT")


async def test_answers_give_the_credit_of_calls_and_bytes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_stream, "CREDIT_BYTES", 2_000)
    monkeypatch.setattr(session_stream, "CREDIT_CALLS", 8)
    client = FrameClient(world.channel)
    await client.open()
    padding = b'{"n":1' + b" " * 1_000 + b"}"
    for start in range(0, 40, 8):
        await client.ask(Ask(start + 1, "add", padding))
        await client.ask(*(Ask(start + place, "total") for place in range(2, 9)))
    assert (await client.ask(Ask(41, "total")))[41].version == 5


class Replies:
    """A port whose every call is answered by the test: what a door must bear of any host."""

    def __init__(self) -> None:
        self.closed = 0

    def open_session(self, name: SessionName, sent_number: int, on_answers: Any) -> "Replies":
        self.answer = on_answers
        return self

    def calls(self, frame: CallColumns) -> None:
        raise AssertionError("no calls in these tests")

    def close(self) -> None:
        self.closed += 1


async def nothing_comes() -> AsyncIterator[pb.SessionRequest]:
    await asyncio.Event().wait()
    yield pb.SessionRequest()


def stream_on(port: Any, name: str = "s") -> SessionStream:
    return SessionStream(port, SessionName("default", "anonymous", name, EXPIRES_MS), 0, lambda: 0)


async def test_a_client_that_never_reads_is_bounded_and_its_stream_ends() -> None:
    port = Replies()
    stream = stream_on(port)
    responses = stream.responses(nothing_comes())
    assert (await anext(responses)).HasField("credit")
    reply = b" " * (1 << 20)
    port.answer([(1, Answer(version=1, payload=reply))], [])
    assert (await anext(responses)).HasField("answers")
    tracemalloc.start()
    for number in range(2, 2_000):  # Nobody asks for the next frame: it cannot be written.
        port.answer([(number, Answer(version=1, payload=bytes(1 << 20)))], [])
        if port.closed:
            break
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number <= 66
    assert most < session_stream.UNREAD_BYTES_MAX + (8 << 20)
    assert held < 8 << 20, "what nobody will read is dropped"
    with pytest.raises(AidevosError) as caught:
        await anext(responses)
    assert caught.value.reason == "RESOURCE_EXHAUSTED"
    assert port.closed == 1


async def test_a_stream_that_its_client_left_keeps_no_answers() -> None:
    port = Replies()
    stream = stream_on(port)
    responses = stream.responses(nothing_comes())
    assert (await anext(responses)).HasField("credit")
    tracemalloc.start()
    for number in range(1, 9):
        port.answer([(number, Answer(version=1, payload=bytes(1 << 20)))], [])
    await responses.aclose()  # type: ignore[attr-defined]
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert port.closed == 1
    assert held < 1 << 20, stream


async def test_a_client_that_never_reads_harms_no_neighbour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_stream, "UNREAD_BYTES_MAX", 4 << 20)
    neighbour, greedy = FrameClient(world.channel), FrameClient(world.channel)
    await neighbour.open(opening("neighbour"))
    await greedy.open(opening("greedy"))
    big = b"[" + b"0," * 400_000 + b"0]"
    answer = Answer(version=1, payload=big)

    async def invoke(call: Call) -> Answer:
        return answer if call.object.key == "big" else await world.host.invoke(call)

    world.between.sessions.invoke = invoke
    await greedy.send(*(Ask(number, "total", key="big") for number in range(1, 65)))
    await check_neighbour(world, neighbour, 1)
    error = await greedy.refused()
    assert (error.code(), reason(error)) == (Code.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED")


def take_all(waiting: WaitingAnswers) -> list[pb.AnswerFrame]:
    frames = []
    while waiting:
        frames.append(waiting.take()[1].answers)
    return frames


def test_a_large_reply_leaves_alone_and_frames_are_cut_at_a_megabyte() -> None:
    waiting = WaitingAnswers()
    large = bytes(5 << 20)
    small = [(number, Answer(version=1, payload=bytes(1_000))) for number in range(2_000)]
    waiting.add([*small, (9_000, Answer(version=1, payload=large)), *small])
    frames = take_all(waiting)
    assert sum(len(found.numbers) for found in frames) == 4_001
    assert [len(f.numbers) for f in frames if len(f.payloads) > FRAME_BYTES] == [1]
    assert len(frames) == 5
    assert waiting.bytes == 0


def test_refusals_and_repeats_keep_their_places_when_a_frame_is_cut() -> None:
    waiting = WaitingAnswers()
    filler = Answer(version=1, payload=bytes(FRAME_BYTES - 10))
    refused = AidevosError("not this one")
    repeat = Answer(version=3, payload=b"3", repeated=True)
    waiting.add([(1, repeat), (2, filler), (3, refused)])
    waiting.add([(4, repeat), (5, filler), (6, refused)])
    found = [
        (frame.numbers[:], frame.repeated_index[:], [error.index for error in frame.errors])
        for frame in take_all(waiting)
    ]
    assert found == [([1, 2], [0], []), ([3, 4], [1], [0]), ([5], [], []), ([6], [], [0])]


async def test_a_reply_beyond_every_bound_is_its_own_calls_refusal() -> None:
    waiting = WaitingAnswers()
    waiting.add(
        [(1, Answer(version=4, payload=bytes(REPLY_BYTES_MAX + 1))), (2, Answer(version=5))]
    )
    (only,) = take_all(waiting)
    assert (list(only.numbers), list(only.versions)) == ([1, 2], [4, 5])
    assert only.errors[0].reason == Reason.REASON_FAILED_PRECONDITION
    assert len(only.payloads) == len(b"null")


async def test_a_client_that_goes_away_leaves_nothing_open(world: World) -> None:
    client = FrameClient(world.channel)
    await client.open()
    leave = asyncio.Event()
    world.between.before = leave.wait
    await client.send(ONE)
    await until(lambda: len(world.between.seen) == 1)
    client.stream.cancel()
    await until(lambda: world.between.sessions.streams == 0)
    leave.set()
    world.between.before = None
    again = FrameClient(world.channel)
    await again.open(opening(sent=1))
    found = await again.ask(ONE)
    assert (found[1].version, found[1].repeated or not world.between.sessions.tasks) == (1, True)


async def test_100_000_sessions_opened_and_dropped_leave_nothing() -> None:
    """Below gRPC, which takes most of such a time: door and host must not remember any."""
    async with running() as world:
        for number in range(2_000):
            await open_and_drop(world.host, f"s{number}")
        gc.collect()
        before = len(gc.get_objects())
        for number in range(2_000, 102_000):
            await open_and_drop(world.host, f"s{number}")
        gc.collect()
        assert len(gc.get_objects()) - before < 2_000


async def open_and_drop(port: Any, name: str) -> None:
    responses = stream_on(port, name).responses(nothing_comes())
    await anext(responses)
    await responses.aclose()
    await asyncio.sleep(0)  # A turn of the loop, in which the cancelled task ends.


async def test_many_sessions_opened_and_dropped_over_the_wire_leave_nothing(world: World) -> None:
    for number in range(200):
        client = FrameClient(world.channel)
        await client.open(opening(f"s{number}"))
        client.stream.cancel()
    await until(lambda: world.between.sessions.streams == 0)
    fresh = FrameClient(world.channel)
    await fresh.open(opening("fresh"))
    assert (await fresh.ask(ONE))[1].version == 1
