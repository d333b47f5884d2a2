"""Writes a checkpoint part by part, its root last, and reads it back. Sans I/O, as generators."""

from collections.abc import Generator, Iterable
from typing import TypeVar

import msgspec

from aidevos.core import codec
from aidevos.core.ask import ask
from aidevos.core.checkpoint import (
    Checkpoint,
    CheckpointBody,
    RememberedCall,
    RememberedSession,
    Root,
    Stored,
    Writing,
    check_hash,
    decode_root,
    encode_root,
)
from aidevos.core.errors import DataLossError
from aidevos.core.layer import Layer, decode_layer
from aidevos.core.record import CheckpointName
from aidevos.core.statements import Pause, ReadCheckpoint, Statement, WriteCheckpoint

T = TypeVar("T")
Steps = Generator[Statement | Pause, object, None]


def write_checkpoint(shard: int, writing: Writing) -> Steps:
    """Write an encoded checkpoint; name it in an append only after this ended."""
    assert writing.root is not None, "it is encoded first"
    for part, body in enumerate(writing.parts, 1):
        yield from ask(WriteCheckpoint(shard, writing.name, body, part))
    yield from ask(WriteCheckpoint(shard, writing.name, encode_root(writing.root)))


def read_checkpoint(
    shard: int, name: CheckpointName
) -> Generator[Statement | Pause, object, Checkpoint]:
    """Return the checkpoint `name`. Raises DataLossError if it is not what was written."""
    root: Root = decode_root((yield from _part(shard, name, 0)))
    body = codec.decode((yield from _bytes(shard, root.body)), CheckpointBody)
    calls = yield from _values(shard, root.calls, tuple[RememberedCall, ...])
    sessions = yield from _values(shard, root.sessions, tuple[RememberedSession, ...])
    layers: list[Layer] = []
    for stored in root.layers:
        layers.append(decode_layer((yield from _bytes(shard, stored))))
        layers[-1].stored = stored
    body = msgspec.structs.replace(body, calls=calls, sessions=sessions)
    return Checkpoint(root, body, tuple(layers))


def _values(
    shard: int, stored: Iterable[Stored], kind: type[tuple[T, ...]]
) -> Generator[Statement | Pause, object, tuple[T, ...]]:
    found: list[T] = []
    for one in stored:
        found += codec.decode((yield from _bytes(shard, one)), kind)
    return tuple(found)


def _bytes(shard: int, stored: Stored) -> Generator[Statement | Pause, object, bytes]:
    parts = []
    for part in range(stored.part, stored.part + stored.parts):
        parts.append((yield from _part(shard, stored.name, part)))
    raw = b"".join(parts)
    check_hash(raw, stored.hash)
    return raw


def _part(
    shard: int, name: CheckpointName, part: int
) -> Generator[Statement | Pause, object, bytes]:
    found = yield from ask(ReadCheckpoint(shard, name, part))
    if not isinstance(found, bytes):
        raise DataLossError(f"shard {shard}: part {part} of checkpoint {name} is not there")
    return found
