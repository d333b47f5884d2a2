"""One call: its request and its handler."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, nullcontext
from types import CoroutineType
from typing import Any

import grpc

from aidevos.doors.h2 import status
from aidevos.doors.h2.answering import QUEUED_MAX, Answering, number
from aidevos.doors.h2.context import Pairs
from aidevos.doors.h2.faults import CallFault
from aidevos.doors.h2.inbox import Inbox
from aidevos.doors.h2.line import Line
from aidevos.doors.h2.routes import Method
from aidevos.doors.h2.stream import Stream

BODY_S = 120.0
"""A unary request has to be there within this."""
OPAQUE = "the server has a bug; its log has the details. Nothing is known about the outcome"
BUSY = "too many calls are under way: try again later"
_log = logging.getLogger("aidevos.grpc")


class Call(Answering):
    """One call, as its connection and its handler see it."""

    _ended_in = False
    _owed = 0
    """Bytes for the stream's window once the handler has read more."""
    _reader: "asyncio.Future[None] | None" = None
    _take: Callable[[bytes], None] | None = None
    """Who takes requests as they come."""

    def __init__(self, line: Line, stream: Stream, method: Method) -> None:
        """Wait for the request."""
        self.line = line
        self.stream = stream
        self.method = method
        timeout_s = stream.head.timeout_s
        if timeout_s is not None:
            self.deadline = line.common.loop.time() + timeout_s

    # ---- the request ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a handler that reads its requests itself."""
        self.inbox = self._new_inbox()
        self._start(self._requests())

    def feed(self, payload: bytes, ended: bool) -> None:
        """Take a part of the body."""
        if self._early is not None:
            self.end_early()
            return
        if self.inbox is None:
            size = len(payload) - 5
            if (
                ended
                and size >= 0
                and payload[0] == 0
                and int.from_bytes(payload[1:5], "big") == size
                and size <= self.line.common.limits.message_bytes_max
            ):
                self._decode(payload[5:])
                return
            self.inbox = self._new_inbox()
        try:
            self._feed(self.inbox, payload, ended)
        except CallFault as fault:
            self.refuse(fault)

    def wait_for_body(self) -> None:
        """Give the request some time, if it did not come with its head."""
        if not self._begun:
            self._set_deadline(BODY_S)

    def _feed(self, inbox: Inbox, payload: bytes, ended: bool) -> None:
        self._fed = True
        inbox.feed(payload, ended=ended)
        self._owed += len(payload)
        self._credit(inbox)
        self._ended_in = ended
        if self.method.streams_in:
            if self._take is not None:
                self._take_all(inbox)
            if (inbox.messages or ended) and self._reader is not None and not self._reader.done():
                self._reader.set_result(None)
        elif len(inbox.messages) > 1 or (ended and not inbox.messages):
            raise CallFault(status.INTERNAL, "a unary call has exactly one request")
        elif ended:
            self._decode(inbox.take())

    def take_inline(self, take: Callable[[bytes], None] | None) -> None:
        """See grpc_interface.InlineContext."""
        self._take = take

    def _take_all(self, inbox: Inbox) -> None:
        """Hand over what is there, in order; what came before this began is for `read`."""
        while inbox.messages and self._take is not None and not self.done_:
            self._take(inbox.take())
        self._credit(inbox)

    def _credit(self, inbox: Inbox) -> None:
        """Open the window again unless the handler is behind."""
        if not self.method.streams_in or inbox.waiting < QUEUED_MAX:
            self.line.core.receiver.credit(self.stream, self._owed)
            self._owed = 0

    def _decode(self, message: bytes) -> None:
        try:
            request = self.method.decode(message)
        except Exception:  # Whatever a parser raises: the bytes are the caller's.
            self.refuse(CallFault(status.INTERNAL, "the request is not of the method's type"))
            return
        self._start(request)

    async def read(self) -> Any:
        """Return the next request, grpc.aio.EOF after the last."""
        inbox = self.inbox
        assert inbox is not None, "only a call that streams requests"
        while not inbox.messages:
            if self._ended_in:
                return grpc.aio.EOF
            if self.done_:
                raise asyncio.CancelledError
            self._reader = self.line.common.loop.create_future()
            await self._reader
        message = inbox.take()
        self._credit(inbox)
        self.line.flush_soon()
        return self.method.decode(message)

    def request_packed(self) -> bool:
        """Whether the last request came packed with gzip."""
        return self.inbox is not None and self.inbox.packed

    async def _requests(self) -> AsyncIterator[Any]:
        while (request := await self.read()) is not grpc.aio.EOF:
            yield request

    def _new_inbox(self) -> Inbox:
        common = self.line.common
        return Inbox(
            self.stream.head.encoding, common.limits.message_bytes_max, self.line.core.share
        )

    # ---- the handler ---------------------------------------------------------------------------

    def _start(self, request: Any) -> None:
        common = self.line.common
        if common.calls >= common.calls_max:
            self.refuse(CallFault(status.RESOURCE_EXHAUSTED, BUSY))
            return
        common.calls += 1
        self._begun = self._working = True
        if self._step and self.deadline is None:  # The body is there.
            common.deadlines.remove(self, self._step)
            self._step = 0
        direct = self.method.direct
        if direct is not None:
            self._set_deadline(None)
        try:
            result = direct(request, self) if direct else self.method.behavior(request, self)
        except BaseException as error:  # A plain function: `failed` decides.
            self.failed(error)
            return
        if direct is not None:
            return  # It answers later.
        if self.method.streams_out or type(result) is not CoroutineType:
            result = self._drive(result)
        self.seat = common.seats.run(result, self)
        if self.seat is not None:
            self._set_deadline(None)

    async def _drive(self, result: Any) -> Any:
        """Run what is no plain coroutine; return a unary answer."""
        if hasattr(result, "__aiter__"):
            async with aclosing(result) if hasattr(result, "aclose") else nullcontext():
                async for response in result:
                    await self.write(response)
            return None
        return await result if hasattr(result, "__await__") else result

    def answered(self, result: Any) -> None:
        """Take the handler's return."""
        self._working, self.seat = False, None
        if self.done_:
            self._left()
        elif self._early is not None:
            pass  # It caught its own `abort`.
        elif self.method.streams_out:
            self.end_well()
        else:
            self._answer(result)

    def refused(self, code: grpc.StatusCode, details: str, trailing_metadata: Pairs) -> None:
        """Take the refusal of a call that was begun directly."""
        self._working = False
        if self.done_:
            self._left()
        else:
            self.set_trailing_metadata(trailing_metadata)
            self.end(number(code) or status.UNKNOWN, details, self._trailing_fields)

    def failed(self, error: BaseException) -> None:
        """Take the handler's end by an error."""
        self._working, self.seat = False, None
        if self.done_:
            self._left()
        elif self._early is not None:
            pass
        elif isinstance(error, asyncio.CancelledError):
            self.end(status.CANCELLED, "the server cancelled the call")
        else:
            self._bug(error)
        if not isinstance(error, Exception | asyncio.CancelledError):
            raise error

    def _bug(self, error: BaseException) -> None:
        _log.error("unexpected error", exc_info=error)
        code = status.UNKNOWN if self._code is None else number(self._code)
        self.end(code or status.UNKNOWN, self._details or OPAQUE, self._trailing_fields)

    # ---- the answer ----------------------------------------------------------------------------

    def _answer(self, response: Any) -> None:
        try:
            message = self.method.encode(response)
            if not isinstance(message, bytes):
                raise TypeError(f"an answer of type {type(message).__name__}")
        except Exception as error:  # The handler returned something else: a bug like others.
            self._bug(error)
            return
        if self.unusual:
            if not self._code or self._code is grpc.StatusCode.OK:
                self._send(message)
            self.end_well()
        else:
            self.line.core.send.answer(self.stream, message)
            self.finish()

    def _set_deadline(self, body_s: float | None) -> None:
        if self._step or self.done_ or (self.deadline is None and body_s is None):
            return
        common = self.line.common
        when = self.deadline
        if when is None:
            assert body_s is not None
            when = common.loop.time() + body_s
        self._step = common.deadlines.add(self, when)

    def _left(self) -> None:
        """The handler of a call that was over has ended too."""
        self.line.core.receiver.running -= 1
        self.line.common.calls -= 1
