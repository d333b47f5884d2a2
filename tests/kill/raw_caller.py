"""A client that speaks the session protocol itself, so that its session outlives kill -9.

A new life opens the same session, asks again for every number that its journal has no answer to,
and goes on counting. It keeps the mark back on purpose, and asks again for what was answered
already: the same answer must come, byte for byte. Some numbers are asked for twice at once, some
below the mark, some with a deadline that is too short.
"""

import asyncio
import time
import uuid
from typing import Any

import grpc
import msgspec
from journal import Asked, Journal, Kept, Line, Marked, Opened, Told
from load import Load, learned
from progress import step, up
from raw_frames import answers_of, frame_of, opening

from aidevos.v1.sessions_pb2_grpc import SessionServiceStub

LIFE_MS = 3_600_000
FRAME_MAX = 48
KEPT_BACK = 150
"""So many answered numbers stay above the mark."""
REMEMBERED = 300
"""So many may be asked for again: some of them are below the mark."""
ASKED_AGAIN = (
    *("UNAVAILABLE", "OUTCOME_UNKNOWN", "RESOURCE_EXHAUSTED"),
    *("HANDLER_FAILED", "DEADLINE_EXCEEDED"),
)
"""Reasons after which the same number is sent again; any other ends the call."""
RECONNECT = [(f"grpc.{name}_reconnect_backoff_ms", 50) for name in ("initial", "min", "max")]


class RawCaller:
    """One life of the client."""

    def __init__(self, journal: Journal, kept: Kept, load: Load) -> None:
        """Go on where the journal ends."""
        calls = list(kept.calls.values())
        learned(load, calls)
        self._journal = journal
        self._load = load
        self._rng = load.rng
        self._mark = kept.mark
        self._sent = max((call.asked.number for call in calls), default=0)
        self._open = {c.asked.number: c.asked for c in calls if c.final is None}
        self._done = {c.asked.number: c.asked for c in calls[-REMEMBERED:] if c.final}
        self._first: dict[int, int] = {}
        """Copies under way that were sent before any answer to their number came."""
        self._flying: dict[int, tuple[Asked, int]] = {}
        """Calls under way, and how many copies of each."""
        self._again: list[Asked] = []
        """To be sent again: unanswered when the stream began, or refused by the platform."""
        self._turn = asyncio.Event()
        self._stopping = False
        self._opened = kept.opened or Opened(uuid.uuid4().hex, _now_ms() + LIFE_MS)
        if kept.opened is None:
            journal.write(self._opened)

    def stop(self) -> None:
        """Make no new calls; `run` returns when all are answered."""
        self._stopping = True
        self._turn.set()

    async def run(self, address: str) -> None:
        """Call until stopped and answered, over as many streams as it takes."""
        async with grpc.aio.insecure_channel(address, options=RECONNECT) as channel:
            while self._open or not self._stopping:
                try:
                    await self._stream(SessionServiceStub(channel))
                except (grpc.aio.AioRpcError, asyncio.InvalidStateError, EOFError):
                    continue  # The next one waits until the server is there.

    # ---- a stream --------------------------------------------------------------------------

    async def _stream(self, stub: SessionServiceStub) -> None:
        stream: Any = stub.Session(wait_for_ready=True)
        moving: list[asyncio.Task[None]] = []
        try:
            await stream.write(opening(self._opened, self._sent))
            if await stream.read() is grpc.aio.EOF:
                raise EOFError
            self._first.clear()
            self._flying.clear()
            self._again = list(self._open.values())
            moving = [asyncio.create_task(move(stream)) for move in (self._read, self._write)]
            await asyncio.gather(*moving)
        finally:
            for task in moving:
                task.cancel()
            stream.cancel()

    async def _write(self, stream: Any) -> None:
        while self._open or not self._stopping:
            self._turn.clear()
            if asked := self._next_calls():
                step()
                few = self._rng.random() < 0.1
                timeouts = [self._rng.choice((0, 0, 1, 5)) for _ in asked] if few else ()
                await stream.write(frame_of(asked, self._mark, timeouts))
                await asyncio.sleep(self._rng.uniform(0, 2 * self._load.pace_s))
            else:
                await self._turn.wait()
        await stream.done_writing()

    async def _read(self, stream: Any) -> None:
        while (response := await stream.read()) is not grpc.aio.EOF:
            told = [self._named(*answer) for answer in answers_of(response.answers)]
            self._journal.write(*(one for _, one in told))
            up()
            for number, one in told:
                self._act(number, one)
            self._turn.set()
        if self._open:
            raise EOFError

    # ---- out -------------------------------------------------------------------------------

    def _next_calls(self) -> list[Asked]:
        """Return what the next frame carries: what must go again, new calls, copies."""
        again, self._again = self._again[:FRAME_MAX], self._again[FRAME_MAX:]
        room = min(FRAME_MAX - len(again), self._load.outstanding - len(self._flying))
        fresh: list[Asked] = []
        if room > 0 and not self._stopping:
            count = self._rng.randint(1, room)
            fresh = [self._load.next(number=self._sent + 1 + n) for n in range(count)]
            self._sent += count
            self._open.update((one.number, one) for one in fresh)
        self._write_down(fresh)
        chosen = [*again, *fresh, *(self._copies() if again or fresh else ())]
        for one in chosen:
            self._flying[one.number] = one, self._flying.get(one.number, (one, 0))[1] + 1
            if one.number in self._open:
                self._first[one.number] = self._first.get(one.number, 0) + 1
        return chosen

    def _write_down(self, fresh: list[Asked]) -> None:
        """Write down what is new, and the mark if it rises, before either is sent."""
        lines: list[Line] = [*fresh]
        least = min(self._open, default=self._sent + 1)
        mark = min(least - 1, self._sent - KEPT_BACK)
        if mark > self._mark and self._sent:
            self._mark = mark
            lines.append(Marked(mark))
        self._journal.write(*lines)

    def _copies(self) -> list[Asked]:
        """Return calls that were answered, or are under way, to be asked once more."""
        chosen: list[Asked] = []
        for calls in (self._open, self._done):
            if calls and self._rng.random() < 0.3:
                chosen += self._rng.choices(list(calls.values()), k=3)
        return [asked for asked in chosen if asked.method != "total"]

    # ---- in --------------------------------------------------------------------------------

    def _named(self, number: int, told: Told) -> tuple[int, Told]:
        """Say whose answer it is, and whether the copy was sent after another answer."""
        asked, copies = self._flying.pop(number)
        if copies > 1:
            self._flying[number] = asked, copies - 1
        left = self._first.pop(number, 0)
        if left > 1:
            self._first[number] = left - 1
        final = told.final or (number in self._open and told.reason not in ASKED_AGAIN)
        return number, msgspec.structs.replace(told, call=asked.call, again=not left, final=final)

    def _act(self, number: int, told: Told) -> None:
        asked = self._open.get(number)
        if asked is None:
            return
        self._load.learn(asked, told)
        if told.final:
            self._done[number] = self._open.pop(number)
            if len(self._done) > REMEMBERED:
                del self._done[next(iter(self._done))]
        elif number not in self._first:
            pause_s = int(told.error.get("retry_after_ms", 5)) / 1_000
            asyncio.get_running_loop().call_later(pause_s, self._ask_again, asked)

    def _ask_again(self, asked: Asked) -> None:
        if asked.number in self._open and asked.number not in self._first:
            self._again.append(asked)
            self._turn.set()


def _now_ms() -> int:
    return int(time.time() * 1_000)
