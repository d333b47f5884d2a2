"""What the shard log stores: headers, rows, batches, records (PROTOCOL.md section 2). Pure.

A row is one group commit; its body is the records of the turns in it, in order. A record may
change several objects of one group: they commit together or not at all. What came as a burst is
kept as one, in columns.
"""

from collections.abc import Iterable, Iterator

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord, Scalar, TurnResult, changes_to

BATCH_BYTES_MAX = 1 << 20
BATCH_RECORDS_MAX = 2_000
RECORD_BYTES_MAX = BATCH_BYTES_MAX - 1_024


class CheckpointName(msgspec.Struct, frozen=True, array_like=True):
    """Names an immutable checkpoint: the index as of `offset`, written by `w_epoch`."""

    offset: int
    w_epoch: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The header of one segment; written only by conditional statements, never deleted."""

    epoch: int
    tail: int
    base: int
    sealed: bool = False
    owner: str | None = None
    nonce: str = ""
    last_batch: str | None = None
    checkpoint: CheckpointName | None = None


class CallRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The identity of the call that caused a record, and what its repeat must match."""

    session: str
    number: int
    payload_hash: bytes
    expires_at_ms: int | None
    """In log_time; None means the row's log_time + REMEMBER_MS."""
    mark: int | None = None
    """Up to which number the session has all its answers; None for a plain request_id."""


class Record(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag=1):
    """One turn as it is kept for ever: its cause, its changes and its answer."""

    principal: str
    object: ObjectId
    method: str
    call: CallRecord
    changes: tuple[ChangeRecord, ...] = ()
    version: int = 0
    """Version of `object` after the turn (also when refused)."""
    reply: bytes = b"null"
    error: ErrorRecord | None = None
    now_ms: int
    seed: int
    traceparent: str = ""


class BurstRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag=2):
    """Turns of one session that were well and changed their own objects alone, in columns.

    The same as a `Record` for each, which `single` gives: a tenth of the work to make and to keep.
    """

    principal: str
    session: str
    expires_at_ms: int
    mark: int
    now_ms: int
    traceparent: str
    objects: list[ObjectId]
    """A table, each once."""
    methods: list[str]
    numbers: list[int]
    """This column and those that follow have one entry for each turn."""
    object_index: list[int]
    method_index: list[int]
    hashes: list[bytes]
    versions: list[int]
    replies: list[bytes]
    events: list[tuple[EventRecord, ...]]
    index: list[dict[str, Scalar]]
    seeds: list[int]

    def single(self) -> Iterator[Record]:
        """Yield each turn by itself."""
        for place in range(len(self.numbers)):
            yield self.at(place)

    def at(self, place: int) -> Record:
        """Return one turn by itself."""
        object, version = self.objects[self.object_index[place]], self.versions[place]
        return Record(
            principal=self.principal,
            object=object,
            method=self.methods[self.method_index[place]],
            call=CallRecord(
                self.session,
                self.numbers[place],
                self.hashes[place],
                self.expires_at_ms,
                self.mark,
            ),
            changes=changes_to(object, version, self.events[place], self.index[place]),
            version=version,
            reply=self.replies[place],
            now_ms=self.now_ms,
            seed=self.seeds[place],
            traceparent=self.traceparent,
        )

    def result(self, place: int) -> TurnResult:
        """Return what one turn came to."""
        one = self.at(place)
        return TurnResult(outcome="ok", version=one.version, reply=one.reply, changes=one.changes)


Recorded = Record | BurstRecord
"""What stands in a batch body."""


def turns_of(stored: Recorded) -> int:
    """Return how many turns it is of."""
    return 1 if type(stored) is Record else len(stored.numbers)  # type: ignore[union-attr]


def single(records: Iterable[Recorded]) -> Iterator[Record]:
    """Yield each turn of `records` by itself, in order."""
    for record in records:
        if isinstance(record, Record):
            yield record
        else:
            yield from record.single()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One group commit of one shard: the same id and bytes on every attempt."""

    batch_id: str
    log_time_ms: int
    record_count: int
    """Turns in it."""
    body: bytes
    """`codec.encode_records(records)`; at most BATCH_BYTES_MAX."""


class Row(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One stored batch at its offset, chained to the row before by hash."""

    offset: int
    w_epoch: int
    batch_id: str
    log_time_ms: int
    prev_hash: bytes
    hash: bytes
    record_count: int
    body: bytes
