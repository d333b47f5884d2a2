"""The conditional statements on plain tables: what the memory and simulated stores hold. Pure.

One rule for each statement, applied at once; a store around it adds delay, loss and disks.
"""

from dataclasses import dataclass, field

import msgspec

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
from aidevos.storage.base import HistoryEvent, StoredSnapshot

Place = tuple[int, int]


@dataclass(slots=True)
class Tables:
    """All partitions of one store, in dictionaries."""

    headers: dict[Place, Header] = field(default_factory=dict)
    rows: dict[Place, dict[int, Row]] = field(default_factory=dict)
    hints: dict[int, int] = field(default_factory=dict)
    checkpoints: dict[tuple[int, CheckpointName], bytes] = field(default_factory=dict)
    history: dict[ObjectId, dict[int, HistoryEvent]] = field(default_factory=dict)
    snapshots: dict[ObjectId, StoredSnapshot] = field(default_factory=dict)

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
            case ReadCheckpoint(shard, name):
                return self.checkpoints.get((shard, name))
            case WriteHint(shard, segment):
                self.hints[shard] = segment
                return None
            case WriteCheckpoint(shard, name, body):
                self.checkpoints[shard, name] = body
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

    def trim(self, shard: int, before: int) -> None:
        """Drop rows of `shard` below `before`."""
        for (owner, _), rows in self.rows.items():
            if owner == shard:
                for offset in [offset for offset in rows if offset < before]:
                    del rows[offset]
