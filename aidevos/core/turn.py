"""What a turn is given and what it comes to: the values between host and executor. Pure.

An executor (the host's own for trusted types, a worker process for all others) runs turns on
the states that it holds, and hands back events. The host keeps log, index and versions: it can
give an executor everything again, so killing one loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import ClassVar, Literal, NamedTuple, Protocol, Self

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId

Scalar = str | int | float | bool | None
CHANCE_BITS = 38
DELETED = "$deleted"
"""Name of the event that ends a life; no class can have it."""
TURN_COUNT = 1 << 24
"""A seed is the host's count of turns, modulo TURN_COUNT, then CHANCE_BITS of chance."""


class EventRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event: type name, version of that type, JSON body."""

    type: str
    version: int
    body: bytes


class Held(msgspec.Struct, frozen=True, array_like=True):
    """One object on its way into an executor: a state (or None), and events to fold after it.

    `version` counts the object's events, those in `events` included; 0 with no state and no
    events means never made. `deleted` objects keep their version and go on from it.
    """

    version: int = 0
    state: bytes | None = None
    state_version: int = 0
    events: tuple[EventRecord, ...] = ()
    deleted: bool = False

    @property
    def exists(self) -> bool:
        """Whether the object is there for a reader."""
        return self.version > 0 and not self.deleted


class TurnRequest(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One turn: with the object's events, everything that its outcome may depend on."""

    object: ObjectId
    method: str
    payload: bytes
    principal: str
    now_ms: int
    seed: int
    expected_version: int | None = None
    """Refuse with VERSION_CONFLICT unless the object is at exactly this version."""
    must_exist: bool = False
    """Refuse with NOT_FOUND if the object was never made or is deleted."""


class ChangeRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The events of one object in one turn, as they are stored; `first_seq` is 1-based."""

    object: ObjectId
    first_seq: int
    events: tuple[EventRecord, ...]
    deleted: bool = False
    index: dict[str, Scalar] = {}
    """Values of the indexed fields after the turn."""


def changes_to(
    object: ObjectId, version: int, events: tuple[EventRecord, ...], index: dict[str, Scalar]
) -> tuple[ChangeRecord, ...]:
    """Return the changes of a turn that left `object` at `version` and changed nothing else."""
    if not events:
        return ()
    return (ChangeRecord(object, version - len(events) + 1, events, False, index),)


Outcome = Literal["ok", "refused", "failed", "lost", "late"]


class TurnResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn came to.

    `ok`: reply and changes. `refused`: the handler's own no, recorded. `failed`: nothing is kept.
    `lost`: the executor does not hold the object; activate it and run the turn again.
    `late`: the deadline passed before it began.
    """

    outcome: Outcome
    version: int = 0
    """The called object's version after the turn (ok and refused)."""
    reply: bytes = b"null"
    error: ErrorRecord | None = None
    changes: tuple[ChangeRecord, ...] = ()
    dropped: tuple[ObjectId, ...] = ()
    """What the executor holds no more because of this turn (refused after events, failed)."""


class GroupReader(Protocol):
    """How a turn in flight reads what its executor does not hold of its group."""

    async def get(self, object: ObjectId) -> Held:
        """Return one object of the group (version 0 if never made); it is held from now on."""
        ...

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        """Return all existing objects of a type in the turn's group, oldest first.

        None stands for what the executor holds already; the others it holds from now on.
        """
        ...


class Turn(Protocol):
    """One turn on its way through an executor; the host has one for each call."""

    request: TurnRequest
    deadline_ms: int | None
    """Host-monotonic ms after which it must not begin."""
    attempts: int
    """How often an executor died under it; counted by the executor."""

    @property
    def group(self) -> GroupReader:
        """How it reads what its executor does not hold of its group."""
        ...

    def ran(self, result: TurnResult) -> None:
        """Take what it came to; called exactly once for each `Executor.run`."""
        ...


class TurnResults(NamedTuple):
    """What turns came to that are all well and changed their own objects alone, in columns."""

    versions: list[int]
    replies: list[bytes]
    events: list[tuple[EventRecord, ...]]
    indexed: list[dict[str, Scalar]]


class TurnBurst:
    """Turns of one principal at one time, all usual, in columns (core/burst has the call's side).

    A shell fills it and says what its results mean; an executor that has no use for columns takes
    it `apart`.
    """

    __slots__ = ()
    COLUMNS: ClassVar[tuple[str, ...]] = ("object_index", "method_index", "payloads", "seeds")
    """What has one entry for each turn."""

    principal: str
    now_ms: int
    objects: list[ObjectId]
    """A table, each once."""
    methods: list[str]
    """A table."""
    object_index: list[int]
    method_index: list[int]
    payloads: list[bytes]
    seeds: list[int]
    deadline_ms: int | None
    """The first of their deadlines, host-monotonic ms."""

    def __len__(self) -> int:
        return len(self.payloads)

    def request(self, place: int) -> TurnRequest:
        """Return what one of its turns is given."""
        return TurnRequest(
            object=self.objects[self.object_index[place]],
            method=self.methods[self.method_index[place]],
            payload=self.payloads[place],
            principal=self.principal,
            now_ms=self.now_ms,
            seed=self.seeds[place],
        )

    def cut(self, count: int) -> Self:
        """Keep the first `count` turns, return the rest as one more burst."""
        assert 0 < count < len(self), "neither part is empty"
        rest = copy(self)
        for name in self.COLUMNS:
            column = getattr(self, name)
            setattr(self, name, column[:count])
            setattr(rest, name, column[count:])
        return rest

    def ran(self, results: TurnResults) -> None:
        """Take what they came to, all of them."""
        raise NotImplementedError

    def apart(self) -> Sequence[Turn]:
        """Return its turns, which go on one by one; the burst is no more."""
        raise NotImplementedError


class MethodInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One method of a type as exported to doors and hosts (never user code)."""

    name: str
    kind: Literal["command", "query"]
    doc: str = ""
    params: dict[str, object] = {}
    """JSON Schema of the arguments object."""
    returns: dict[str, object] = {}
    """JSON Schema of the reply."""


class TypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The exported schema of one object type: all that a host ever knows of it."""

    name: str
    state_version: int
    methods: tuple[MethodInfo, ...]
    doc: str = ""
    state: dict[str, object] = {}
    indexed: tuple[str, ...] = ()
    service: str = ""
    """The service that it belongs to, where a host tells of its types."""

    def method(self, name: str) -> MethodInfo | None:
        """Return the method called `name`, or None."""
        return next((m for m in self.methods if m.name == name), None)


class Executor(Protocol):
    """Runs turns of one service's types. See `objects/executor.py` and `aidevos_host/worker.py`.

    It holds live states of objects between turns, and nothing that the host could not give it
    again: killing it loses nothing. Turns of one group run one at a time, in the order in which
    they were sent, each on what those before it left, committed or not. The host activates what
    an executor does not hold; in one order with turns, an object that is held already stays as
    it is.
    """

    generation: int
    """Grows when everything that it held is gone (its process ended)."""

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run."""
        ...

    def activate(self, object: ObjectId, held: Held) -> None:
        """Hold an object from now on, as turns sent later will find it. Ignored if it is held."""
        ...

    def run(self, turn: Turn) -> None:
        """Run one turn; `turn.ran` is called later, never before this returns.

        In order per group. Never raises for what a handler does (that is `failed`).
        """
        ...

    def run_burst(self, burst: TurnBurst) -> None:
        """Run the turns of a burst, in its order: as `run` for each, or told in columns."""
        ...

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Hold these no more, after the turns sent before."""
        ...

    async def states(self, objects: Sequence[ObjectId]) -> list[Held | None]:
        """Return states as the turns sent before left them, None for what is not held."""
        ...

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state; holds nothing (for old versions)."""
        ...

    async def close(self) -> None:
        """Let turns under way end, then end whatever runs. Idempotent."""
        ...
