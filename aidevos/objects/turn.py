"""One turn of one object and its group: everything in, everything out, nothing kept between.

Synchronous and deterministic: the outcome depends on the TurnRequest and on what the loader
gives. Commands decide and emit, `@apply` folds at once, the new states go back encoded.
"""

import random
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from aidevos.core import codec
from aidevos.core.errors import AidevosError, HandlerFailedError, UpgradeRequiredError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import (
    CHANCE_BITS,
    TURN_COUNT,
    Changed,
    EventRecord,
    Held,
    TurnRequest,
)
from aidevos.objects.bugs import MisuseError
from aidevos.objects.definition import Definition
from aidevos.objects.schema import Event, State

DELETED = "$deleted"
"""Name of the event that ends a life; no class can have it."""

_GONE = EventRecord(DELETED, 1, b"{}")


class Loader(Protocol):
    """How a turn reads its group. What it raises ends the turn: it is never a refusal."""

    def get(self, object: ObjectId) -> Held:
        """Return what is held of one object (version 0 if never made)."""
        ...

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        """Return all existing objects of the type in the turn's group, oldest first."""
        ...


class LoadFailedError(BaseException):
    """The group could not be read. Not an Exception, so that no handler takes it for its own."""

    def __init__(self, error: AidevosError) -> None:
        """Carry the reason."""
        super().__init__(str(error))
        self.error = error


def apply_event(definition: Definition, instance: Any, record: EventRecord) -> None:
    """Fold one stored event into the instance's state."""
    if record.type == DELETED:
        instance.state = definition.state()
        return
    fold = definition.folds.get(record.type)
    if fold is None:
        raise UpgradeRequiredError(
            f"{definition.name} does not know the event {record.type}: newer code wrote it, or "
            "its class was removed; keep the class and its @apply as long as events of it exist"
        )
    event = fold.stored.decode(record.body, record.version)
    try:
        fold.function(instance, event)
    except Exception as error:  # Boundary: whatever an @apply raises is a bug, never a refusal.
        raise MisuseError(f"{definition.name}: @apply of {record.type} raised: {error}") from error


def fold_state(definition: Definition, held: Held, then: Iterable[EventRecord] = ()) -> State:
    """Return the state of `held` with its events, and those of `then`, folded in."""
    instance = definition.new()
    instance.state = _base_state(definition, held)
    for record in (*held.events, *then):
        apply_event(definition, instance, record)
    state: State = instance.state
    return state


def _base_state(definition: Definition, held: Held) -> State:
    if held.state is None or (held.deleted and not held.events):
        return definition.state()
    state: State = definition.stored_state.decode(held.state, held.state_version)
    return state


class Unit:
    """One object as the turn sees it: its instance, and what the turn did to it."""

    __slots__ = ("definition", "deleted", "events", "held", "instance", "object", "turn")

    def __init__(
        self, turn: "Turn", definition: Definition, object: ObjectId, held: Held, instance: Any
    ) -> None:
        """Bind `instance` to the turn, in the state that is held."""
        self.turn = turn
        self.definition = definition
        self.object = object
        self.held = held
        self.deleted = False
        self.events: list[EventRecord] = []
        self.instance = instance
        instance.state = fold_state(definition, held)
        instance._unit = self

    @property
    def version(self) -> int:
        """Events of the object, this turn's included."""
        return self.held.version + len(self.events)

    @property
    def exists(self) -> bool:
        """Whether the object is there now, within the turn."""
        return not self.deleted and (self.held.exists or bool(self.events))


class Turn:
    """The turn in flight: its units, its time and chance, and whether it may write."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        request: TurnRequest,
        loader: Loader,
        make: "MakeInstance",
    ) -> None:
        """Bind; `make` gives an instance for an object."""
        self.request = request
        self.emitted = 0
        self.writing = False
        self.refusal: AidevosError | None = None
        """Set when a refusal came after events: catching it does not take the events back."""
        self.units: dict[ObjectId, Unit] = {}
        self._definitions = definitions
        self._loader = loader
        self._make = make
        self._random: random.Random | None = None
        self._ids = 0

    # ---- objects ---------------------------------------------------------------------------

    def begin(self) -> Unit:
        """Return the unit of the object that is called."""
        return self._bind(self.request.object, self.request.held)

    def unit(self, object: ObjectId) -> Unit:
        """Return the unit of an object of the group, reading it if the turn has not yet."""
        return self.units.get(object) or self._bind(object, self._loader.get(object))

    def units_of(self, home: ObjectId, kind: type) -> Iterable[Unit]:
        """Return units of all existing objects of the type: those found, then those made here."""
        name = kind.__name__
        found = [
            self.units.get(object) or self._bind(object, held)
            for object, held in self._loader.find(home.tenant, name)
        ]
        listed = {unit.object for unit in found}
        made = [u for u in self.units.values() if u.object.type == name and u.object not in listed]
        return [unit for unit in (*found, *made) if unit.exists]

    def begin_life(self, unit: Unit) -> None:
        """Run the hook of a first or new life."""
        if not self.writing:
            raise MisuseError(f"{self._where}: a query may not create an object")
        if unit.deleted:
            unit.deleted = False
        unit.instance.initialize()

    def _bind(self, object: ObjectId, held: Held) -> Unit:
        definition = self._definitions.get(object.type)
        if definition is None:
            raise MisuseError(f"{self._where}: {object.type} is not a type of the same service")
        unit = Unit(self, definition, object, held, self._make(definition, object, held))
        self.units[object] = unit
        return unit

    # ---- facts -----------------------------------------------------------------------------

    def emit(self, unit: Unit, event: Event) -> None:
        """Record `event` for `unit` and fold it."""
        self._check_writing(unit, "emit")
        name = type(event).__name__
        fold = unit.definition.folds.get(name)
        if fold is None or fold.stored.kind is not type(event):
            raise MisuseError(
                f"{self._where} emitted {name}, which has no @apply method in "
                f"{unit.definition.name}"
            )
        unit.events.append(EventRecord(name, type(event).schema_version, codec.to_json(event)))
        self.emitted += 1
        self.writing = False
        try:
            fold.function(unit.instance, event)
        except Exception as error:  # Boundary: an @apply never refuses; the turn fails.
            raise MisuseError(f"{self._where}: @apply of {name} raised: {error}") from error
        self.writing = True

    def delete(self, unit: Unit) -> None:
        """End the life of `unit`."""
        self._check_writing(unit, "delete")
        if not unit.exists:
            raise MisuseError(f"{self._where}: {unit.object} is not there, it cannot be deleted")
        unit.events.append(_GONE)
        self.emitted += 1
        unit.deleted = True
        unit.instance.state = unit.definition.state()

    def _check_writing(self, unit: Unit, what: str) -> None:
        if not self.writing:
            raise MisuseError(f"{self._where}: only a command may {what}, no query and no @apply")
        if unit.deleted:
            raise MisuseError(f"{self._where}: {unit.object} was deleted in this turn")

    @property
    def _where(self) -> str:
        return f"{self.request.object.type}.{self.request.method}"

    # ---- time and chance -------------------------------------------------------------------

    @property
    def random(self) -> random.Random:
        """The turn's chance; made on first use."""
        if self._random is None:
            self._random = random.Random(self.request.seed)  # noqa: S311 (replay, not secrets)
        return self._random

    def new_id(self) -> str:
        """Return a UUIDv7 (RFC 9562): ms of the turn, its count, a counter in it, 36 random bits.

        So ids of one group are in the order of their making, also within a millisecond.
        """
        count = self.request.seed >> CHANCE_BITS & TURN_COUNT - 1
        within = min(self._ids, 0x3FFF)
        self._ids += 1
        number = (self.request.now_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (count >> 12) << 64
        number |= 0b10 << 62 | (count & 0xFFF) << 50 | within << 36
        digits = f"{number | self.random.getrandbits(36):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    # ---- outcome ---------------------------------------------------------------------------

    def changes(self) -> tuple[Changed, ...]:
        """Return what the turn did, object by object, in the order they were first touched."""
        return tuple(_changed(unit) for unit in self.units.values() if unit.events)


class MakeInstance(Protocol):
    """Gives an instance of a type for an object, fresh or the one that is in memory."""

    def __call__(self, definition: Definition, object: ObjectId, held: Held) -> Any:
        """Return the instance; its state is set by the caller."""
        ...


def _changed(unit: Unit) -> Changed:
    state: State = unit.instance.state
    _check_fold(unit, state)
    return Changed(
        object=unit.object,
        events=tuple(unit.events),
        state=codec.to_json(state),
        state_version=unit.definition.state.schema_version,
        deleted=unit.deleted,
        index={} if unit.deleted else unit.definition.index_of(state),
    )


def _check_fold(unit: Unit, state: State) -> None:
    """Prove that the stored events alone give this state: what a revival will see."""
    again = fold_state(unit.definition, unit.held, unit.events)
    if again != state and codec.to_json(again) != codec.to_json(state):
        raise MisuseError(
            f"{unit.definition.name}: the state after the turn is not what its events give; only "
            "@apply methods may change self.state, and from their event alone"
        )


def failed(where: str) -> HandlerFailedError:
    """Return what the caller is told of a bug: the operator's log has the rest."""
    return HandlerFailedError(
        f"{where} failed unexpectedly; nothing was changed, and the server's log says why"
    )
