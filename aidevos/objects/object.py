"""DurableObject: what an author subclasses, and the group that an object lives in.

An instance is bound to one turn at a time. Time and chance come from the turn alone, so that a
turn can be replayed bit for bit.
"""

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from aidevos.core.errors import AlreadyExistsError, FailedPreconditionError, NotFoundError
from aidevos.core.ids import ObjectId, object_id
from aidevos.objects import schema
from aidevos.objects.bugs import MisuseError
from aidevos.objects.definition import Definition

if TYPE_CHECKING:
    from aidevos.objects.turn import Turn
    from aidevos.objects.unit import Unit

T = TypeVar("T", bound="DurableObject")


class DurableObject:
    """An object addressed by (type, key) that handles one turn at a time and loses nothing.

    Commands decide and `emit` events; `@apply` methods fold them into `state`; queries read.
    """

    class State(schema.State):
        """Holds nothing; a type with state defines its own."""

    definition: ClassVar[Definition]
    indexed: ClassVar[tuple[str, ...]] = ()
    """Names of state fields by which objects of this type are listed without waking them."""

    state: Any
    """The state, an instance of the type's State. Only `@apply` methods change it."""

    _unit: "Unit | None" = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Read and check the class. Raises DefinitionError."""
        super().__init_subclass__(**options)
        cls.definition = Definition(cls, DurableObject)

    # ---- hooks -----------------------------------------------------------------------------

    def initialize(self) -> None:
        """Begin a life: before the first command of an object that is not there. May emit."""

    def activate(self) -> None:
        """Come into memory: before the first turn here, any number of times. May not emit."""

    def deactivate(self, reason: str) -> None:
        """Leave memory. `reason`: memory, deleted or shutdown. Not called after a crash."""

    # ---- what a turn offers ----------------------------------------------------------------

    def emit(self, event: schema.Event) -> None:
        """Record a fact and fold it at once. Nothing is kept if the turn is refused or fails."""
        unit = self._unit
        (self._bound() if unit is None else unit).emit(event)

    def delete(self) -> None:
        """End this life: the object is gone after the turn; its history stays."""
        self._bound().delete()

    @property
    def ref(self) -> ObjectId:
        """The address of this object."""
        return self._bound().object

    @property
    def version(self) -> int:
        """How many events the object has, those of this turn included."""
        return self._bound().version

    @property
    def now(self) -> datetime:
        """The time of the turn, in UTC, to the millisecond; it does not pass within a turn."""
        return datetime.fromtimestamp(self._running().facts[1] / 1_000, UTC)

    @property
    def random(self) -> random.Random:
        """The chance of the turn: the same seed gives the same numbers on a replay."""
        return self._running().random

    def new_id(self) -> str:
        """Return a new UUIDv7 from the turn's time and chance; ids of one turn are in order."""
        return self._running().new_id()

    @property
    def principal(self) -> str:
        """Who called, for example `anonymous` or `operator`."""
        return self._running().facts[0]

    @property
    def group(self) -> "Group":
        """The objects that share this object's {tag}: read and changed in the same turn."""
        return Group(self._running(), self.ref)

    def _bound(self) -> "Unit":
        if self._unit is None:
            raise MisuseError(
                "@apply methods and instances kept from an earlier turn have no turn: what an "
                "@apply method needs belongs into its event"
            )
        return self._unit

    def _running(self) -> "Turn":
        return self._bound().turn


class Group:
    """Objects of one group, as live instances: their commands commit in the same record."""

    def __init__(self, turn: "Turn", home: ObjectId) -> None:
        """Bind to the turn of `home`."""
        self._facts = turn.facts
        self._of = turn
        self._home = home

    @property
    def _turn(self) -> "Turn":
        if self._of.facts is not self._facts:
            raise MisuseError("this group is kept from an earlier turn; ask self.group again")
        return self._of

    def key(self, name: str) -> str:
        """Return the key of `name` in this group: `{shop}` + name for the tag `shop`."""
        group = self._home.group
        if group.type:
            raise FailedPreconditionError(
                f"{self._home} has no {{tag}} in its key, so it is alone in its group"
            )
        return f"{{{group.name}}}{name}"

    def find(self, kind: type[T], key: str) -> T | None:
        """Return the object, or None if it is not there."""
        unit = self._turn.unit(self._object(kind, key))
        return unit.instance if unit.exists else None

    def get(self, kind: type[T], key: str) -> T:
        """Return the object, or raise NotFoundError with `key` as its field."""
        found = self.find(kind, key)
        if found is None:
            raise NotFoundError(f"{kind.__name__}/{key} is not there", field="key")
        return found

    def all(self, kind: type[T]) -> list[T]:
        """Return all objects of the type, oldest first, as this turn has left them."""
        return [unit.instance for unit in self._turn.units_of(self._home, kind)]

    def create(self, kind: type[T], key: str) -> T:
        """Begin a new object (it is there once it emits), or raise AlreadyExistsError."""
        unit = self._turn.unit(self._object(kind, key))
        if unit.exists:
            raise AlreadyExistsError(f"{kind.__name__}/{key} is there already", field="key")
        self._turn.begin_life(unit)
        return unit.instance  # type: ignore[no-any-return]

    def _object(self, kind: type[DurableObject], key: str) -> ObjectId:
        object = object_id(self._home.tenant, kind.__name__, key)
        if object.group != self._home.group:
            raise FailedPreconditionError(
                f"{object} is not in the group of {self._home}: only objects with the same "
                "{tag} in their key can be read or changed in one turn"
            )
        return object
