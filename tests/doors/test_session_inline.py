"""Frames that a door hands over as they come, and answers that it takes without a task."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from frame_client import EXPIRES_MS, Ask, FrameClient, calls
from grpc_world import running

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError
from aidevos.doors.h2.call import Call
from aidevos.doors.port import AnswerColumns, CallColumns, SessionName
from aidevos.doors.session_stream import SessionStream
from aidevos.v1 import sessions_pb2 as pb


class Port:
    """Keeps what it is asked; the test answers."""

    def __init__(self) -> None:
        self.frames: list[list[int]] = []

    def open_session(self, name: SessionName, sent_number: int, on_answers: Any) -> "Port":
        self.answer = on_answers
        return self

    def calls(self, frame: CallColumns) -> None:
        self.frames.append(list(frame.numbers))

    def close(self) -> None:
        """Nothing is kept."""


class Inline:
    """A context whose caller is behind when the test says so (grpc_interface.InlineContext)."""

    def __init__(self) -> None:
        self.take: Callable[[bytes], None] | None = None
        self.put: list[pb.SessionResponse] = []
        self.behind = False

    def take_inline(self, take: Callable[[bytes], None] | None) -> None:
        self.take = take

    def may_put_inline(self) -> bool:
        return not self.behind

    def put_inline(self, message: pb.SessionResponse) -> None:
        self.put.append(message)


async def nothing_comes() -> AsyncIterator[pb.SessionRequest]:
    await asyncio.Event().wait()
    yield pb.SessionRequest()


class Talk:
    """A stream over both."""

    def __init__(self) -> None:
        self.port, self.inline = Port(), Inline()
        name = SessionName("default", "anonymous", "s", EXPIRES_MS)
        self.stream = SessionStream(self.port, name, 0, lambda: 0, self.inline)  # type: ignore[arg-type]
        self.responses = self.stream.responses(nothing_comes())

    async def begin(self) -> None:
        """Open it, and let `responses` wait for something to do."""
        assert (await anext(self.responses)).HasField("credit")
        self.next = asyncio.ensure_future(anext(self.responses))
        for _ in range(2):  # The task that reads begins; so does the one that answers.
            await asyncio.sleep(0)

    def say(self, message: bytes) -> None:
        assert self.inline.take is not None
        self.inline.take(message)

    def answer(self, *numbers: int) -> None:
        count = len(numbers)
        self.port.answer([], [AnswerColumns(numbers, [1] * count, [b"7"] * count)])


async def test_a_frame_is_admitted_where_it_comes_in_and_its_answers_leave_at_once() -> None:
    talk = Talk()
    await talk.begin()
    talk.say(calls(Ask(1), Ask(2)).SerializeToString())
    assert talk.port.frames == [[1, 2]]
    talk.answer(1, 2)
    assert [list(one.answers.numbers) for one in talk.inline.put] == [[1, 2]]
    assert not talk.next.done()
    talk.next.cancel()


async def test_while_the_caller_is_behind_answers_wait_for_the_task_and_share_its_frame() -> None:
    talk = Talk()
    await talk.begin()
    talk.say(calls(Ask(1), Ask(2)).SerializeToString())
    talk.inline.behind = True
    talk.answer(1)
    talk.port.answer([(2, Answer(version=2, payload=b"8"))], [])
    assert talk.inline.put == []
    assert list((await talk.next).answers.numbers) == [1, 2]


@pytest.mark.parametrize(
    ("message", "field"),
    [(b"\xff", "frame"), (pb.SessionRequest().SerializeToString(), "calls")],
)
async def test_what_is_no_frame_ends_the_stream_with_its_field_named(
    message: bytes, field: str
) -> None:
    talk = Talk()
    await talk.begin()
    talk.say(message)
    talk.say(calls(Ask(1)).SerializeToString())
    with pytest.raises(AidevosError) as caught:
        await talk.next
    assert [wrong.field for wrong in caught.value.violations] == [field]
    assert talk.port.frames == [], "nothing is taken after that"


async def test_a_stream_that_is_stopped_takes_no_more_and_ends_when_all_is_answered() -> None:
    talk = Talk()
    await talk.begin()
    talk.say(calls(Ask(1)).SerializeToString())
    talk.stream.stop()
    assert talk.inline.take is None
    talk.answer(1)
    with pytest.raises(AidevosError, match="stopping"):
        await talk.next
    assert [list(one.answers.numbers) for one in talk.inline.put] == [[1]]


async def test_our_own_door_does_both_and_its_task_reads_nothing_but_the_first_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[object] = []
    put: list[object] = []
    its_read, its_put = Call.read, Call.put_inline

    async def reading(self: Call) -> object:
        found = await its_read(self)
        read.append(found)
        return found

    def putting(self: Call, message: object) -> None:
        put.append(message)
        its_put(self, message)

    monkeypatch.setattr(Call, "read", reading)
    monkeypatch.setattr(Call, "put_inline", putting)
    async with running(server="own") as world:
        client = FrameClient(world.channel)
        await client.open()
        for number in range(1, 21):
            assert (await client.ask(Ask(number)))[number].version == number
    assert len(read) == 1
    assert len(put) == 20
