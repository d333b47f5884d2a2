"""A session of framed calls: numbers, the low-water mark, credit, what to send next.

No I/O and no clock: `stream` moves the frames. Invariants:
  1. A call keeps its number on every attempt, and numbers are never used again.
  2. The mark is below every number that may be sent again: below all of `pending`.
  3. A call leaves `pending` when its last answer came, or when nobody waits for it and no copy
     is under way on the open stream. Copies on broken streams that come late are then refused.
  4. What is under way never exceeds the credit that the server gave.
"""

from collections import deque
from collections.abc import Iterator

from aidevos.core.call import Answer
from aidevos.v1 import sessions_pb2 as pb
from aidevos_client.pending import PendingCall

Refusal = tuple[PendingCall, pb.CallError]

FRAME_CALLS_MAX = 256
FRAME_BYTES = 1 << 20
"""A frame's arguments are cut here; a single larger one goes alone."""
FRAME_CALLS_SMALL = 64
"""So many share a frame even if they are more than half of what is outstanding: what a frame and
a commit cost, shared by all, is more than is gained when two frames are worked on at once."""


class Session:
    """One session over all its streams."""

    def __init__(self, session_id: str, expires_at_ms: int) -> None:
        """Begin a new session; id and end never change."""
        self.session_id = session_id
        self.expires_at_ms = expires_at_ms
        self.fresh: deque[PendingCall] = deque()
        """Calls without a number yet."""
        self.again: deque[PendingCall] = deque()
        """Calls to be sent again; they are in `pending`."""
        self.pending: dict[int, PendingCall] = {}
        """Numbered calls that are not over, by rising number."""
        self.sent_number = 0
        self._flying = 0
        self._flying_bytes = 0
        self._calls_max = 0
        """Credit of the open stream; 0 while there is none."""
        self._bytes_max = 0
        self._window = FRAME_CALLS_MAX * 64
        """A bound of our own, which falls when the server says that we do not read fast enough."""

    # ---- what is known ---------------------------------------------------------------------

    @property
    def mark(self) -> int:
        """No call up to this number will be sent again."""
        return next(iter(self.pending), self.sent_number + 1) - 1

    @property
    def idle(self) -> bool:
        """Whether nobody waits for anything, and no answer is to come."""
        return not self.fresh and not self.pending

    def everyone(self) -> Iterator[PendingCall]:
        """Yield every call that is not over."""
        yield from self.pending.values()
        yield from self.fresh

    # ---- streams ---------------------------------------------------------------------------

    def credited(self, calls: int, size: int) -> None:
        """Take credit of the open stream: so many more calls and bytes may be under way."""
        self._calls_max += calls
        self._bytes_max += size

    def broken(self, *, narrower: bool = False) -> None:
        """The stream is gone: what was under way on it goes again, if somebody still waits.

        `narrower`: it could not get rid of our answers; have half as much under way.
        """
        if narrower:
            self._window = max(1, min(self._window, self._flying) // 2)
        self._calls_max = self._bytes_max = self._flying = self._flying_bytes = 0
        waiting = [call for call in self.pending.values() if not call.future.done()]
        for call in waiting:
            call.doubtful |= call.flying
            call.flying = False
        self.pending = {call.number: call for call in waiting}
        self.again = deque(call for call in waiting if not call.resting)

    def surrender(self) -> list[PendingCall]:
        """Give all calls away, as calls that were never numbered; the session keeps none."""
        calls = list(self.everyone())
        self.pending, self.again, self.fresh = {}, deque(), deque()
        for call in calls:
            call.number, call.resting = 0, False
        return calls

    # ---- out -------------------------------------------------------------------------------

    def next_calls(self) -> list[PendingCall]:
        """Return the calls of the next frame, numbered; empty if there is nothing to send now.

        Of many at most half of what is outstanding, so that frames are made, run and answered at
        once.
        """
        flying = self._flying
        waiting = len(self.again) + len(self.fresh)
        count = min(
            FRAME_CALLS_MAX,
            min(self._calls_max, self._window) - flying,
            max(FRAME_CALLS_SMALL, (waiting + flying) >> 1),
        )
        if count <= 0 or not waiting:
            return []
        chosen, size = self._choose(count)
        self._flying += len(chosen)
        self._flying_bytes += size
        return chosen

    def _choose(self, count: int) -> tuple[list[PendingCall], int]:
        room = self._bytes_max - self._flying_bytes
        chosen: list[PendingCall] = []
        size, number, pending = 0, self.sent_number, self.pending
        for queue in (self.again, self.fresh):
            while queue and len(chosen) < count:
                call = queue[0]
                if call.future.done():  # Cancelled before it was sent: nobody will hear of it.
                    queue.popleft()
                    pending.pop(call.number, None)
                    continue
                size += len(call.payload)
                if size > room or (size > FRAME_BYTES and chosen):
                    self.sent_number = number
                    return chosen, size - len(call.payload)
                if not call.number:
                    number += 1
                    call.number = number
                    pending[number] = call
                call.flying = True
                chosen.append(queue.popleft())
        self.sent_number = number
        return chosen, size

    # ---- in --------------------------------------------------------------------------------

    def take(self, answers: pb.AnswerFrame) -> list[Refusal]:
        """Tell callers what their calls came to; return the refusals, which are not told yet."""
        pending, data, start = self.pending, answers.payloads, 0
        errors = {error.index: error for error in answers.errors}
        repeated = frozenset(answers.repeated_index)
        refused: list[Refusal] = []
        columns = zip(answers.numbers, answers.versions, answers.payload_ends, strict=True)
        for place, (number, version, end) in enumerate(columns):
            payload, start = data[start:end], end
            call = pending.get(number)
            if call is None or not call.flying:
                continue  # A number that was answered already.
            call.flying = False
            self._flying -= 1
            self._flying_bytes -= len(call.payload)
            if errors and place in errors:
                refused.append((call, errors[place]))
                continue
            del pending[number]
            if not call.future.done():
                self._window += 1
                answer = Answer(version=version, payload=payload, repeated=place in repeated)
                call.future.set_result(answer)
        return refused

    def rest(self, call: PendingCall) -> None:
        """Keep a refused call, until `wake` puts it among those to be sent."""
        call.resting = True

    def wake(self, call: PendingCall) -> None:
        """Send a call again that rested, if it is still one of this session's."""
        call.resting = False
        if self.pending.get(call.number) is call:
            self.again.append(call)

    def release(self, call: PendingCall) -> None:
        """Give one numbered call away, as one that was never numbered."""
        self.pending.pop(call.number, None)
        call.number = 0

    def end(self, call: PendingCall, error: BaseException) -> None:
        """Tell a caller that its call failed, and forget it unless a copy is under way."""
        if not call.flying:
            self.pending.pop(call.number, None)
        if not call.future.done():
            call.future.set_exception(error)

    def sweep(self) -> None:
        """Forget the calls that nobody waits for, but those under way."""
        self.fresh = deque(call for call in self.fresh if not call.future.done())
        over = [call for call in self.pending.values() if call.future.done() and not call.flying]
        for call in over:
            del self.pending[call.number]
        self.again = deque(call for call in self.again if not call.future.done())
