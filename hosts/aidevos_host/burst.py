"""A burst on this host: what its executor runs in columns, and what becomes of the results.

Whatever is not usual about a result, all of the burst go on as single turns (aidevos_host/turn),
which know what to do; nothing of it was done before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from aidevos.core import codec
from aidevos.core.burst import Burst
from aidevos.core.record import BurstRecord
from aidevos.core.turn import TurnResults
from aidevos_host.turn import HostTurn

if TYPE_CHECKING:
    from aidevos_host.catalog import Service
    from aidevos_host.engine import Engine
    from aidevos_host.resident import Resident
    from aidevos_host.shard import Shard

_UNSTORABLE = (OverflowError, TypeError, UnicodeEncodeError)


class HostBurst(Burst):
    """Usual calls between their arrival and their answer (core/burst)."""

    __slots__ = ("deadlines_ms", "engine", "residents", "sent_at", "service")
    COLUMNS = (*Burst.COLUMNS, "deadlines_ms")

    engine: Engine
    service: Service
    residents: list[Resident]
    """As `objects`."""
    deadlines_ms: list[int]
    """Of each call, 0 for none; empty: none for all."""
    sent_at: int
    """When it was sent, in the count of `Residents`."""

    @property
    def size(self) -> int:
        """Bytes of its arguments."""
        return sum(map(len, self.payloads))

    @property
    def shard(self) -> Shard:
        """Where all its objects are."""
        return self.residents[0].shard

    def ran(self, results: TurnResults) -> None:
        """Take what its executor made of it."""
        if not self.shard.alive:
            self.engine.burst_ended(self)
            return  # Whoever waited was told that the outcome is unknown.
        kept = self.narrow()
        if kept is not None:
            self.residents = [self.residents[at] for at in kept]
        record = self.record_of(results)
        if self._is_taken(record):
            self.engine.burst_ended(self)
            self.shard.touch()
            return
        for place, turn in enumerate(self.apart()):
            turn.ran(record.result(place))

    def _is_taken(self, record: BurstRecord) -> bool:
        """Whether all of it goes on from what the shard knows, and is in the open batch."""
        sent_at = self.sent_at
        if any([resident.since > sent_at for resident in self.residents]):
            return False
        try:
            raw = codec.encode_record(record)
        except _UNSTORABLE:
            return False
        return self.shard.machine.finish_burst(self, record, raw)

    # ---- in parts --------------------------------------------------------------------------

    def cut(self, count: int) -> Self:
        """Keep the first `count` turns, return the rest as one more burst."""
        rest = super().cut(count)
        if self.shard.alive:
            self.shard.machine.cut(self, rest)
        return rest

    def apart(self) -> list[HostTurn]:
        """Return its turns, which go on one by one from where the burst stands."""
        turns = [self._turn(place) for place in range(len(self))]
        if self.shard.alive:
            self.shard.machine.split(self, turns)
        return turns

    def _turn(self, place: int) -> HostTurn:
        resident = self.residents[self.object_index[place]]
        turn = HostTurn(self.sink, self.numbers[place], self.engine, resident)
        turn.traceparent = self.traceparent
        if self.deadlines_ms:
            turn.deadline_ms = self.deadlines_ms[place] or None
        turn.service, turn.sent_at = self.service, self.sent_at
        turn.now_ms = self.now_ms
        turn.request = self.request(place)
        return turn
