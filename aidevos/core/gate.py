"""The output gate: nothing leaves before what it observed is durable (PROTOCOL.md section 6).

A change leaves with its own batch, which was begun after it arrived. Everything else waits for
(a) the commit of every batch that its turn could have seen, and (b) a confirmation of the epoch
that *began after the call arrived*: an append or a barrier. Pure: batches and confirmations are
counted, not timed.
"""

from aidevos.core.pending import Sink

Released = tuple[Sink, int, object]
"""(who waits, the call's number there, what may leave)."""
_Held = tuple[int, Released]
"""(confirmations begun at its arrival, what is held)."""


class Gate:
    """Counts batches (1, 2, ...) and confirmations (1, 2, ...) of one shard's owner."""

    def __init__(self) -> None:
        """Begin with nothing in flight."""
        self.committed = 0
        self.begun = 0
        self.confirmed = 0
        self._waiting: dict[int, list[_Held]] = {}
        """By batch, so that what waits for a later commit is not looked at."""

    def begin(self) -> int:
        """Count the start of an append or a barrier; return its ticket."""
        self.begun += 1
        return self.begun

    def hold(self, released: Released, batch: int, arrived: int) -> None:
        """Keep an answer until `batch` is committed and a ticket above `arrived` confirmed."""
        assert arrived <= self.begun, "a call arrives before what confirms it"
        waiting = self._waiting.get(batch)
        if waiting is None:
            self._waiting[batch] = [(arrived, released)]
        else:
            waiting.append((arrived, released))

    def confirm(self, ticket: int) -> None:
        """Take the end of `ticket`: the epoch was ours when it began."""
        assert ticket <= self.begun, "confirmed before it began"
        self.confirmed = max(self.confirmed, ticket)

    def commit(self, ticket: int) -> None:
        """Take the commit of the next batch, whose append was `ticket`."""
        self.confirm(ticket)
        self.committed += 1

    def release(self) -> list[Released]:
        """Return what may leave now: batch by batch, in the order it came."""
        if not self._waiting:
            return []
        ready: list[Released] = []
        for batch in self._durable():
            late = []
            for held in self._waiting.pop(batch):
                if held[0] < self.confirmed:
                    ready.append(held[1])
                else:
                    late.append(held)
            if late:
                self._waiting[batch] = late
        return ready

    def wants_barrier(self) -> bool:
        """Whether an answer waits for a confirmation alone, and none that helps is under way."""
        if not self._waiting:
            return False
        durable = (held for batch in self._durable() for held in self._waiting[batch])
        return any(arrived >= self.begun for arrived, _ in durable)

    def drop(self) -> list[Released]:
        """The shard is lost: return all that never left."""
        waiting, self._waiting = self._waiting, {}
        return [released for batch in sorted(waiting) for _, released in waiting[batch]]

    def _durable(self) -> list[int]:
        """Return the batches that are committed and still waited for; mostly none or one."""
        return sorted(batch for batch in self._waiting if batch <= self.committed)
