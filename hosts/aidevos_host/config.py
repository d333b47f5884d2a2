"""Settings of one shard host."""

from dataclasses import dataclass

from aidevos.core.errors import InvalidArgumentError
from aidevos.core.shard import Limits

CHECKED = ("shard_count", "mailbox_max", "resident_max", "hibernate_after_ms", "checkpoint_rows")
"""Settings that must be at least 1."""

SHARD_COUNT_EMBEDDED = 1
"""Each shard with records adds a row to a commit: a store of one file needs few (ADR 0016)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """Checked once, at start."""

    name: str = "host-1"
    """Who owns the shards, for people."""

    shard_count: int = SHARD_COUNT_EMBEDDED
    """Shards of the cluster, 1..4096; never changes for one data directory."""

    calls_max: int = 3_200_000
    """Calls remembered in all shards before RESOURCE_EXHAUSTED is answered."""

    mailbox_max: int = 4_000
    """Calls waiting per object before RESOURCE_EXHAUSTED is answered, 1..100000."""

    mailbox_bytes_max: int = 16 << 20
    """Payload bytes waiting per shard before RESOURCE_EXHAUSTED is answered."""

    resident_max: int = 2_000_000
    """Objects kept in memory; with more, the coldest leave."""

    memory_bytes_max: int = 0
    """Bytes that host and workers hold together before the coldest objects leave; 0: half of what
    the machine, or the group of processes that the host is in, may use."""

    hibernate_after_ms: int = 60_000
    """Idle time before an object leaves memory. Lower saves memory, costs revivals."""

    checkpoint_rows: int = 40_000
    """Rows of all shards together after which their share has a shard write a checkpoint."""

    checkpoint_records: int = 130_000
    """The same for records. A start replays at most so many, in about a quarter of a second."""

    checkpoint_bytes: int = 64 << 20
    """The same for bytes of rows."""

    watch_buffer: int = 1_000
    """Events waiting per watcher before a slow one is ended with RESOURCE_EXHAUSTED."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in CHECKED:
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name} must be at least 1", field=name)

    @property
    def limits(self) -> Limits:
        """Bounds of one shard's index: those of all, shared out."""
        return Limits(calls_max=max(1, self.calls_max // self.shard_count))
