"""What a back end must give: the conditional statements of one partition, and plain blobs.

`ShardLog` (storage/log.py) is the contract that hosts use; it is written once, over this port,
by driving the machines of `aidevos/core`. A back end is done when the conformance kit passes.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from aidevos.core.checkpoint import Stored
from aidevos.core.ids import ObjectId
from aidevos.core.statements import AppendRow, Statement
from aidevos.core.turn import EventRecord


class StoreTimeoutError(Exception):
    """No answer in time: done, not done, or done later. The machines resolve it by reading."""


class StoredSnapshot(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The committed state of one object at one version. Immutable."""

    version: int
    state: bytes
    state_version: int
    deleted: bool = False


class HistoryEvent(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One committed event with its cause, as history keeps it."""

    sequence: int
    type: str
    type_version: int
    body: bytes
    time_ms: int
    principal: str
    method: str
    request_id: str


class HistoryRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The events of one object in one turn with their cause: what a chunk is made of."""

    first_seq: int
    events: tuple[EventRecord, ...]
    time_ms: int
    principal: str
    method: str
    request_id: str


class HistoryChunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Committed events of one object, `first_seq` to `last_seq`, without a gap. Immutable."""

    object: ObjectId
    first_seq: int
    last_seq: int
    records: bytes
    """`storage/history.chunk_of` them."""
    before: int = 0
    """Where the chunk before this one is; 0: this is the first."""


class ConditionalStore(Protocol):
    """A back end. Linearizable per partition; durable before it answers.

    Cancel: unknown whether done, as after StoreTimeoutError.
    """

    async def execute(self, statement: Statement) -> object:
        """Run one statement of `core/statements.py` and return the answer named there.

        Raises StoreTimeoutError when it is not known whether it was done.
        """
        ...

    async def append_rows(self, statements: Sequence[AppendRow]) -> Sequence[object]:
        """Run appends of different partitions side by side; return an answer for each.

        An answer is as `execute` gives it, or TIMEOUT.
        """
        ...

    async def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> Sequence[int]:
        """Keep committed events; return for each chunk where it is from now on, above 0.

        What nobody knows the place of is lost: the shard's index is to name it.
        """
        ...

    async def get_history(self, places: Sequence[tuple[int, int]]) -> Sequence[HistoryChunk | None]:
        """Return the chunk of each (shard, place), None where there is none."""
        ...

    async def put_snapshots(
        self, shard: int, snapshots: Sequence[tuple[ObjectId, StoredSnapshot]]
    ) -> None:
        """Keep snapshots of committed versions; the newest of an object wins."""
        ...

    async def get_snapshots(
        self, wanted: Sequence[tuple[int, ObjectId]]
    ) -> dict[ObjectId, StoredSnapshot]:
        """Return the newest snapshot of each (shard, object) that has one."""
        ...

    async def trim(self, shard: int, before: int, keep: Sequence[Stored] = ()) -> None:
        """Drop rows with offset < `before`, which a named checkpoint covers. Headers stay.

        Parts of checkpoints older than `before` go too, but not those that `keep` names.
        """
        ...

    async def close(self) -> None:
        """Finish what is under way and release everything. Idempotent."""
        ...
