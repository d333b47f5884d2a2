"""The output gate: nothing leaves before what it observed is durable (PROTOCOL.md section 6).

An answer waits for (a) the commit of every batch that its turn could have seen or changed, and
(b) a confirmation of the epoch that *began after the call arrived*: an append or a barrier.
Pure: batches and confirmations are counted, not timed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that may not leave yet."""

    token: int
    value: object
    batch: int
    arrived: int


class Gate:
    """Counts batches (1, 2, ...) and confirmations (1, 2, ...) of one shard's owner."""

    def __init__(self) -> None:
        """Begin with nothing in flight."""
        self.committed = 0
        self.begun = 0
        self.confirmed = 0
        self._waiting: dict[int, list[Held]] = {}
        """By batch, so that what waits for a later commit is not looked at."""

    def begin(self) -> int:
        """Count the start of an append or a barrier; return its ticket."""
        self.begun += 1
        return self.begun

    def hold(self, token: int, value: object, *, batch: int, arrived: int) -> None:
        """Keep an answer until `batch` is committed and a ticket above `arrived` confirmed."""
        assert arrived <= self.begun, "a call arrives before what confirms it"
        self._waiting.setdefault(batch, []).append(Held(token, value, batch, arrived))

    def confirm(self, ticket: int, *, committed: int | None = None) -> list[Held]:
        """Take the end of `ticket` (and of batch `committed`); return what may leave now."""
        assert ticket <= self.begun, "confirmed before it began"
        self.confirmed = max(self.confirmed, ticket)
        if committed is not None:
            assert committed == self.committed + 1, "batches commit in order"
            self.committed = committed
        return self.release()

    def release(self) -> list[Held]:
        """Return what may leave now: batch by batch, in the order it came."""
        ready: list[Held] = []
        for batch in self._durable():
            waiting = self._waiting.pop(batch)
            ready += [held for held in waiting if held.arrived < self.confirmed]
            if late := [held for held in waiting if held.arrived >= self.confirmed]:
                self._waiting[batch] = late
        return ready

    def wants_barrier(self) -> bool:
        """Whether an answer waits for a confirmation alone, and none that helps is under way."""
        durable = (held for batch in self._durable() for held in self._waiting[batch])
        return any(held.arrived >= self.begun for held in durable)

    def drop(self) -> list[Held]:
        """The shard is lost: return all that never left."""
        waiting, self._waiting = self._waiting, {}
        return [held for batch in sorted(waiting) for held in waiting[batch]]

    def _durable(self) -> list[int]:
        """Return the batches that are committed and still waited for; mostly none or one."""
        return sorted(batch for batch in self._waiting if batch <= self.committed)
