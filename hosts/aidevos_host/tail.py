"""Committed events that are not in the store's history yet: those since the last checkpoint."""

from bisect import bisect_right
from collections.abc import Sequence

from aidevos.core.ids import ObjectId
from aidevos.core.record import Record
from aidevos.storage.base import HistoryEvent


class Tail:
    """Events of committed rows, until a checkpoint has moved them into history."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows = 0
        self.records = 0
        self.size = 0
        self._events: dict[ObjectId, list[HistoryEvent]] = {}
        self._moving: dict[ObjectId, list[HistoryEvent]] = {}

    def add(
        self, records: Sequence[Record], log_time_ms: int, size: int
    ) -> list[tuple[ObjectId, HistoryEvent]]:
        """Take one committed row; return its events for those who watch."""
        self.rows += 1
        self.records += len(records)
        self.size += size
        added = [pair for record in records for pair in events_of(record, log_time_ms)]
        for object, event in added:
            self._events.setdefault(object, []).append(event)
        return added

    def after(self, object: ObjectId, version: int) -> list[HistoryEvent]:
        """Return the object's events here with sequence > `version`, in order."""
        found: list[HistoryEvent] = []
        for part in (self._moving, self._events):
            events = part.get(object, [])
            found += events[bisect_right(events, version, key=_sequence) :]
        return found

    def begin_move(self) -> dict[ObjectId, list[HistoryEvent]]:
        """Return all events here, to be written to history; new ones gather apart."""
        assert not self._moving, "one checkpoint at a time"
        self._moving, self._events = self._events, {}
        self.rows = self.records = self.size = 0
        return self._moving

    def end_move(self) -> None:
        """What was moved is durable in history."""
        self._moving = {}


def _sequence(event: HistoryEvent) -> int:
    return event.sequence


def events_of(record: Record, log_time_ms: int) -> list[tuple[ObjectId, HistoryEvent]]:
    """Return the events of one record as history keeps them."""
    return [
        (
            change.object,
            HistoryEvent(
                sequence=change.first_seq + place,
                type=event.type,
                type_version=event.version,
                body=event.body,
                time_ms=log_time_ms,
                principal=record.principal,
                method=record.method,
                request_id=record.call.session,
            ),
        )
        for change in record.changes
        for place, event in enumerate(change.events)
    ]
