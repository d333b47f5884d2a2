"""What an owner holds of its shard: the proof that it may append, and where. Pure."""

import msgspec

from aidevos.core.checkpoint import Checkpoint
from aidevos.core.record import CheckpointName, Row


class Fence(msgspec.Struct, frozen=True, kw_only=True):
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


class Committed(msgspec.Struct, frozen=True):
    """The batch is durable at `fence.tail - 1`; the next append uses `fence`."""

    fence: Fence


class Fenced(msgspec.Struct, frozen=True):
    """Another host took the shard under `epoch`: drop everything volatile of it."""

    epoch: int


class Opened(msgspec.Struct, frozen=True):
    """A shard won: its fence, its checkpoint (or None) and all rows after it."""

    fence: Fence
    checkpoint: Checkpoint | None
    rows: tuple[Row, ...]
