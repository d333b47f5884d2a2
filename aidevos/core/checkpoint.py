"""The shard index as it is written down: everything that a takeover needs (section 10). Pure.

Immutable under (offset, w_epoch). It carries the hash of row `offset - 1`, so that the chain
can be checked across it.
"""

import hashlib

import msgspec

from aidevos.core import codec
from aidevos.core.errors import DataLossError, ErrorRecord
from aidevos.core.ids import ObjectId
from aidevos.core.record import CallRecord
from aidevos.core.turn import Scalar


class ObjectEntry(msgspec.Struct, array_like=True, gc=False):
    """What the find index keeps of one object, resident or not; never part of a cycle."""

    version: int
    created_ms: int
    updated_ms: int
    deleted: bool = False
    index: dict[str, Scalar] = {}
    order: int = 0
    """Grows with each life that begins in the shard: what is lower is older."""


class Remembered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The recorded answer of one call, kept until its session releases it or it expires."""

    tenant: str
    principal: str
    call: CallRecord
    expires_ms: int
    version: int
    reply: bytes
    error: ErrorRecord | None


class CheckpointBody(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """All of the shard index as of `offset`."""

    offset: int
    w_epoch: int
    prev_hash: bytes
    log_time_ms: int
    calls: tuple[Remembered, ...]
    objects: tuple[tuple[ObjectId, ObjectEntry], ...]


def encode_checkpoint(body: CheckpointBody) -> bytes:
    """Return the bytes, led by their SHA-256."""
    raw = codec.encode(body)
    return hashlib.sha256(raw).digest() + raw


def decode_checkpoint(raw: bytes) -> CheckpointBody:
    """Return the checkpoint in `raw`; DataLossError if it is not what was written."""
    if hashlib.sha256(raw[32:]).digest() != raw[:32]:
        raise DataLossError("a checkpoint does not match its hash; the shard is stopped")
    return codec.decode(raw[32:], CheckpointBody)
