"""What every case of the kit shares: opening a back end, and small values to store."""

from collections.abc import Iterator

from aidevos.core.chain import GENESIS, make_row
from aidevos.core.codec import encode_records
from aidevos.core.ids import ObjectId
from aidevos.core.record import Batch, CheckpointName, Header, Row
from aidevos.core.statements import AppendRow, CreateHeader, ReadHeader, ReadRows
from aidevos.core.turn import EventRecord
from aidevos.storage.base import ConditionalStore, HistoryChunk, HistoryRecord
from aidevos.storage.history import chunk_of
from aidevos.storage.log import ShardLog

SHARD = 3
EMPTY_BODY = encode_records(())


class Kit:
    """What a back end's own test class provides."""

    async def open_store(self) -> ConditionalStore:
        """Return a fresh store with nothing in it."""
        raise NotImplementedError

    async def reopen(self, store: ConditionalStore) -> ConditionalStore:
        """Return a store on the same data, as another process would see it after a restart."""
        raise NotImplementedError


def header(**changes: object) -> Header:
    """Return the header of a fresh segment, with `changes`."""
    fields: dict[str, object] = {"epoch": 1, "tail": 0, "base": 0, "owner": "a", "nonce": "n1"}
    return Header(**{**fields, **changes})  # type: ignore[arg-type]


def batch(name: str, *, log_time_ms: int = 1_000, body: bytes = EMPTY_BODY) -> Batch:
    """Return a batch without records, or with any body."""
    return Batch(batch_id=name, log_time_ms=log_time_ms, record_count=0, body=body)


def row(offset: int, name: str, *, epoch: int = 1, body: bytes = EMPTY_BODY) -> Row:
    """Return a row at `offset`; its chain begins with it."""
    return make_row(GENESIS, offset, epoch, batch(name, body=body))


def append(
    offset: int, name: str, *, after: str | None, epoch: int = 1, segment: int = 0
) -> AppendRow:
    """Return the statement that appends row `name` at `offset` behind batch `after`."""
    return AppendRow(SHARD, segment, epoch, offset, after, row(offset, name, epoch=epoch), None)


async def created(store: ConditionalStore, head: Header | None = None, segment: int = 0) -> None:
    """Create a header that was not there."""
    assert await store.execute(CreateHeader(SHARD, segment, head or header())) is True


async def read(store: ConditionalStore, segment: int = 0, shard: int = SHARD) -> Header:
    """Return a header that is there."""
    found = await store.execute(ReadHeader(shard, segment))
    assert isinstance(found, Header)
    return found


async def rows(store: ConditionalStore, start: int, end: int, segment: int = 0) -> list[str]:
    """Return the batch ids of the rows that a read gives."""
    found = await store.execute(ReadRows(SHARD, segment, start, end))
    assert isinstance(found, tuple)
    return [one.batch_id for one in found]


def names(count: int) -> list[str]:
    """Return `count` batch ids in order."""
    return [f"b{number}" for number in range(count)]


async def filled(store: ConditionalStore, count: int) -> None:
    """Create a header and append `count` rows."""
    await created(store)
    before: str | None = None
    for offset, name in enumerate(names(count)):
        assert await store.execute(append(offset, name, after=before)) is True
        before = name


def log_on(store: ConditionalStore, prefix: str = "n") -> ShardLog:
    """Return a shard log whose nonces are counted and whose pauses take no time."""

    def nonces() -> Iterator[str]:
        count = 0
        while True:
            count += 1
            yield f"{prefix}{count}"

    async def no_pause(ms: int) -> None:
        assert ms >= 0

    return ShardLog(store, nonces=nonces(), now_ms=lambda: 0, sleep=no_pause)


def thing(key: str) -> ObjectId:
    """Return the address of an object."""
    return ObjectId("default", "Thing", key)


def record(first: int, count: int = 1, body: bytes = b"{}") -> HistoryRecord:
    """Return what one turn left in history: `count` events from `first` on."""
    events = tuple(EventRecord("Made", 1, body) for _ in range(count))
    return HistoryRecord(first, events, 1_000 + first, "anonymous", "make", f"r{first}")


def chunk(object: ObjectId, *records: HistoryRecord, before: int = 0) -> HistoryChunk:
    """Return a chunk of records that follow each other."""
    return chunk_of(object, records, before)


NAME = CheckpointName(2, 1)
