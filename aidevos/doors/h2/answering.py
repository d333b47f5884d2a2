"""The outgoing half of a call: its head, its messages, its status, and its end."""

import asyncio
from typing import Any, NoReturn

import grpc

from aidevos.doors.h2 import inbox as messages
from aidevos.doors.h2 import status
from aidevos.doors.h2.context import Context, Pairs
from aidevos.doors.h2.faults import CallFault
from aidevos.doors.h2.inbox import Inbox
from aidevos.doors.h2.routes import Method
from aidevos.doors.h2.seat import Seat
from aidevos.doors.h2.status import Field

QUEUED_MAX = 64 << 10
"""A handler that streams waits while more than this waits for its caller's window."""
BATCH = 64
"""Frames that may wait for the end of a loop's turn."""
EARLY_S = 0.05
"""How long the status of a stream waits for its caller's first message."""
TYPED: list[Field] = [(b":status", b"200"), (b"content-type", b"application/grpc")]
Fields = tuple[Field, ...] | list[Field]


class Answering(Context):
    """A call as far as it answers."""

    method: Method
    inbox: Inbox | None = None
    seat: Seat | None = None
    _begun = False
    """The handler has begun; such calls are counted."""
    _working = False
    """It has not ended."""
    _headed = False
    _fed = False
    """Something of the body has come."""
    _step = 0
    """Where `Deadlines` keeps this call; 0: nowhere."""
    _early: asyncio.TimerHandle | None = None
    """Sends `_late`, the status that waits for the caller's first message."""
    _late: tuple[int, str, Fields] = (0, "", ())
    _writer: "asyncio.Future[None] | None" = None

    # ---- answers -------------------------------------------------------------------------------

    async def write(self, response: Any) -> None:
        """Send one answer; wait while the caller is behind."""
        if self.done_:
            raise asyncio.CancelledError
        self._send(self.method.encode(response))
        line, stream = self.line, self.stream
        if len(line.core.send.out) > BATCH:
            line.flush()
            await asyncio.sleep(0)
        while not self.done_ and (line.paused or stream.queued > QUEUED_MAX):
            if line.paused:
                await line.resumed()
            else:
                self._writer, stream.watched = line.common.loop.create_future(), True
                await self._writer

    def may_put_inline(self) -> bool:
        """See grpc_interface.InlineContext."""
        return not (
            self.done_
            or self._early is not None
            or self.line.paused
            or self.stream.queued > QUEUED_MAX
            or len(self.line.core.send.out) > BATCH
        )

    def put_inline(self, message: Any) -> None:
        """See grpc_interface.InlineContext."""
        self._send(self.method.encode(message))

    def sent(self) -> None:
        """Let a handler go on that waited in `write`."""
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    async def send_initial_metadata(self, initial_metadata: Pairs) -> None:
        """Send the head of the answer, with this."""
        assert not self._headed, "the head was sent"
        self.unusual = True
        self._head(status.metadata_fields(initial_metadata))
        self.line.flush_soon()

    def _send(self, message: bytes) -> None:
        if not self._headed:
            self._head([])
        body = messages.packed(message) if self.packs else messages.prefixed(message)
        self.line.core.send.data(self.stream, body)
        self.line.flush_soon()

    def _head(self, fields: list[Field]) -> None:
        self._headed = True
        if self.packs:
            fields = [*fields, (b"grpc-encoding", b"gzip")]
        self.line.core.send.head(self.stream, fields)

    # ---- the status ----------------------------------------------------------------------------

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Pairs = ()
    ) -> NoReturn:
        """End the call with a status; raises, so that the handler ends too."""
        if trailing_metadata:
            self.set_trailing_metadata(trailing_metadata)
        self.end(number(code) or status.UNKNOWN, details, self._trailing_fields)
        raise grpc.aio.AbortError("aborted")

    async def abort_with_status(self, status: grpc.Status) -> NoReturn:
        """End the call with a status; raises."""
        await self.abort(status.code, status.details, status.trailing_metadata or ())

    def end(self, code: int, message: str = "", more: Fields = ()) -> None:
        """Send the status, once.

        A refusal waits for the first message of a stream, though not for long: grpc's own
        clients lose a status that comes before they have sent anything.
        """
        if self.done_ or self._early is not None:
            return
        early = self.stream.open_in and not self._fed and not self._headed
        if code and early and self.method.streams_in:
            self._late = (code, message, more)
            self._early = self.line.common.loop.call_later(EARLY_S, self.end_early)
        else:
            self._end(code, message, more)

    def end_well(self) -> None:
        """Send the status that the handler has set, or success."""
        code = 0 if self._code is None else number(self._code)
        self.end(code, self._details, self._trailing_fields)

    def end_early(self) -> None:
        """Send a status that has waited: the caller's first message is there."""
        if self._early is not None and not self.done_:
            timer, self._early = self._early, None
            timer.cancel()
            self._end(*self._late)

    def _end(self, code: int, message: str, more: Fields) -> None:
        if self.done_:
            return
        send = self.line.core.send
        if code == status.OK and not self._headed:
            self._head([])
        fields = [*status.status_fields(code, message), *more] if code or message or more else []
        if self._headed:
            send.end(self.stream, fields)
        else:
            send.fields(self.stream, TYPED + fields, end=True)
        self.finish()

    # ---- the end -------------------------------------------------------------------------------

    def refuse(self, fault: CallFault) -> None:
        """End the call because of what the caller did."""
        self.end(fault.status, fault.message)
        if self.seat is not None:
            self.seat.cancel()

    def expire(self) -> None:
        """End the call because it is too late."""
        self._step = 0
        self._cancel(CallFault(status.DEADLINE_EXCEEDED, "the deadline passed"))

    def stop(self) -> None:
        """End the call because the server ends."""
        self._cancel(CallFault(status.UNAVAILABLE, "the server stopped"))

    def gone(self) -> None:
        """End the call without a word: nobody listens."""
        self._cancel(None)

    def _cancel(self, fault: CallFault | None) -> None:
        if self.done_:
            return
        self.cancelled_ = True
        if fault is None:
            self.finish()
        else:
            self._end(fault.status, fault.message, ())
        if self.seat is not None:
            self.seat.cancel()

    def finish(self) -> None:
        """The wire is done with this call; its handler may go on for a while."""
        self.done_ = True
        self.stream.call = None
        common = self.line.common
        if self._step:
            common.deadlines.remove(self, self._step)
        if self._early is not None:
            self._early.cancel()
        if self.inbox is not None:
            self.inbox.clear()
        for callback in self._callbacks:
            common.loop.call_soon(callback, self)
        if self._working:
            self.line.core.receiver.running += 1
        elif self._begun:
            common.calls -= 1
        self.line.flush_soon()


def number(code: grpc.StatusCode) -> int:
    """Return a code as it is on the wire."""
    found = code.value[0]
    assert isinstance(found, int)
    return found
