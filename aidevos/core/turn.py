"""What a turn is given and what it comes to: the values between host and executor. Pure.

An executor (the host's own for trusted types, a worker process for all others) runs a turn
on states that the host hands to it, and hands back events and new states. It keeps nothing
that the host could not give it again, so killing it loses nothing.
"""

from typing import Literal, Protocol

import msgspec

from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId

Scalar = str | int | float | bool | None
CHANCE_BITS = 38
TURN_COUNT = 1 << 24
"""A seed is the host's count of turns, modulo TURN_COUNT, then CHANCE_BITS of chance."""


class EventRecord(msgspec.Struct, frozen=True, array_like=True):
    """One event: type name, version of that type, JSON body."""

    type: str
    version: int
    body: bytes


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What the host holds of one object: a state (or None), and events to fold after it.

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


class TurnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One turn: everything that its outcome may depend on, so it replays bit for bit."""

    object: ObjectId
    method: str
    payload: bytes
    principal: str
    now_ms: int
    seed: int
    held: Held


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn did to one object of its group."""

    object: ObjectId
    events: tuple[EventRecord, ...]
    state: bytes
    state_version: int
    deleted: bool = False
    index: dict[str, Scalar] = {}
    """Values of the indexed fields after the turn."""


class TurnResult(msgspec.Struct, frozen=True, kw_only=True):
    """`ok`: reply and changes; `refused`: the handler's own no, recorded; `failed`: nothing."""

    outcome: Literal["ok", "refused", "failed"]
    reply: bytes = b"null"
    error: ErrorRecord | None = None
    changes: tuple[Changed, ...] = ()


class GroupReader(Protocol):
    """How a turn in flight reads its group. Answers show this turn's predecessors, not itself."""

    async def get(self, object: ObjectId) -> Held:
        """Return what is held of one object of the same group (version 0 if never made)."""
        ...

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        """Return all existing objects of a type in the turn's group, oldest first."""
        ...


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
    """Runs turns of one service's types. See `objects/executor.py` and `aidevos_host/worker.py`."""

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run."""
        ...

    async def run(self, request: TurnRequest, group: GroupReader) -> TurnResult:
        """Run one turn; never raises for what a handler does (that is `failed`).

        Cancel: the turn's outcome is dropped; the executor stays usable.
        """
        ...

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state (for snapshots and reads)."""
        ...

    async def close(self) -> None:
        """End whatever runs. Idempotent."""
        ...
