"""The shard index: what an owner remembers of committed turns (PROTOCOL.md section 2). Pure.

Call records answer repeats; object entries find objects without waking them. It is changed by
committed rows alone, so it is always the index as of one offset, and a checkpoint of it is
complete. It is bounded; full means RESOURCE_EXHAUSTED for what would make it grow.
"""

import heapq
from collections.abc import Iterable

from aidevos.core import codec
from aidevos.core.call import REMEMBER_MS_DEFAULT
from aidevos.core.checkpoint import CheckpointBody, ObjectEntry, Remembered
from aidevos.core.ids import ObjectId
from aidevos.core.record import ChangeRecord, Record, Row

CallKey = tuple[str, str, str, int]
"""(tenant, principal, session, number): the scope of a call's identity."""


class ShardIndex:
    """Objects and call records as of `offset`."""

    def __init__(self, checkpoint: CheckpointBody | None = None) -> None:
        """Begin with a checkpoint's content, or empty at offset 0."""
        self.offset = checkpoint.offset if checkpoint else 0
        self.log_time_ms = checkpoint.log_time_ms if checkpoint else 0
        self.objects: dict[ObjectId, ObjectEntry] = dict(checkpoint.objects) if checkpoint else {}
        """In the order in which their present lives began, which is the log's."""
        self._names = sorted(self.objects)
        self._unsorted: list[ObjectId] = []
        calls = checkpoint.calls if checkpoint else ()
        self.calls: dict[CallKey, Remembered] = {_key(call): call for call in calls}
        self.call_bytes = sum(map(_size, calls))
        """Bytes of the answers in `calls`."""
        self._expiry = [(call.expires_ms, key) for key, call in self.calls.items()]
        heapq.heapify(self._expiry)

    def apply_row(self, row: Row) -> tuple[Record, ...]:
        """Fold the next committed row in; return its records."""
        assert row.offset == self.offset, (row.offset, self.offset)
        records = codec.decode_records(row.body)
        self.apply(records, row.log_time_ms)
        return records

    def apply(self, records: Iterable[Record], log_time_ms: int) -> None:
        """Fold the records of the next committed row in."""
        assert log_time_ms >= self.log_time_ms, "log_time never falls"
        for record in records:
            self._apply(record, log_time_ms)
        self.offset += 1
        self.log_time_ms = log_time_ms
        self._forget(log_time_ms)

    def names(self) -> list[ObjectId]:
        """Return every object, deleted ones included, sorted; not to be changed."""
        if self._unsorted:
            self._names += self._unsorted
            self._names.sort()  # Two runs: hardly more than reading them once.
            self._unsorted = []
        return self._names

    def body(self, w_epoch: int, prev_hash: bytes) -> CheckpointBody:
        """Return everything as of `offset`, to be written down."""
        return CheckpointBody(
            offset=self.offset,
            w_epoch=w_epoch,
            prev_hash=prev_hash,
            log_time_ms=self.log_time_ms,
            calls=tuple(self.calls.values()),
            objects=tuple(self.objects.items()),
        )

    def _apply(self, record: Record, log_time_ms: int) -> None:
        for change in record.changes:
            self._change(change, log_time_ms)
        call = record.call
        expires = call.expires_at_ms
        expires = log_time_ms + REMEMBER_MS_DEFAULT if expires is None else expires
        remembered = Remembered(
            record.tenant,
            record.principal,
            call,
            expires,
            record.version,
            record.reply,
            record.error,
        )
        assert _key(remembered) not in self.calls, "a call is applied at most once"
        self._remember(_key(remembered), remembered)

    def _change(self, change: ChangeRecord, log_time_ms: int) -> None:
        entry = self.objects.get(change.object)
        if entry is None:
            entry = self.objects[change.object] = ObjectEntry(0, log_time_ms, log_time_ms)
            self._unsorted.append(change.object)
        assert change.first_seq == entry.version + 1, (change.object, entry.version)
        if entry.deleted and not change.deleted:
            entry.created_ms = log_time_ms
            self.objects[change.object] = self.objects.pop(change.object)
        entry.version += len(change.events)
        entry.updated_ms = log_time_ms
        entry.deleted = change.deleted
        entry.index = change.index

    def _remember(self, key: CallKey, remembered: Remembered) -> None:
        self.calls[key] = remembered
        self.call_bytes += _size(remembered)
        heapq.heappush(self._expiry, (remembered.expires_ms, key))

    def _forget(self, log_time_ms: int) -> None:
        """Drop what has expired: a late copy of it is EXPIRED, or (no expires_at) a new call."""
        while self._expiry and self._expiry[0][0] <= log_time_ms:
            _, key = heapq.heappop(self._expiry)
            gone = self.calls.pop(key, None)
            self.call_bytes -= _size(gone) if gone else 0


def _size(remembered: Remembered) -> int:
    return len(remembered.reply) + (len(remembered.error.message) if remembered.error else 0)


def _key(remembered: Remembered) -> CallKey:
    call = remembered.call
    return (remembered.tenant, remembered.principal, call.session, call.number)
