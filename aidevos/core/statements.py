"""The statements that the log machines ask of a store, one partition each. Pure values.

Headers are written by conditional statements alone (PROTOCOL.md sections 2 to 5). A store
answers each statement with the result named in its docstring, or TIMEOUT: unknown whether it
was done, perhaps still on its way.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from aidevos.core.record import CheckpointName, Header, Row


class Timeout:
    """The one answer that says nothing: done, not done, or done later."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "TIMEOUT"


TIMEOUT: Final = Timeout()


@dataclass(frozen=True, slots=True)
class ReadHeader:
    """Serial read of a header. Answer: Header, or None where there is none."""

    shard: int
    segment: int


@dataclass(frozen=True, slots=True)
class CreateHeader:
    """Insert if not exists. Answer: whether it was applied."""

    shard: int
    segment: int
    header: Header


@dataclass(frozen=True, slots=True)
class TakeHeader:
    """Set epoch + 1, owner and nonce if epoch is `if_epoch` and not sealed. Answer: applied."""

    shard: int
    segment: int
    if_epoch: int
    owner: str
    nonce: str


class AppendRow(msgspec.Struct, frozen=True):
    """Insert `row` and advance the header, if epoch, tail and last batch are as given.

    Answer: whether it was applied. All of it or nothing.
    """

    shard: int
    segment: int
    if_epoch: int
    if_tail: int
    if_last_batch: str | None
    row: Row
    checkpoint: CheckpointName | None


@dataclass(frozen=True, slots=True)
class SealHeader:
    """Seal if epoch and tail are as given and it is not sealed. Answer: applied."""

    shard: int
    segment: int
    if_epoch: int
    if_tail: int


@dataclass(frozen=True, slots=True)
class ReleaseHeader:
    """Clear the owner if epoch is `if_epoch`. Answer: applied."""

    shard: int
    segment: int
    if_epoch: int


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Serial read of rows with start <= offset < end, in order. Answer: tuple[Row, ...]."""

    shard: int
    segment: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ReadHint:
    """Answer: a segment that may be stale, or None."""

    shard: int


@dataclass(frozen=True, slots=True)
class WriteHint:
    """Unconditional. Answer: None."""

    shard: int
    segment: int


@dataclass(frozen=True, slots=True)
class ReadCheckpoint:
    """Answer: the immutable bytes written under `name` as this part, or None."""

    shard: int
    name: CheckpointName
    part: int = 0


@dataclass(frozen=True, slots=True)
class WriteCheckpoint:
    """Unconditional, immutable: the same name always carries the same bytes. Answer: None."""

    shard: int
    name: CheckpointName
    body: bytes
    part: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait a little, more with each attempt, with jitter. Answer: ms since the machine began."""

    attempt: int


Statement = (
    ReadHeader
    | CreateHeader
    | TakeHeader
    | AppendRow
    | SealHeader
    | ReleaseHeader
    | ReadRows
    | ReadHint
    | WriteHint
    | ReadCheckpoint
    | WriteCheckpoint
)
