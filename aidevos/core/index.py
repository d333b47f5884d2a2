"""The shard index: what an owner remembers of committed turns (PROTOCOL.md section 2). Pure.

Call records answer repeats; object entries find objects without waking them. It is changed by
committed rows alone, so it is always the index as of one offset, and a checkpoint of it is
complete. It is bounded; full means RESOURCE_EXHAUSTED for what would make it grow.
"""

import heapq
from collections.abc import Iterable

from aidevos.core import codec
from aidevos.core.call import REMEMBER_MS_DEFAULT
from aidevos.core.checkpoint import Checkpoint, CheckpointBody, Remembered
from aidevos.core.objects_index import ObjectsIndex
from aidevos.core.record import Record, Row

CallKey = tuple[str, str, str, int]
"""(tenant, principal, session, number): the scope of a call's identity."""


class ShardIndex:
    """Objects and call records as of `offset`."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        """Begin with a checkpoint's content, or empty at offset 0."""
        body = checkpoint.body if checkpoint else None
        self.offset = body.offset if body else 0
        self.log_time_ms = body.log_time_ms if body else 0
        self.objects = (
            ObjectsIndex(checkpoint.body.objects, checkpoint.layers)
            if checkpoint
            else ObjectsIndex()
        )
        calls = body.calls if body else ()
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

    def body(self, w_epoch: int, prev_hash: bytes) -> CheckpointBody:
        """Return everything as of `offset`, to be written down with the layers of `objects`.

        It cuts the objects: settle them before their layers are taken.
        """
        return CheckpointBody(
            offset=self.offset,
            w_epoch=w_epoch,
            prev_hash=prev_hash,
            log_time_ms=self.log_time_ms,
            calls=tuple(self.calls.values()),
            objects=self.objects.cut(),
        )

    def _apply(self, record: Record, log_time_ms: int) -> None:
        for change in record.changes:
            self.objects.apply(change, log_time_ms)
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
