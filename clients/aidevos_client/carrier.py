"""Carries one session over as many streams as it takes: opens, writes, reads, opens again.

It is opened by the first call, and again after a break while somebody waits. Frames are made and
taken in the loop's callbacks: one write for each of its turns, so what is submitted in a turn
shares a frame, as does what is submitted while the server's window is closed.
"""

import asyncio
import math
import time
from collections.abc import Callable
from uuid import uuid4

from google.protobuf.message import DecodeError

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.v1 import sessions_pb2 as pb
from aidevos_client import outcomes
from aidevos_client.connection import Connection
from aidevos_client.frames import error_from, frame_of, opening
from aidevos_client.h2.stream import MessageStream
from aidevos_client.patience import Patience
from aidevos_client.pending import PendingCall
from aidevos_client.session import Session

LIFE_S = 1_800.0
"""How long the server keeps a session's last answers if it never hears of us again.

Longer than any call may be waited for, and than two clocks are apart."""
SPARE_S = 60.0
"""No call of a session may wait until so near its end: clocks differ, and the server's judges."""
CLOSE_S = 1.0
"""Bound of a graceful end."""

_PATH = "/aidevos.v1.SessionService/Session"


class Carrier:
    """One session, on one stream at a time. `submit`, then `retire` or `close`."""

    def __init__(
        self, connection: Connection, tenant: str, move: Callable[[PendingCall], object]
    ) -> None:
        """`move` takes a call to another session: this one is over, and it was not applied."""
        loop = asyncio.get_running_loop()
        self.usable_until = loop.time() + LIFE_S - SPARE_S
        """The loop's time until which the calls of this session may be waited for."""
        self._session = Session(uuid4().hex, int((time.time() + LIFE_S) * 1_000))
        self._connection = connection
        self._tenant = tenant
        self._move = move
        self._loop = loop
        self._patience = Patience(loop, self._session.everyone, self._silent)
        self._stream: MessageStream | None = None
        """The one that is open, or opens."""
        self._task: asyncio.Task[None] | None = None
        self._attempt = 0
        self._opened = False
        """Whether a stream of it was ever opened."""
        self._retired = False
        self._finished = False
        """Whether we closed our side."""
        self._why: AidevosError | None = None
        """Why the last stream ended."""

    def submit(self, call: PendingCall) -> None:
        """Send a call with the next frame."""
        self._session.fresh.append(call)
        if call.deadline < self._patience.due:
            self._patience.expect(call.deadline)
        if self._task is None:
            self._start()
        self._wake_writer()

    def retire(self) -> None:
        """Take no more calls; end when those under way are over."""
        self._retired = True
        self._wake_writer()

    @property
    def over(self) -> bool:
        """Whether it is retired and has nothing more to do."""
        return self._retired and self._task is None

    async def close(self) -> None:
        """End: gracefully if nobody waits, else those who wait are told what is known."""
        self.retire()
        self._patience.end()
        if not self._session.idle:
            self._why = UnavailableError("the client was closed")
            self._silent(list(self._session.everyone()))
        elif self._task is not None:
            await asyncio.wait((self._task,), timeout=CLOSE_S)
        if self._task is not None:
            self._task.cancel()

    # ---- streams ---------------------------------------------------------------------------

    def _start(self) -> None:
        self._task = asyncio.ensure_future(self._run())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Let those who wait see a bug of ours as it is, not a timeout."""
        bug = None if task.cancelled() else task.exception()
        if bug is not None:
            self._session.broken()
            for call in self._session.surrender():
                if not call.future.done():
                    call.future.set_exception(bug)

    async def _run(self) -> None:
        """Open one stream after another while somebody waits."""
        try:
            while not self._session.idle:
                try:
                    await self._carry()
                    return
                except AidevosError as error:
                    await self._broken(error)
        finally:
            self._task = None  # In the step that saw that nobody waits: the next call starts it.

    async def _broken(self, why: AidevosError) -> None:
        """Take the end of a stream; pause before the next, or give up."""
        self._why = why
        self._session.broken(narrower=why.reason == "RESOURCE_EXHAUSTED")
        if not outcomes.worth_another_stream(why):
            self._give_up(why)
            return
        self._attempt += 1
        await self._connection.pause(self._attempt, why)

    async def _carry(self) -> None:
        """Open a stream and move frames; returns when the session is retired and over."""
        self._finished = False
        stream = self._connection.open(_PATH, self._received, self._write)
        stream.write(self._opening().SerializeToString())
        self._stream = stream
        try:
            await stream.run()
        finally:
            self._stream = None
        if not self._finished:
            raise UnavailableError("the server ended the stream")

    def _opening(self) -> pb.SessionRequest:
        session = self._session
        return opening(session.session_id, session.expires_at_ms, self._tenant, session.sent_number)

    def _wake_writer(self) -> None:
        stream = self._stream
        if stream is not None and not stream.woken:
            stream.wake()

    def _write(self) -> None:
        """Write what gathered; at the end of a retired session say so."""
        session, stream, now = self._session, self._stream, self._loop.time()
        assert stream is not None, "the stream itself calls"
        while stream.writable and (calls := session.next_calls()):
            stream.write(frame_of(calls, session.mark, now).SerializeToString())
        if self._retired and session.idle and not self._finished:
            self._finished = True
            stream.write(frame_of([], session.mark, now).SerializeToString())
            stream.finish()

    def _received(self, message: bytes) -> None:
        """Take a frame of the server's: credit, or answers."""
        session = self._session
        try:
            response = pb.SessionResponse.FromString(message)
        except DecodeError:
            raise UnavailableError("the server sent a frame that is none") from None
        if response.HasField("credit"):
            session.credited(response.credit.calls, response.credit.bytes)
            self._opened = True
        for call, error in session.take(response.answers):
            self._refused(call, error_from(error), final=error.is_final)
        self._attempt, self._why = 0, None
        if session.fresh or session.again or self._retired:
            self._wake_writer()

    # ---- refusals and silence --------------------------------------------------------------

    def _refused(self, call: PendingCall, error: AidevosError, *, final: bool) -> None:
        """Take one call's refusal: tell it, or send the call again after a pause."""
        call.attempts += 1
        if final or call.future.done():
            self._session.end(call, error)
        elif error.retryable:
            self._rest(call, error)
        elif outcomes.may_move(call, error):
            self._move_on(call)
        else:
            self._session.end(call, outcomes.judged(call, error))

    def _rest(self, call: PendingCall, error: AidevosError) -> None:
        call.doubtful |= error.reason == "OUTCOME_UNKNOWN"
        pause_s = self._connection.backoff.pause_s(call.attempts, error)
        if self._loop.time() + pause_s >= call.deadline:
            self._session.end(call, outcomes.judged(call, error))
            return
        self._session.rest(call)
        self._loop.call_later(pause_s, self._wake, call)

    def _wake(self, call: PendingCall) -> None:
        self._session.wake(call)
        self._wake_writer()

    def _move_on(self, call: PendingCall) -> None:
        self.usable_until = -math.inf
        self._session.release(call)
        self._move(call)

    def _silent(self, calls: list[PendingCall]) -> None:
        """End calls whose deadlines passed, and forget what nobody waits for."""
        for call in calls:
            self._session.end(call, outcomes.silent(call, self._why))
        self._session.sweep()
        self._wake_writer()

    def _give_up(self, why: AidevosError) -> None:
        """No stream of this session will do: end it, but what surely was not sent may move."""
        self.usable_until = -math.inf
        for call in self._session.surrender():
            call.attempts += 1
            if self._opened and outcomes.may_move(call, why):
                self._move(call)
            elif not call.future.done():
                call.future.set_exception(outcomes.judged(call, why))
