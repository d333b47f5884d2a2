"""The shard index as it is written down: everything that a takeover needs (section 10). Pure.

Immutable under (offset, w_epoch), in parts: part 0 is the root, which names all others with their
hashes; layers of objects that an earlier checkpoint wrote are named again, not written again. It
carries the hash of row `offset - 1`, so that the chain can be checked across it.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from aidevos.core import codec
from aidevos.core.errors import DataLossError, ErrorRecord
from aidevos.core.layer import Layer
from aidevos.core.names import Section
from aidevos.core.record import CheckpointName

PART_BYTES = 256 << 10
"""Bytes of one part: what a commit beside it may have to wait for."""
CALLS_AT_ONCE = 500
"""Calls that are encoded in one step."""
SESSIONS_AT_ONCE = 50
"""Sessions, each with its answers above the mark, that are encoded in one step."""


class Remembered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The recorded answer of one call, and what its repeat must match."""

    payload_hash: bytes
    version: int
    reply: bytes
    error: ErrorRecord | None


class RememberedCall(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call with a plain request_id, kept until it expires."""

    tenant: str
    principal: str
    request_id: str
    expires_ms: int
    answer: Remembered


class RememberedSession(msgspec.Struct, frozen=True, array_like=True):
    """A session: its mark and the answers above it, kept until it expires."""

    tenant: str
    principal: str
    session: str
    expires_ms: int
    mark: int
    answers: tuple[tuple[int, Remembered], ...]


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of the objects beside the layers."""

    sections: tuple[Section, ...] = ()
    count: int = 0
    """Objects, deleted ones included."""
    born: int = 0
    """Lives that began."""


class CheckpointBody(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """All of the shard index as of `offset` but the layers of its objects."""

    offset: int
    w_epoch: int
    prev_hash: bytes
    log_time_ms: int
    calls: tuple[RememberedCall, ...]
    sessions: tuple[RememberedSession, ...]
    objects: Kept


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """Where some bytes are: so many parts of a checkpoint, perhaps an earlier one's."""

    name: CheckpointName
    part: int
    parts: int
    hash: bytes


class Root(msgspec.Struct, frozen=True, array_like=True):
    """Part 0: where everything of a checkpoint is."""

    body: Stored
    calls: tuple[Stored, ...]
    sessions: tuple[Stored, ...]
    layers: tuple[Stored, ...]

    def everything(self) -> tuple[Stored, ...]:
        """Return all that it names."""
        return (self.body, *self.calls, *self.sessions, *self.layers)


class Checkpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is read back, or to be written."""

    root: Root
    body: CheckpointBody
    layers: tuple[Layer, ...]


class Writing:
    """A checkpoint on its way into parts, a bounded step at a time; then `parts` and `root`."""

    def __init__(self, body: CheckpointBody, layers: Sequence[Layer]) -> None:
        """Write `body` and those of its `layers` that are not stored yet."""
        self.name = CheckpointName(body.offset, body.w_epoch)
        self.parts: list[bytes] = []
        """Part `1 + place` at each place; part 0 is the root."""
        self.root: Root | None = None
        self._body = body
        self._layers = tuple(layers)

    def steps(self) -> Iterator[None]:
        """Encode everything; yields between steps of about a millisecond."""
        bare = msgspec.structs.replace(self._body, calls=(), sessions=())
        body = yield from self._store([codec.encode(bare)])
        calls = yield from self._store_some(self._body.calls, CALLS_AT_ONCE)
        sessions = yield from self._store_some(self._body.sessions, SESSIONS_AT_ONCE)
        for layer in self._layers:
            if layer.stored is None:
                layer.stored = yield from self._store(layer.pieces())
        layers = tuple(layer.stored for layer in self._layers if layer.stored is not None)
        self.root = Root(body, calls, sessions, layers)

    def _store_some(
        self, values: Iterable[object], at_once: int
    ) -> Generator[None, None, tuple[Stored, ...]]:
        found: list[Stored] = []
        left = iter(values)
        while some := tuple(islice(left, at_once)):
            found.append((yield from self._store([codec.encode(some)])))
        return tuple(found)

    def _store(self, pieces: Iterable[bytes | memoryview]) -> Generator[None, None, Stored]:
        first, digest = 1 + len(self.parts), hashlib.sha256()
        for piece in pieces:
            for at in range(0, len(piece), PART_BYTES):
                part = bytes(piece[at : at + PART_BYTES])
                digest.update(part)
                self.parts.append(part)
                yield
        return Stored(self.name, first, 1 + len(self.parts) - first, digest.digest())


def encode_root(root: Root) -> bytes:
    """Return part 0, led by its SHA-256."""
    raw = codec.encode(root)
    return hashlib.sha256(raw).digest() + raw


def decode_root(raw: bytes) -> Root:
    """Return the root in `raw`; DataLossError if it is not what was written."""
    check_hash(raw[32:], raw[:32])
    return codec.decode(raw[32:], Root)


def check_hash(raw: bytes, hash: bytes) -> None:
    """Raise DataLossError unless `raw` is what was written."""
    if hashlib.sha256(raw).digest() != hash:
        raise DataLossError("a checkpoint does not match its hash; the shard is stopped")
