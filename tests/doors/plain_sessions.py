"""Sessions over `invoke`, one task per call: the slow and obvious reference of the session port.

Marks and the highest numbers are kept per session as the host keeps them, without expiry of
sessions: tests are short.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aidevos.core.call import REMEMBER_MS_MAX, Answer, Call, CallId
from aidevos.core.errors import (
    AidevosError,
    AlreadyAnsweredError,
    ExpiredError,
    InvalidArgumentError,
)
from aidevos.core.ids import object_id
from aidevos.doors.port import AnswerColumns, CallColumns, OnAnswers, SessionName

Invoke = Callable[[Call], Awaitable[Answer]]


@dataclass
class Known:
    """What is known of a session over all its streams."""

    mark: int = 0
    sent: int = 0


@dataclass
class PlainSessions:
    """Opens sessions over `invoke`. `tasks` are under way, `streams` counts those open."""

    invoke: Invoke
    known: dict[tuple[str, str, str], Known] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    frames: list[tuple[SessionName, CallColumns]] = field(default_factory=list)
    """Every frame that came, for tests that look at them."""
    streams: int = 0

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> "PlainSession":
        now_ms = int(time.time() * 1_000)
        if name.expires_at_ms <= now_ms:
            raise ExpiredError("the session has expired", field="expires_at")
        if name.expires_at_ms - now_ms > REMEMBER_MS_MAX:
            raise InvalidArgumentError("more than 24 hours ahead", field="expires_at")
        known = self.known.setdefault((name.tenant, name.principal, name.session_id), Known())
        known.sent = max(known.sent, sent_number)
        self.streams += 1
        return PlainSession(self, name, known, on_answers)


@dataclass
class PlainSession:
    sessions: PlainSessions
    name: SessionName
    known: Known
    on_answers: OnAnswers
    closed: bool = False

    def calls(self, frame: CallColumns) -> None:
        self.sessions.frames.append((self.name, frame))
        if frame.mark > self.known.sent:
            raise InvalidArgumentError(
                f"the mark {frame.mark} is above {self.known.sent}, the highest number sent",
                field="answered_number",
            )
        self.known.mark = max(self.known.mark, frame.mark)
        self.known.sent = max(self.known.sent, *frame.numbers, 0)
        for place, number in enumerate(frame.numbers):
            task = asyncio.ensure_future(self._call(frame, place, number))
            self.sessions.tasks.add(task)
            task.add_done_callback(self.sessions.tasks.discard)

    def close(self) -> None:
        assert not self.closed
        self.closed = True
        self.sessions.streams -= 1

    async def _call(self, frame: CallColumns, place: int, number: int) -> None:
        try:
            found: Answer | AidevosError = await self._answer(frame, place, number)
        except AidevosError as error:
            found = error
        if not self.closed:
            if isinstance(found, Answer) and found.error is None and not found.repeated:
                columns = AnswerColumns([number], [found.version], [found.payload])
                self.on_answers([], [columns])
            else:
                self.on_answers([(number, found)], [])

    async def _answer(self, frame: CallColumns, place: int, number: int) -> Answer:
        if number <= self.known.mark:
            raise AlreadyAnsweredError(f"number {number} is at or below the mark")
        kind, key = frame.objects[frame.object_index[place]]
        expected = frame.expected_versions[place] if frame.expected_versions else -1
        deadline = frame.deadlines_ms[place] if frame.deadlines_ms else 0
        call = Call(
            object=object_id(self.name.tenant, kind, key),
            method=frame.methods[frame.method_index[place]],
            payload=frame.payloads[place],
            principal=self.name.principal,
            id=CallId(f"{self.name.session_id}#{number}", self.name.expires_at_ms),
            expected_version=None if expected < 0 else expected,
            deadline_ms=deadline or None,
            traceparent=frame.traceparent,
        )
        return await self.sessions.invoke(call)
