"""A burst on a simulated host: the twin of aidevos_host.burst, cut and taken apart by its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from aidevos.core import codec
from aidevos.core.burst import Burst, BurstSink
from aidevos.core.ids import ObjectId
from aidevos.core.pending import LiveSession
from aidevos.core.record import BurstRecord
from aidevos.core.turn import TurnResults
from aidevos.sim.counters import Ask
from aidevos.sim.plants import Plant
from aidevos.sim.turns import SimTurn

if TYPE_CHECKING:
    from aidevos.sim.residence import Residence, Resident


class SimBurst(Burst):
    """Usual calls between their arrival and their answer (core/turn.TurnBurst)."""

    __slots__ = ("asks", "residence", "residents", "sent_at")
    COLUMNS = (*Burst.COLUMNS, "asks")

    def __init__(
        self,
        sink: BurstSink,
        session: LiveSession,
        asks: Sequence[Ask],
        residence: Residence,
        residents: dict[ObjectId, Resident],
    ) -> None:
        """Fill the columns; `residents`: all objects of it."""
        super().__init__(sink, session)
        self.principal, self.traceparent, self.deadline_ms = "anonymous", "", None
        self.residence = residence
        self.asks = list(asks)
        self.objects = list(dict.fromkeys(ask.object for ask in asks))
        self.residents = [residents[object] for object in self.objects]
        self.methods: list[str] = list(dict.fromkeys(ask.method for ask in asks))
        self.numbers = [ask.number for ask in asks]
        self.hashes = [ask.payload_hash for ask in asks]
        self.object_index = [self.objects.index(ask.object) for ask in asks]
        self.method_index = [self.methods.index(ask.method) for ask in asks]
        self.payloads = [str(ask.n).encode() for ask in asks]
        self.seeds = [0] * len(asks)
        self.sent_at = 0

    def ran(self, results: TurnResults) -> None:
        """Take what its executor made of it."""
        part = self.residents[0].part
        if not part.alive:
            self.residence.burst_ended(self)
            return
        kept = self.narrow()
        if kept is not None:
            self.residents = [self.residents[at] for at in kept]
        record = self.record_of(results)
        if self._is_taken(record):
            part.world.counts["taken"] += 1
            self.residence.burst_ended(self)
            part.ran(change for one in record.single() for change in one.changes)
            part.touch()
            return
        for place, turn in enumerate(self.apart()):
            turn.ran(record.result(place))

    def _is_taken(self, record: BurstRecord) -> bool:
        """Whether all of it goes on from what the shard knows, and is in the open batch."""
        residence = self.residence
        newer = residence.newer(self.sent_at, self.objects)
        if newer and residence.plant is not Plant.BURST_UNCHECKED:
            return False
        if any(ask.method == "huge" for ask in self.asks):  # The record is too large.
            return False
        return self.residents[0].part.machine.finish_burst(
            self, record, codec.encode_record(record)
        )

    # ---- in parts --------------------------------------------------------------------------

    def cut(self, count: int) -> Self:
        """Keep the first `count` turns, return the rest as one more burst."""
        rest = super().cut(count)
        part = self.residents[0].part
        if part.alive:
            part.world.counts["cut"] += 1
            part.machine.cut(self, rest)
        return rest

    def apart(self) -> list[SimTurn]:  # type: ignore[override]  # They read groups by callback.
        """Return its turns, which go on one by one from where the burst stands."""
        turns = [self._turn(place) for place in range(len(self))]
        part = self.residents[0].part
        if part.alive:
            part.world.counts["apart"] += 1
            part.machine.split(self, turns)
        return turns

    def _turn(self, place: int) -> SimTurn:
        resident = self.residents[self.object_index[place]]
        turn = SimTurn(self.sink, self.asks[place], self.residence, resident)
        turn.sent_at, turn.now_ms = self.sent_at, self.now_ms
        turn.request = self.request(place)
        return turn
