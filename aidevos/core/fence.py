"""What an owner holds of its shard: the proof that it may append, and where. Pure."""

from dataclasses import dataclass

from aidevos.core.checkpoint import Checkpoint
from aidevos.core.record import CheckpointName, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The owner's view of the last header: every append is conditional on exactly this."""

    shard: int
    segment: int
    epoch: int
    tail: int
    base: int
    last_batch: str | None
    last_hash: bytes
    log_time_ms: int
    checkpoint: CheckpointName | None
    owner: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The batch is durable at `fence.tail - 1`; the next append uses `fence`."""

    fence: Fence


@dataclass(frozen=True, slots=True)
class Fenced:
    """Another host took the shard under `epoch`: drop everything volatile of it."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A shard won: its fence, its checkpoint (or None) and all rows after it."""

    fence: Fence
    checkpoint: Checkpoint | None
    rows: tuple[Row, ...]
