"""The conditional statements on plain tables: what the memory and simulated stores hold. Pure.

One rule for each statement, applied at once; a store around it adds delay, loss and disks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from aidevos.core.checkpoint import Stored
from aidevos.core.ids import ObjectId
from aidevos.core.record import CheckpointName, Header, Row
from aidevos.core.statements import (
    AppendRow,
    CreateHeader,
    ReadCheckpoint,
    ReadHeader,
    ReadHint,
    ReadRows,
    ReleaseHeader,
    SealHeader,
    Statement,
    TakeHeader,
    WriteCheckpoint,
    WriteHint,
)
from aidevos.storage.base import HistoryChunk, StoredSnapshot

Place = tuple[int, int]


@dataclass(slots=True)
class Tables:
    """All partitions of one store, in dictionaries."""

    headers: dict[Place, Header] = field(default_factory=dict)
    rows: dict[Place, dict[int, Row]] = field(default_factory=dict)
    hints: dict[int, int] = field(default_factory=dict)
    checkpoints: dict[tuple[int, CheckpointName, int], bytes] = field(default_factory=dict)
    """By shard, name and part."""
    history: dict[int, list[HistoryChunk]] = field(default_factory=dict)
    """By shard; the place of a chunk is how many there are with it."""
    snapshots: dict[tuple[int, ObjectId], StoredSnapshot] = field(default_factory=dict)

    def apply(self, statement: Statement) -> object:
        """Do `statement` now and return its answer."""
        match statement:
            case ReadHeader(shard, segment):
                return self.headers.get((shard, segment))
            case ReadRows(shard, segment, start, end):
                rows = self.rows.get((shard, segment), {})
                return tuple(rows[offset] for offset in range(start, end) if offset in rows)
            case ReadHint(shard):
                return self.hints.get(shard)
            case ReadCheckpoint(shard, name, part):
                return self.checkpoints.get((shard, name, part))
            case WriteHint(shard, segment):
                self.hints[shard] = segment
                return None
            case WriteCheckpoint(shard, name, body, part):
                self.checkpoints[shard, name, part] = body
                return None
            case _:
                return self._conditional(statement)

    def _conditional(self, statement: Statement) -> bool:
        match statement:
            case CreateHeader(shard, segment, header):
                return self.headers.setdefault((shard, segment), header) is header
            case AppendRow():
                return self._append(statement)
            case TakeHeader() | SealHeader() | ReleaseHeader():
                return self._change(statement)
            case _:
                raise AssertionError(statement)

    def _change(self, statement: TakeHeader | SealHeader | ReleaseHeader) -> bool:
        place = (statement.shard, statement.segment)
        header = self.headers.get(place)
        if header is None or header.epoch != statement.if_epoch:
            return False
        match statement:
            case TakeHeader(owner=owner, nonce=nonce) if not header.sealed:
                changes = {"epoch": header.epoch + 1, "owner": owner, "nonce": nonce}
            case SealHeader(if_tail=tail) if not header.sealed and header.tail == tail:
                changes = {"sealed": True}
            case ReleaseHeader():
                changes = {"owner": None}
            case _:
                return False
        self.headers[place] = msgspec.structs.replace(header, **changes)
        return True

    def _append(self, statement: AppendRow) -> bool:
        place = (statement.shard, statement.segment)
        header = self.headers.get(place)
        found = header and (header.epoch, header.tail, header.last_batch, header.sealed)
        asked = (statement.if_epoch, statement.if_tail, statement.if_last_batch, False)
        if header is None or found != asked:
            return False
        row = statement.row
        self.rows.setdefault(place, {})[row.offset] = row
        self.headers[place] = msgspec.structs.replace(
            header,
            tail=header.tail + 1,
            last_batch=row.batch_id,
            checkpoint=statement.checkpoint,
        )
        return True

    def put_history(self, shard: int, chunks: Sequence[HistoryChunk]) -> list[int]:
        """Keep chunks; return where they are."""
        kept = self.history.setdefault(shard, [])
        first = len(kept) + 1
        kept += chunks
        return list(range(first, first + len(chunks)))

    def chunk(self, shard: int, place: int) -> HistoryChunk | None:
        """Return the chunk at a place, or None."""
        kept = self.history.get(shard, [])
        return kept[place - 1] if 0 < place <= len(kept) else None

    def put_snapshots(
        self, shard: int, snapshots: Iterable[tuple[ObjectId, StoredSnapshot]]
    ) -> None:
        """Keep each snapshot unless a newer one is there."""
        for object, snapshot in snapshots:
            kept = self.snapshots.get((shard, object))
            if kept is None or kept.version <= snapshot.version:
                self.snapshots[shard, object] = snapshot

    def trim(self, shard: int, before: int, keep: Sequence[Stored] = ()) -> None:
        """Drop rows of `shard` below `before`, and parts of older checkpoints but those to keep."""
        for (owner, _), rows in self.rows.items():
            if owner == shard:
                for offset in [offset for offset in rows if offset < before]:
                    del rows[offset]
        for owner, name, part in list(self.checkpoints):
            if owner == shard and name.offset < before and not is_kept(name, part, keep):
                del self.checkpoints[owner, name, part]


def is_kept(name: CheckpointName, part: int, keep: Sequence[Stored]) -> bool:
    """Whether a part of a checkpoint is one of those to keep."""
    return any(
        stored.name == name and stored.part <= part < stored.part + stored.parts for stored in keep
    )
