"""What the simulated objects do: counters that add, take (or refuse), move and match. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aidevos.core.errors import ErrorRecord, FailedPreconditionError
from aidevos.core.ids import ObjectId

OBJECTS = tuple(ObjectId("default", "Counter", key) for key in ("a", "{g}b", "{g}c", "d", "e"))
SHARD_OF = dict(zip(OBJECTS, (0, 0, 0, 1, 0), strict=True))
SHARDS = (0, 1)
OTHER = {OBJECTS[1]: OBJECTS[2], OBJECTS[2]: OBJECTS[1]}
"""The two of one group, between which a move goes."""
GROUP_OF = dict(zip(OBJECTS, ("a", "g", "g", "d", "e"), strict=True))

Method = Literal["add", "take", "move", "match", "spoil", "huge", "read", "sum"]
QUERIES = frozenset({"read", "sum"})
OF_GROUP = frozenset({"move", "match", "sum"})
"""Methods that read the other object of the group, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One call of a client, the same in every copy."""

    object: ObjectId
    method: Method
    n: int
    session: str
    number: int
    expires_ms: int
    floor: int = 0
    """The version of the object that an answer showed before this was asked."""
    since: int = 0
    """The place in the log up to which its group was shown before this was asked."""

    @property
    def key(self) -> tuple[str, int]:
        """Its identity."""
        return self.session, self.number

    @property
    def name(self) -> str:
        """Its identity in a story."""
        return f"{self.session}#{self.number}"

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
Values = Callable[[ObjectId], int]


def deltas(object: ObjectId, method: str, n: int, value: Values) -> dict[ObjectId, int] | None:
    """Return what a change adds to whom, or None: the handler refuses."""
    match method:
        case "add" | "huge":
            return {object: n}
        case "spoil" if n % 2:  # Emits, then perhaps raises; else refuses after it emitted.
            return {object: n}
        case "take" if value(object) >= n:
            return {object: -n}
        case "move" if value(object) >= n:
            return {object: -n, OTHER[object]: n}
        case "match":
            return {object: value(OTHER[object]) % 7 + n}
        case _:
            return None


def shown(object: ObjectId, method: str, value: Values) -> bytes:
    """Return the reply of a turn, as of the values after it."""
    total = value(object) + (value(OTHER[object]) if method == "sum" else 0)
    return str(total).encode()


def refusal(object: ObjectId, value: Values) -> ErrorRecord:
    """Return the handler's no."""
    return FailedPreconditionError(f"there are only {value(object)}").to_record()
