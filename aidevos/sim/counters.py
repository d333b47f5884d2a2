"""What the simulated objects do: counters that add, take (or refuse), move and read. Pure."""

from dataclasses import dataclass
from typing import Literal

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.errors import ErrorRecord, FailedPreconditionError
from aidevos.core.ids import ObjectId
from aidevos.core.pending import Pending
from aidevos.core.record import Record
from aidevos.core.turn import ChangeRecord, EventRecord

SHARD = 0
OBJECTS = tuple(ObjectId("default", "Counter", key) for key in ("a", "{g}b", "{g}c"))
OTHER = {OBJECTS[1]: OBJECTS[2], OBJECTS[2]: OBJECTS[1]}
"""The two of one group, between which a move goes."""


Method = Literal["add", "take", "move", "read"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of a client. `expires_ms` is fixed by the first copy."""

    object: ObjectId
    method: Method
    n: int
    session: str
    expires_ms: int

    @property
    def payload_hash(self) -> bytes:
        """What a repeat must match."""
        return f"{self.object} {self.method} {self.n}".encode()


@dataclass(slots=True)
class Counter:
    """A counter in memory."""

    version: int = 0
    value: int = 0


Counters = dict[ObjectId, Counter]


def deltas(ask: Ask, counters: Counters) -> dict[ObjectId, int] | None:
    """Return what the call adds to whom, or None: the handler refuses."""
    here = counters[ask.object].value
    match ask.method:
        case "add":
            return {ask.object: ask.n}
        case "take" if here >= ask.n:
            return {ask.object: -ask.n}
        case "move" if here >= ask.n:
            return {ask.object: -ask.n, OTHER[ask.object]: ask.n}
        case _:
            return None


def run_turn(ask: Ask, counters: Counters, call: Pending) -> tuple[Record, Answer]:
    """Run a change on `counters` (changing them) and return its record and answer."""
    changed = deltas(ask, counters)
    changes = tuple(
        _change(object, counters[object], delta) for object, delta in (changed or {}).items()
    )
    own = counters[ask.object]
    error = None if changed is not None else _refusal(own.value)
    reply = codec.to_json(own.value)
    record = Record(
        principal="anonymous",
        object=ask.object,
        method=ask.method,
        call=call.record(),
        changes=changes,
        version=own.version,
        reply=reply,
        error=error,
        now_ms=call.now_ms,
        seed=0,
    )
    return record, Answer(version=own.version, payload=reply, error=error)


def _change(object: ObjectId, counter: Counter, delta: int) -> ChangeRecord:
    counter.version += 1
    counter.value += delta
    event = EventRecord("Changed", 1, codec.to_json(delta))
    return ChangeRecord(object, counter.version, (event,))


def _refusal(value: int) -> ErrorRecord:
    return FailedPreconditionError(f"there are only {value}", value=value).to_record()
