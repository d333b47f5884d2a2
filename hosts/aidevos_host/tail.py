"""Committed events that are not in the store's history yet: those since the last checkpoint.

A commit only puts what its records have into lists, by object; a checkpoint encodes the lists.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from aidevos.core.ids import ObjectId
from aidevos.core.record import BurstRecord, Record, Recorded, single, turns_of
from aidevos.storage.base import HistoryRecord

Told = dict[ObjectId, list[HistoryRecord]]


class Tail:
    """Events of committed rows, until a checkpoint has moved them into history."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows = 0
        self.records = 0
        self.size = 0
        self._told: Told = {}
        self._moving: Told = {}

    def add(self, records: Sequence[Recorded], log_time_ms: int, size: int) -> None:
        """Take one committed row."""
        self.rows += 1
        self.size += size
        told = self._told
        for record in records:
            self.records += turns_of(record)
            of = _of_one if isinstance(record, Record) else _of_burst
            for object, one in of(record, log_time_ms):  # type: ignore[arg-type]
                kept = told.get(object)
                if kept is None:
                    told[object] = [one]
                else:
                    kept.append(one)

    def after(self, object: ObjectId, version: int) -> list[HistoryRecord]:
        """Return the object's records here that end after `version`, in order."""
        found: list[HistoryRecord] = []
        for part in (self._moving, self._told):
            records = part.get(object, [])
            found += records[max(0, bisect_right(records, version, key=_first) - 1) :]
        return [one for one in found if one.first_seq + len(one.events) > version + 1]

    def begin_move(self) -> Told:
        """Return all records here, to be written to history; new ones gather apart.

        Take out of it what is durable in history.
        """
        assert not self._moving, "one checkpoint at a time"
        self._moving, self._told = self._told, {}
        self.rows = self.records = self.size = 0
        return self._moving

    def end_move(self) -> None:
        """What was moved is durable in history."""
        self._moving = {}


def history_of(
    records: Iterable[Recorded], log_time_ms: int
) -> Iterator[tuple[ObjectId, HistoryRecord]]:
    """Yield what history keeps of the records of one row."""
    for record in single(records):
        yield from _of_one(record, log_time_ms)


def _of_one(record: Record, log_time_ms: int) -> Iterator[tuple[ObjectId, HistoryRecord]]:
    who = (record.principal, record.method, record.call.session)
    for change in record.changes:
        yield change.object, HistoryRecord(change.first_seq, change.events, log_time_ms, *who)


def _of_burst(record: BurstRecord, log_time_ms: int) -> Iterator[tuple[ObjectId, HistoryRecord]]:
    objects, methods = record.objects, record.methods
    principal, session = record.principal, record.session
    columns = zip(
        *(record.object_index, record.method_index, record.versions, record.events), strict=True
    )
    for at, method_at, version, events in columns:
        if events:
            first = version - len(events) + 1
            yield (
                objects[at],
                HistoryRecord(first, events, log_time_ms, principal, methods[method_at], session),
            )


def _first(record: HistoryRecord) -> int:
    return record.first_seq
