"""The life of one stream of a session: frames in, frames out, what is under way bounded.

A call takes credit when its frame is read and gives it back when its answer is written, so a
client that does not read has soon nothing more to send, and what it may leave unread is bounded
in bytes. Answers that gather while a frame is written share the next one.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from itertools import repeat

from google.protobuf.message import DecodeError

from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
    InvalidArgumentError,
    ResourceExhaustedError,
    UnavailableError,
)
from aidevos.doors.grpc_interface import InlineContext
from aidevos.doors.port import AnswerColumns, ObjectPort, SessionName, SessionPort
from aidevos.doors.session_answers import WaitingAnswers
from aidevos.doors.session_wire import columns_from, torn
from aidevos.v1 import sessions_pb2 as pb

CREDIT_CALLS = 4_096
CREDIT_BYTES = 16 << 20
UNREAD_BYTES_MAX = 64 << 20
"""Answers that one client may leave unread; four of the largest replies."""


class SessionStream:
    """One stream. Make it, iterate over `responses` once."""

    def __init__(
        self,
        port: ObjectPort,
        name: SessionName,
        sent_number: int,
        monotonic_ms: Callable[[], int],
        inline: InlineContext | None = None,
    ) -> None:
        """Bind; the session is opened at `port` when `responses` begins.

        With `inline`, frames come and go by it, without a task, while nobody is behind.
        """
        self._port = port
        self._name = name
        self._sent_number = sent_number
        self._monotonic_ms = monotonic_ms
        self._answers = WaitingAnswers()
        self._turn = asyncio.Event()
        """Set when `responses` has something to do."""
        self._calls = 0
        """Calls that hold credit: neither answered nor given up."""
        self._sizes: dict[int, int] = {}
        """Bytes of arguments by number, of the calls that hold credit."""
        self._bytes = 0
        self._ending = False
        """Nothing more is read; the stream ends when everything is answered."""
        self._stopped = False
        self._closed = False
        self._yielding = True
        """Whether `responses` sends, or is about to."""
        self._failure: Exception | None = None
        self._reading: asyncio.Task[None] | None = None
        self._inline = inline
        self._session: SessionPort

    async def responses(
        self, requests: AsyncIterator[pb.SessionRequest]
    ) -> AsyncGenerator[pb.SessionResponse, None]:
        """Yield the server's frames; raises what the port refuses with, or ends the stream.

        Cancel: calls under way go on, and their answers are kept for a repeat.
        """
        self._session = self._port.open_session(self._name, self._sent_number, self._answered)
        self._reading = asyncio.ensure_future(self._read(requests))
        try:
            yield pb.SessionResponse(credit=pb.Credit(calls=CREDIT_CALLS, bytes=CREDIT_BYTES))
            self._yielding = False
            while not self._done:
                await self._turn.wait()
                self._turn.clear()
                self._yielding = True
                while self._answers and self._failure is None:
                    yield self._next_frame()
                self._yielding = False
            if self._failure is not None:
                raise self._failure
            if self._stopped:
                raise _stopping()
        finally:
            self._reading.cancel()
            self._close()

    def stop(self) -> None:
        """The server stops: read no more, answer what is under way, say to open again."""
        self._stopped = self._ending = True
        self._turn.set()
        if self._inline is not None:
            self._inline.take_inline(None)
        if self._reading is not None:
            self._reading.cancel()

    # ---- from the client -------------------------------------------------------------------

    async def _read(self, requests: AsyncIterator[pb.SessionRequest]) -> None:
        """Take frames until the client closes its side, or one is refused."""
        try:
            if self._inline is not None:
                self._inline.take_inline(self._take_encoded)
            async for request in requests:
                self._take(request)
        except DecodeError:
            self._fail(torn())
        except Exception as error:  # Told by `responses`, which ends the stream with it.
            self._fail(error)
        finally:
            self._ending = True
            self._turn.set()

    def _take_encoded(self, message: bytes) -> None:
        """Take a frame inline; what is wrong with it ends the stream."""
        if self._failure is not None:
            return
        try:
            self._take(pb.SessionRequest.FromString(message))
        except DecodeError:
            self._fail(torn())
        except Exception as error:  # Told by `responses`, which ends the stream with it.
            self._fail(error)
        if self._failure is not None:
            self._ending = True
            self._turn.set()

    def _take(self, request: pb.SessionRequest) -> None:
        if request.WhichOneof("frame") != "calls":
            raise InvalidArgumentError("every frame after the first must be `calls`", field="calls")
        columns = columns_from(request.calls, self._monotonic_ms())
        sizes = list(map(len, columns.payloads))
        self._calls += len(sizes)
        self._bytes += sum(sizes)
        if self._calls > CREDIT_CALLS or self._bytes > CREDIT_BYTES:
            raise InvalidArgumentError(
                f"{self._calls} calls and {self._bytes} bytes would be under way, the credit is "
                f"{CREDIT_CALLS} and {CREDIT_BYTES}",
                field="numbers",
            )
        self._hold(columns.numbers, sizes)
        self._session.calls(columns)

    def _hold(self, numbers: Sequence[int], sizes: list[int]) -> None:
        """Note what each call holds. A number may be under way twice: its answers share both."""
        held = self._sizes
        if held.keys().isdisjoint(numbers) and len(set(numbers)) == len(numbers):
            held.update(zip(numbers, sizes, strict=True))
            return
        for number, size in zip(numbers, sizes, strict=True):
            held[number] = held.get(number, 0) + size

    # ---- to the client ---------------------------------------------------------------------

    def _answered(
        self, answers: list[tuple[int, Answer | AidevosError]], columns: list[AnswerColumns]
    ) -> None:
        """Take answers from the port; they leave with the next frame."""
        if answers:
            self._answers.add(answers)
        for some in columns:
            self._answers.add_columns(some)
        if self._answers.bytes > UNREAD_BYTES_MAX:
            self._fail(_unread(self._answers.bytes))
        elif self._inline is not None and not self._yielding:
            self._put_inline(self._inline)
        if self._answers or self._done:
            self._turn.set()

    def _put_inline(self, inline: InlineContext) -> None:
        """Send what waits; whatever is left when the client is behind, `responses` sends."""
        while self._answers and inline.may_put_inline():
            inline.put_inline(self._next_frame())

    def _next_frame(self) -> pb.SessionResponse:
        """Return the next frame; what it answers gives its credit back."""
        numbers, response = self._answers.take()
        self._calls -= len(numbers)
        self._bytes -= sum(map(self._sizes.pop, numbers, repeat(0)))
        return response

    # ---- the end ---------------------------------------------------------------------------

    @property
    def _done(self) -> bool:
        return self._failure is not None or (self._ending and self._calls == 0)

    def _fail(self, error: Exception) -> None:
        """End the stream with `error`; what waits is dropped, for nobody reads it."""
        if self._failure is None:
            self._failure = error
        self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._answers.clear()  # This stream may stay for a while, in a cycle.
            self._session.close()


def _unread(size: int) -> AidevosError:
    return ResourceExhaustedError(
        f"{size} bytes of answers wait unread, at most {UNREAD_BYTES_MAX} may: open the session "
        "again with less under way",
        retry_after_ms=20,
    )


def _stopping() -> AidevosError:
    return UnavailableError("the server is stopping; open the session again", retry_after_ms=50)
