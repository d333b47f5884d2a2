"""The store without a disk: for tests, candidates under evaluation, and as the plainest example.

It forgets everything with its process; a second `MemoryStore` on the same `Tables` is the same
disk seen by another host.
"""

from collections.abc import Sequence

from aidevos.core.ids import ObjectId
from aidevos.core.statements import AppendRow, Statement
from aidevos.storage.base import HistoryEvent, StoredSnapshot
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

    async def put_history(self, events: tuple[tuple[ObjectId, HistoryEvent], ...]) -> None:
        """Keep `events` by sequence."""
        for object, event in events:
            self.tables.history.setdefault(object, {})[event.sequence] = event

    async def get_history(
        self, object: ObjectId, after: int, limit: int
    ) -> tuple[HistoryEvent, ...]:
        """Return kept events with sequence > `after`."""
        kept = self.tables.history.get(object, {})
        return tuple(kept[seq] for seq in sorted(kept) if seq > after)[:limit]

    async def put_snapshots(self, snapshots: tuple[tuple[ObjectId, StoredSnapshot], ...]) -> None:
        """Keep each snapshot unless a newer one is there."""
        for object, snapshot in snapshots:
            kept = self.tables.snapshots.get(object)
            if kept is None or kept.version <= snapshot.version:
                self.tables.snapshots[object] = snapshot

    async def get_snapshots(self, objects: tuple[ObjectId, ...]) -> dict[ObjectId, StoredSnapshot]:
        """Return the newest snapshot of each object that has one."""
        kept = self.tables.snapshots
        return {object: kept[object] for object in objects if object in kept}

    async def trim(self, shard: int, before: int) -> None:
        """Drop rows below `before`."""
        self.tables.trim(shard, before)

    async def close(self) -> None:
        """Nothing to release."""
