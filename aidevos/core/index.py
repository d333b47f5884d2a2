"""The shard index: what an owner remembers of committed turns (PROTOCOL.md section 2). Pure.

Call records answer repeats; object entries find objects without waking them. It is changed by
committed rows alone, so it is always the index as of one offset, and a checkpoint of it is
complete. It is bounded; full means RESOURCE_EXHAUSTED for what would make it grow.
"""

from collections.abc import Sequence

from aidevos.core import codec
from aidevos.core.calls import CallIndex
from aidevos.core.checkpoint import (
    Checkpoint,
    CheckpointBody,
    RememberedCall,
    RememberedSession,
)
from aidevos.core.objects_index import ObjectsIndex
from aidevos.core.record import Record, Recorded, Row

COMPACT_MAX = 2_000
"""Calls and sessions that are made anew in one step."""


class ShardIndex:
    """Objects, call records and sessions as of `offset`."""

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
        self.calls = CallIndex(body.calls, body.sessions) if body else CallIndex()

    def apply_row(self, row: Row) -> tuple[Recorded, ...]:
        """Fold the next committed row in; return its records."""
        assert row.offset == self.offset, (row.offset, self.offset)
        records = codec.decode_records(row.body)
        self.apply(records, row.log_time_ms)
        return records

    def apply(self, records: Sequence[Recorded], log_time_ms: int) -> None:
        """Fold the records of the next committed row in."""
        assert log_time_ms >= self.log_time_ms, "log_time never falls"
        objects = self.objects
        for record in records:
            if isinstance(record, Record):
                for change in record.changes:
                    objects.apply(change, log_time_ms)
            else:
                objects.apply_burst(record, log_time_ms)
        self.calls.apply(records, log_time_ms)
        self.offset += 1
        self.log_time_ms = log_time_ms

    def compact(self) -> None:
        """Make what is kept for long anew, if it is little, and let go of what is for speed alone.

        Small objects that were made among many others then lie together, so that the memory of
        those can go back to the system.
        """
        self.objects.compact()
        if self.calls.count + len(self.calls.sessions) <= COMPACT_MAX:
            calls = codec.encode(self.calls.calls_body())
            sessions = codec.encode(self.calls.sessions_body())
            self.calls = CallIndex(
                codec.decode(calls, tuple[RememberedCall, ...]),
                codec.decode(sessions, tuple[RememberedSession, ...]),
            )

    def body(self, w_epoch: int, prev_hash: bytes) -> CheckpointBody:
        """Return everything as of `offset`, to be written down with the layers of `objects`.

        It cuts the objects: settle them before their layers are taken.
        """
        return CheckpointBody(
            offset=self.offset,
            w_epoch=w_epoch,
            prev_hash=prev_hash,
            log_time_ms=self.log_time_ms,
            calls=self.calls.calls_body(),
            sessions=self.calls.sessions_body(),
            objects=self.objects.cut(),
        )
