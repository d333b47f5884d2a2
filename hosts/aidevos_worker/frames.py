"""What host and worker say to each other over their socket.

A frame is four bytes of length (big-endian) and a MessagePack list of messages, in order. A turn
may ask for objects of its group in the middle; the worker then waits for the one answer, and
serves `Fold`s meanwhile, for the answer may need them. Which turn was begun stands in eight bytes
of memory that both share (the mark: the number of the turn, 0 between turns).
"""

import struct
from collections.abc import Sequence

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, TurnRequest, TurnResult, TypeInfo

FRAME_BYTES_MAX = 64 << 20
"""Largest frame that is taken from a worker: states of one turn are a few MiB."""

LENGTH = struct.Struct(">I")
MARK_BYTES = 8


class LoadBundle(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """First message to a jailed worker: the code to run, from memory."""

    package: str
    types: tuple[str, ...]
    files: dict[str, bytes]


class LoadFiles(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """First message to a plain worker: a developer's own files."""

    paths: tuple[str, ...]


class RunTurn(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Run one turn."""

    number: int
    request: TurnRequest


class Fold(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Fold events into a state."""

    number: int
    object: ObjectId
    held: Held


class GotObject(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Answer to `GetObject`."""

    held: Held


class GotObjects(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Answer to `FindObjects`."""

    found: list[tuple[ObjectId, Held]]


class GotError(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """The group could not be read: the turn ends."""

    error: ErrorRecord


class Loaded(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """The code was loaded; what it defines, and the extras of the jail that are active."""

    types: tuple[TypeInfo, ...]
    extras: tuple[str, ...] = ()


class LoadRefused(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """The jail is not closed, or the code does not load; the worker ends."""

    message: str


class TurnRan(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """What a turn came to."""

    number: int
    result: TurnResult


class Folded(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """What a fold came to: a state or an error."""

    number: int
    held: Held | None
    error: ErrorRecord | None = None


class GetObject(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """The turn in flight needs one object of its group."""

    number: int
    object: ObjectId


class FindObjects(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """The turn in flight needs all objects of a type in its group."""

    number: int
    tenant: str
    type_name: str


class Said(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """Text for the operator's log: a handler's traceback, or what the code printed."""

    where: str
    text: str


Answer = GotObject | GotObjects | GotError
ToWorker = LoadBundle | LoadFiles | RunTurn | Fold | Answer
Question = GetObject | FindObjects
FromWorker = Loaded | LoadRefused | TurnRan | Folded | Question | Said

_encoder = msgspec.msgpack.Encoder()
_to_worker = msgspec.msgpack.Decoder(list[ToWorker])
_from_worker = msgspec.msgpack.Decoder(list[FromWorker])


def frame(messages: Sequence[object]) -> bytes:
    """Return the frame of `messages`."""
    buffer = bytearray(LENGTH.size)
    _encoder.encode_into(messages, buffer, LENGTH.size)
    LENGTH.pack_into(buffer, 0, len(buffer) - LENGTH.size)
    return bytes(buffer)


def to_worker(body: bytes | memoryview) -> list[ToWorker]:
    """Return the messages of a frame from the host."""
    return _to_worker.decode(body)


def from_worker(body: bytes | memoryview) -> list[FromWorker]:
    """Return the messages of a frame from a worker; msgspec.DecodeError if it is none."""
    return _from_worker.decode(body)
