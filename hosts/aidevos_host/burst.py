"""A burst on this host: what its executor runs in columns, and what becomes of the results.

Whatever is not usual about a result, all of the burst go on as single turns (aidevos_host/turn),
which know what to do; nothing of it was done before.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from aidevos.core import codec
from aidevos.core.burst import Burst
from aidevos.core.record import BurstRecord
from aidevos.core.turn import ChangeRecord, EventRecord, Scalar, TurnRequest, TurnResult
from aidevos_host.turn import HostTurn

if TYPE_CHECKING:
    from aidevos_host.catalog import Service
    from aidevos_host.engine import Engine
    from aidevos_host.resident import Resident

_UNSTORABLE = (OverflowError, TypeError, UnicodeEncodeError)
COLUMNS = (
    *("numbers", "hashes", "object_index", "method_index"),
    *("payloads", "seeds", "deadlines_ms"),
)


class HostBurst(Burst):
    """Usual calls between their arrival and their answer (core/turn.TurnBurst)."""

    __slots__ = (
        "deadline_ms",
        "deadlines_ms",
        "engine",
        "method_index",
        "methods",
        "object_index",
        "objects",
        "payloads",
        "principal",
        "residents",
        "seeds",
        "sent_at",
        "service",
        "traceparent",
    )

    engine: Engine
    service: Service
    residents: list[Resident]
    """As `objects`."""
    deadline_ms: int | None
    deadlines_ms: list[int]
    """Of each call, 0 for none; empty: none for all."""
    traceparent: str
    sent_at: int
    """When it was sent, in the count of `Residents`."""

    @property
    def size(self) -> int:
        """Bytes of its arguments."""
        return sum(map(len, self.payloads))

    def ran(
        self,
        versions: list[int],
        replies: list[bytes],
        events: list[tuple[EventRecord, ...]],
        index: list[dict[str, Scalar]],
    ) -> None:
        """Take what its executor made of it."""
        shard = self.residents[0].shard
        if not shard.alive:
            self.engine.burst_ended(self)
            return  # Whoever waited was told that the outcome is unknown.
        self._narrow()
        record = self._record(versions, replies, events, index)
        if self._is_taken(record):
            self.engine.burst_ended(self)
            shard.touch()
            return
        for place, turn in enumerate(self.apart()):
            turn.ran(_result(record, place))

    def _narrow(self) -> None:
        """Let go of what its tables have for others: a part of a burst, or a frame, has a whole's.

        What is called is stored and waited for, nothing else.
        """
        self.object_index, kept = _narrowed(self.object_index, len(self.objects))
        if kept is not None:
            self.objects = [self.objects[at] for at in kept]
            self.residents = [self.residents[at] for at in kept]
        self.method_index, kept = _narrowed(self.method_index, len(self.methods))
        if kept is not None:
            self.methods = [self.methods[at] for at in kept]

    def _is_taken(self, record: BurstRecord) -> bool:
        """Whether all of it goes on from what the shard knows, and is in the open batch."""
        sent_at = self.sent_at
        if any([resident.since > sent_at for resident in self.residents]):
            return False
        try:
            raw = codec.encode_record(record)
        except _UNSTORABLE:
            return False
        return self.residents[0].shard.machine.finish_burst(self, record, raw)

    def _record(
        self,
        versions: list[int],
        replies: list[bytes],
        events: list[tuple[EventRecord, ...]],
        index: list[dict[str, Scalar]],
    ) -> BurstRecord:
        session = self.session
        return BurstRecord(
            principal=self.principal,
            session=session.scope[2],
            expires_at_ms=session.expires_ms,
            mark=session.mark,
            now_ms=self.now_ms,
            traceparent=self.traceparent,
            objects=self.objects,
            methods=self.methods,
            numbers=self.numbers,
            object_index=self.object_index,
            method_index=self.method_index,
            hashes=self.hashes,
            versions=versions,
            replies=replies,
            events=events,
            index=index,
            seeds=self.seeds,
        )

    # ---- in parts --------------------------------------------------------------------------

    def cut(self, count: int) -> HostBurst:
        """Keep the first `count` turns, return the rest as one more burst."""
        rest = copy(self)
        for name in COLUMNS:
            column = getattr(self, name)
            setattr(self, name, column[:count])
            setattr(rest, name, column[count:])
        shard = self.residents[0].shard
        if shard.alive:
            shard.machine.cut(self, rest)
        return rest

    def apart(self) -> list[HostTurn]:
        """Return its turns, which go on one by one from where the burst stands."""
        turns = [self._turn(place) for place in range(len(self))]
        shard = self.residents[0].shard
        if shard.alive:
            shard.machine.split(self, turns)
        return turns

    def _turn(self, place: int) -> HostTurn:
        resident = self.residents[self.object_index[place]]
        turn = HostTurn(self.sink, self.numbers[place], self.engine, resident)
        turn.traceparent = self.traceparent
        if self.deadlines_ms:
            turn.deadline_ms = self.deadlines_ms[place] or None
        turn.service, turn.sent_at = self.service, self.sent_at
        turn.now_ms = self.now_ms
        turn.request = TurnRequest(
            object=resident.object,
            method=self.methods[self.method_index[place]],
            payload=self.payloads[place],
            principal=self.principal,
            now_ms=self.now_ms,
            seed=self.seeds[place],
        )
        return turn


def _narrowed(index: list[int], size: int) -> tuple[list[int], list[int] | None]:
    """Return places in a table of `size` without what none names; which stay, if not all."""
    used = set(index)
    if len(used) == size:
        return index, None
    places = {old: new for new, old in enumerate(used)}
    return [places[old] for old in index], list(used)


def _result(record: BurstRecord, place: int) -> TurnResult:
    events, version = record.events[place], record.versions[place]
    object = record.objects[record.object_index[place]]
    change = ChangeRecord(object, version - len(events) + 1, events, False, record.index[place])
    changes = (change,) if events else ()
    return TurnResult(outcome="ok", version=version, reply=record.replies[place], changes=changes)
