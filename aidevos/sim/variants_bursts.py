"""The shard machine with one planted bug of bursts each, used by a planted run only."""

from collections.abc import Sequence

import msgspec

from aidevos.core import codec
from aidevos.core.burst import Burst
from aidevos.core.calls import NO_SESSION, KeptBurst
from aidevos.core.fence import Fence
from aidevos.core.gate import Released
from aidevos.core.index import ShardIndex
from aidevos.core.pending import Pending
from aidevos.core.record import BurstRecord, Recorded, Row
from aidevos.sim.plants import Plant
from aidevos.sim.variants_machine import Nobody, PlantedMachine


class NoStream(Nobody):
    """Takes the answers of a burst that were let out before."""

    def answer_burst(
        self, numbers: Sequence[int], versions: Sequence[int], replies: Sequence[bytes]
    ) -> None:
        """Drop them."""


class PlantedBursts(PlantedMachine):
    """A shard machine with one bug, perhaps of bursts."""

    def arrive_burst(self, burst: Burst, clock_ms: int) -> bool:
        """Plants BURST_BELOW_MARK, BURST_OF_KNOWN and BURST_EXPIRED: leave out one check."""
        session, numbers, now_ms = burst.session, burst.numbers, self._now(clock_ms)
        entry = self.index.calls.sessions.get(session.scope) or NO_SESSION
        unusual = {
            Plant.BURST_BELOW_MARK: min(numbers) <= max(session.mark, entry.mark),
            Plant.BURST_OF_KNOWN: not {*session.running, *entry.answers}.isdisjoint(numbers),
            Plant.BURST_EXPIRED: session.expires_ms <= now_ms,
        }
        if self._plant not in unusual:
            return super().arrive_burst(burst, clock_ms)
        if any(found for plant, found in unusual.items() if plant is not self._plant):
            return False
        burst.arrived, burst.now_ms = self._gate.begun, now_ms
        self._running += len(burst)
        session.running.update(dict.fromkeys(numbers, burst))
        return True

    def finish_burst(self, burst: Burst, record: BurstRecord, raw: msgspec.Raw) -> bool:
        """Plant BURST_EARLY."""
        fits = super().finish_burst(burst, record, raw)
        if fits and self._plant is Plant.BURST_EARLY:
            burst.sink.answer_burst(record.numbers, record.versions, record.replies)
            burst.sink = NoStream()
        return fits

    def _versions_after(self, record: BurstRecord) -> list[tuple[int, int]] | None:
        """Plant BURST_UNCHECKED: believe all that it says."""
        right = super()._versions_after(record)
        if right is not None or self._plant is not Plant.BURST_UNCHECKED:
            return right
        last = dict(zip(record.object_index, record.versions, strict=True))
        return [(self.version(object), last[at]) for at, object in enumerate(record.objects)]

    def cut(self, burst: Burst, rest: Burst) -> None:
        """Plants BURST_REST_FORGOTTEN and BURST_COPIES_IN_BOTH."""
        joined = burst.joined
        super().cut(burst, rest)
        if self._plant is Plant.BURST_REST_FORGOTTEN:
            burst.session.running.update(dict.fromkeys(rest.numbers, burst))
        elif self._plant is Plant.BURST_COPIES_IN_BOTH and joined is not None:
            burst.joined = rest.joined = joined

    def _join(self, call: Pending, running: Pending | Burst) -> bool:
        """Plant BURST_REST_FORGOTTEN: wait for what the first part came to."""
        if isinstance(running, Burst) and call.number not in running.numbers:
            of = running.numbers[-1]
            running.join(call.sink, call.number, of, running.hashes[-1])
            if running.batch:
                told = (call.sink, call.number, running.answer(of))
                self._gate.hold(told, running.batch, self._gate.begun)
            return False
        return super()._join(call, running)

    def committed(self, fence: Fence) -> tuple[list[Recorded], list[Burst], list[Released]]:
        """Plant KEPT_BURST_DROPPED."""
        done = super().committed(fence)
        if self._plant is Plant.KEPT_BURST_DROPPED:
            for entry in self.index.calls.sessions.values():
                for number, kept in list(entry.answers.items()):
                    if isinstance(kept, KeptBurst) and min(kept.numbers) <= entry.mark:
                        self.index.calls._drop(entry.answers.pop(number))
        return done


def replayed(index: ShardIndex, row: Row, plant: Plant | None) -> Sequence[Recorded]:
    """Fold a row into an index at takeover, with its bug if one is planted; return its records."""
    if plant is not Plant.BURST_REPLAY_SKIPS:
        return index.apply_row(row)
    records = codec.decode_records(row.body)
    index.apply([_skips(one) for one in records], row.log_time_ms)
    return records


def _skips(record: Recorded) -> Recorded:
    """Return a burst whose objects change once at most."""
    if not isinstance(record, BurstRecord):
        return record
    seen: set[int] = set()
    events = []
    for at, one in zip(record.object_index, record.events, strict=True):
        events.append(() if at in seen else one)
        seen.add(at)
    return msgspec.structs.replace(record, events=events)
