"""What waits to be sent to a worker, in order: turns, and what must come after some of them.

All that is called in one turn of the loop shares frames; activations go first, for a worker
takes them when it reads them.
"""

from collections import deque
from collections.abc import Iterator

from aidevos_worker.frames import AskStates, Drop

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos_host.worker_asks import Asks
from aidevos_host.worker_check import Judge
from aidevos_host.worker_frames import activations
from aidevos_host.worker_turns import Turns


class Outbox:
    """Cuts what waits into frames."""

    def __init__(self, turns: Turns, asks: Asks) -> None:
        """Send `turns` and `asks`, and what is given here."""
        self._turns = turns
        self._asks = asks
        self.activations: list[tuple[ObjectId, Held]] = []
        self._behind: deque[tuple[int, Drop | AskStates]] = deque()

    def behind(self, message: Drop | AskStates) -> None:
        """Send a message after the turns that wait now."""
        self._behind.append((self._turns.added, message))

    def frames(self, judge: Judge, now_ms: int) -> Iterator[list[object]]:
        """Take everything that may be sent now."""
        activated, self.activations = self.activations, []
        for activation in activations(activated):
            yield [activation]
        if self._asks.unsent:
            folds, self._asks.unsent = self._asks.unsent, []
            yield [*folds]
        while frame := self._next(judge, now_ms):
            yield [frame]

    def clear(self) -> None:
        """Forget all but turns and questions."""
        self.activations.clear()
        self._behind.clear()

    def _next(self, judge: Judge, now_ms: int) -> object | None:
        turns = self._turns
        if not self._behind:
            return turns.next_frame(judge, turns.added - turns.taken, now_ms)
        after, message = self._behind[0]
        if after <= turns.taken:
            self._behind.popleft()
            return message
        return turns.next_frame(judge, after - turns.taken, now_ms) or (
            self._next(judge, now_ms) if after <= turns.taken else None
        )
