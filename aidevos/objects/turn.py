"""The turn in flight: its objects, its time and chance, and whether it may write.

Deterministic: the outcome depends on what is held, on the call, and on what the loader gives.
A runner has one Turn and uses it again and again: no turn runs inside another one, and nothing
of a turn is left in it.
"""

import random
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from aidevos.core import codec
from aidevos.core.errors import AidevosError, HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import CHANCE_BITS, TURN_COUNT, Held
from aidevos.objects.bugs import MisuseError
from aidevos.objects.shelf import Entry, Shelf, Shelves
from aidevos.objects.target import Target
from aidevos.objects.unit import Unit

Facts = tuple[str, int, int]
"""Principal, time in Unix ms and seed of a turn."""

NO_FACTS: Facts = ("", 0, 0)


class Loader(Protocol):
    """How a turn reads of its group what is not held. What it raises is never a refusal."""

    def get(self, object: ObjectId) -> Held:
        """Return one object (version 0 if never made)."""
        ...

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held | None]]:
        """Return all existing objects of the type in the turn's group, oldest first.

        None stands for what should be held already.
        """
        ...


class LoadFailedError(BaseException):
    """The group could not be read. Not an Exception, so that no handler takes it for its own."""

    def __init__(self, error: AidevosError) -> None:
        """Carry the reason."""
        super().__init__(str(error))
        self.error = error


class TurnStoppedError(BaseException):
    """Whoever runs turns ends this one and nothing is told of it. As above, no Exception."""


class Turn:
    """One turn at a time: `begin`, then the handler, then `end`."""

    __slots__ = (
        *("_ids", "_make", "_random", "_shelves", "checking", "facts", "home", "keeping"),
        *("loader", "others", "plain", "refusal", "target", "writing"),
    )

    loader: Loader
    target: Target
    """What is called."""

    def __init__(self, shelves: Shelves, make: "MakeInstance") -> None:
        """Bind; `make` gives an instance for an object."""
        self._shelves = shelves
        self._make = make
        self.home = Unit(self)
        """The object that is called."""
        self.writing = False
        self._clear()

    def _clear(self) -> None:
        self.facts = NO_FACTS
        self.checking = False
        self.keeping = False
        """Whether states are kept as they were, to check the turn or to take it back."""
        self.plain = True
        """Whether it touched the called object alone, without chance, and deleted nothing."""
        self.others: dict[tuple[str, str], Unit] = {}
        self.refusal: AidevosError | None = None
        """Set when a refusal came after events: catching it does not take the events back."""
        self._random: random.Random | None = None
        self._ids = 0

    def end(self) -> None:
        """Let go of everything."""
        self.writing = False
        self.home.release()
        self.home.before = None
        self.home.deleted = False
        for unit in self.others.values():
            unit.release()
        self._clear()

    @property
    def where(self) -> str:
        """`Type.method`, for sentences."""
        return self.target.where

    # ---- objects ---------------------------------------------------------------------------

    @property
    def units(self) -> Iterator[Unit]:
        """The objects that it touched, in the order in which it did."""
        yield self.home
        yield from self.others.values()

    def unit(self, object: ObjectId) -> Unit:
        """Return the unit of an object of the group, reading it if it is not held."""
        found = self._bound(object)
        if found is not None:
            return found
        shelf = self._shelf(object.tenant, object.type)
        entry = shelf.entry(object.key)
        if entry is None:
            self._shelves.answer(object, self.loader.get(object))
            entry = shelf.entry(object.key)
        assert entry is not None, object
        return self._bind(shelf, object.key, entry)

    def units_of(self, home: ObjectId, kind: type) -> Iterable[Unit]:
        """Return units of all existing objects of the type: those found, then those made here."""
        name = kind.__name__
        found = self.loader.find(home.tenant, name)
        for object, held in found:
            if held is not None:
                self._shelves.answer(object, held)
        listed = [self.unit(object) for object, _ in found]
        known = set(map(id, listed))
        made = [u for u in self.units if u.definition.name == name and id(u) not in known]
        return [unit for unit in (*listed, *made) if unit.exists]

    def begin_life(self, unit: Unit) -> None:
        """Run the hook of a first or new life."""
        if not self.writing:
            raise MisuseError(f"{self.where}: a query may not create an object")
        unit.deleted = False
        unit.instance.initialize()

    def _bound(self, object: ObjectId) -> Unit | None:
        home = self.home
        if object.key == home.key and object.type == home.definition.name:
            return home
        return self.others.get((object.type, object.key))

    def _shelf(self, tenant: str, type_name: str) -> Shelf:
        shelf = self._shelves.of(tenant, type_name)
        if shelf is None:
            raise MisuseError(f"{self.where}: {type_name} is not a type of the same service")
        return shelf

    def _bind(self, shelf: Shelf, key: str, entry: Entry) -> Unit:
        unit = Unit(self)
        if self.keeping:
            unit.before = codec.to_json(entry.state)
        unit.bind(shelf, key, entry, self._make(shelf, key, entry))
        self.others[shelf.definition.name, key] = unit
        self.plain = False
        return unit

    @property
    def emitted(self) -> int:
        """Events of the turn so far."""
        return sum(len(unit.events) for unit in self.units)

    # ---- time and chance -------------------------------------------------------------------

    @property
    def random(self) -> random.Random:
        """The turn's chance; made on first use."""
        if self._random is None:
            self._random = random.Random(self.facts[2])  # noqa: S311 (replay, not secrets)
            self.plain = False
        return self._random

    def new_id(self) -> str:
        """Return a UUIDv7 (RFC 9562): ms of the turn, its count, a counter in it, 36 random bits.

        So ids of one group are in the order of their making, also within a millisecond.
        """
        _, now_ms, seed = self.facts
        count = seed >> CHANCE_BITS & TURN_COUNT - 1
        within = min(self._ids, 0x3FFF)
        self._ids += 1
        number = (now_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (count >> 12) << 64
        number |= 0b10 << 62 | (count & 0xFFF) << 50 | within << 36
        digits = f"{number | self.random.getrandbits(36):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class MakeInstance(Protocol):
    """Gives an instance of a type for an object, fresh or the one that is in memory."""

    def __call__(self, shelf: Shelf, key: str, entry: Entry) -> Any:
        """Return the instance; the caller binds it."""
        ...


def failed(where: str) -> HandlerFailedError:
    """Return what the caller is told of a bug: the operator's log has the rest."""
    return HandlerFailedError(
        f"{where} failed unexpectedly; nothing was changed, and the server's log says why"
    )
