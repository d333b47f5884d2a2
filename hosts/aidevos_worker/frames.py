"""What host and worker say to each other over their socket.

A frame is four bytes of length (big-endian) and a MessagePack list of messages, in order. Turns
go in columns, and so do their results: one entry a turn in each. The worker runs turns in order,
so results need no numbers; `Activate` and `Fold` it takes as soon as it reads them. A turn may ask
for objects of its group in the middle; the worker then waits for the one answer. Which turn was
begun stands in eight bytes of memory that both share (the mark: its number, 0 between turns).
"""

import struct
from collections.abc import Sequence

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held, Scalar, TurnResult, TypeInfo

FRAME_BYTES_MAX = 64 << 20
"""Largest frame that is taken from a worker: the largest state or reply, and what is beside it."""

LENGTH = struct.Struct(">I")
MARK_BYTES = 8
ASKED = 1 << 63
"""In the mark: the number is that of a `Fold` or `AskStates`, not of a turn."""


class LoadBundle(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """First message to a jailed worker: the code to run, from memory."""

    package: str
    types: tuple[str, ...]
    files: dict[str, bytes]
    check_all: bool = False
    """Check the state after every turn, not only after a sample of them."""


class LoadFiles(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """First message to a plain worker: a developer's own files."""

    paths: tuple[str, ...]
    check_all: bool = False


class RunTurns(msgspec.Struct, array_like=True, tag=2):
    """Run turns, in order; a column that is one value has it for all of them."""

    first: int
    """Number of the first turn; those after it count on."""
    called: list[tuple[str, str, str]]
    """Tenant, type and method of what is called in this frame."""
    which: list[int] | int
    """Per turn, the index in `called`."""
    keys: list[str]
    payloads: list[bytes]
    principals: list[str] | str
    now_ms: list[int] | int
    seeds: list[int]
    guards: list[tuple[int | None, bool]] | None = None
    """Per turn, the expected version and whether the object must exist."""


class Activate(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Hold objects from now on, unless they are held."""

    objects: list[tuple[ObjectId, Held]]


class Drop(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Hold objects no more."""

    objects: list[ObjectId]


class AskStates(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Tell the states of objects as the turns before left them."""

    number: int
    objects: list[ObjectId]


class Fold(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Fold events into a state."""

    number: int
    object: ObjectId
    held: Held


class GotObject(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Answer to `GetObject`."""

    held: Held


class GotObjects(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Answer to `FindObjects`."""

    found: list[tuple[ObjectId, Held | None]]


class GotError(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """The group could not be read: the turn ends."""

    error: ErrorRecord


class Loaded(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """The code was loaded; what it defines, and the extras of the jail that are active."""

    types: tuple[TypeInfo, ...]
    extras: tuple[str, ...] = ()


class LoadRefused(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """The jail is not closed, or the code does not load; the worker ends."""

    message: str


class TurnsRan(msgspec.Struct, array_like=True, tag=12):
    """What the next turns came to.

    Each is well and changed its own object alone, or nothing, unless `others` has it.
    """

    first: int
    """Number of the first turn, to see that both count alike."""
    versions: list[int]
    replies: list[bytes]
    events: list[tuple[EventRecord, ...]]
    index: list[dict[str, Scalar]]
    others: dict[int, TurnResult] = {}
    """By position in this message, 0-based; their entries in the columns mean nothing."""


class Folded(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """What a fold came to: a state or an error."""

    number: int
    held: Held | None
    error: ErrorRecord | None = None


class States(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Some of the states that were asked for, the next ones in order; None if not held."""

    number: int
    found: list[Held | None]


class GetObject(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """The turn in flight needs one object of its group."""

    object: ObjectId


class FindObjects(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """The turn in flight needs all objects of a type in its group."""

    tenant: str
    type_name: str


class Said(msgspec.Struct, frozen=True, array_like=True, tag=17):
    """Text for the operator's log: a handler's traceback, or what the code printed."""

    where: str
    text: str


Answer = GotObject | GotObjects | GotError
ToWorker = LoadBundle | LoadFiles | RunTurns | Activate | Drop | AskStates | Fold | Answer
Question = GetObject | FindObjects
FromWorker = Loaded | LoadRefused | TurnsRan | Folded | States | Question | Said

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
