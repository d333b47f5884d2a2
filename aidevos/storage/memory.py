"""The store without a disk: for tests, candidates under evaluation, and as the plainest example.

It forgets everything with its process; a second `MemoryStore` on the same `Tables` is the same
disk seen by another host.
"""

from collections.abc import Sequence

from aidevos.core.checkpoint import Stored
from aidevos.core.ids import ObjectId
from aidevos.core.statements import AppendRow, Statement
from aidevos.storage.base import HistoryChunk, StoredSnapshot
from aidevos.storage.tables import Tables


class MemoryStore:
    """A ConditionalStore in dictionaries; every statement is done at once."""

    def __init__(self, tables: Tables | None = None) -> None:
        """Share `tables` to let several hosts see one store."""
        self.tables = tables or Tables()

    async def execute(self, statement: Statement) -> object:
        """Apply `statement` at once."""
        return self.tables.apply(statement)

    async def append_rows(self, statements: Sequence[AppendRow]) -> Sequence[object]:
        """Apply all at once."""
        return [self.tables.apply(statement) for statement in statements]

    async def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> Sequence[int]:
        """Keep `chunks`."""
        return self.tables.put_history(shard, chunks)

    async def get_history(self, places: Sequence[tuple[int, int]]) -> Sequence[HistoryChunk | None]:
        """Return the chunk at each place."""
        return [self.tables.chunk(*place) for place in places]

    async def put_snapshots(
        self, shard: int, snapshots: Sequence[tuple[ObjectId, StoredSnapshot]]
    ) -> None:
        """Keep each snapshot unless a newer one is there."""
        self.tables.put_snapshots(shard, snapshots)

    async def get_snapshots(
        self, wanted: Sequence[tuple[int, ObjectId]]
    ) -> dict[ObjectId, StoredSnapshot]:
        """Return the newest snapshot of each object that has one."""
        kept = self.tables.snapshots
        return {place[1]: kept[place] for place in wanted if place in kept}

    async def trim(self, shard: int, before: int, keep: Sequence[Stored] = ()) -> None:
        """Drop rows below `before`, and what only older checkpoints name."""
        self.tables.trim(shard, before, keep)

    async def close(self) -> None:
        """Nothing to release."""
