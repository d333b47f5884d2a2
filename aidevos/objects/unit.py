"""One object as a turn sees it: its instance, and what the turn did to it."""

from typing import TYPE_CHECKING, Any

import msgspec

from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord
from aidevos.objects.bugs import MisuseError
from aidevos.objects.definition import Definition
from aidevos.objects.fold import DELETED
from aidevos.objects.schema import Event
from aidevos.objects.shelf import Entry, Shelf

if TYPE_CHECKING:
    from aidevos.objects.turn import Turn

EventRow = tuple[str, int, bytes]
"""An EventRecord on its way: a turn makes many, and most are only written to a socket."""

_GONE: EventRow = (DELETED, 1, b"{}")
_to_json = msgspec.json.Encoder().encode


class Unit:
    """Binds an instance to a turn. The one of the called object serves turn after turn."""

    __slots__ = (
        "before",
        "deleted",
        "entry",
        "events",
        "instance",
        "key",
        "shelf",
        "turn",
    )

    before: bytes | None
    """The state when it was bound, where a turn may have to be checked or taken back."""
    deleted: bool
    entry: Entry
    events: list[EventRow]
    instance: Any
    key: str
    shelf: Shelf

    def __init__(self, turn: "Turn") -> None:
        """Belong to `turn`; `bind` does the rest."""
        self.turn = turn
        self.deleted = False
        self.before = None

    def bind(self, shelf: Shelf, key: str, entry: Entry, instance: Any) -> None:
        """Show `instance` the state that is held."""
        instance.state = entry.state
        instance._unit = self
        self.instance = instance
        self.entry = entry
        self.events = []
        self.key = key
        self.shelf = shelf

    def release(self) -> None:
        """Leave the instance without a turn, and without a cycle."""
        self.instance._unit = None
        self.instance = None

    @property
    def definition(self) -> Definition:
        """The type of the object."""
        return self.shelf.definition

    @property
    def object(self) -> ObjectId:
        """The address of the object."""
        return ObjectId(self.shelf.tenant, self.shelf.definition.name, self.key)

    @property
    def version(self) -> int:
        """Events of the object, this turn's included."""
        return self.entry.version + len(self.events)

    @property
    def exists(self) -> bool:
        """Whether the object is there now, within the turn."""
        return not self.deleted and (self.entry.exists or bool(self.events))

    def emit(self, event: Event) -> None:
        """Record `event` and fold it."""
        turn = self.turn
        if not turn.writing or self.deleted:
            raise self._may_not("emit")
        fold = self.shelf.folds.get(event.__class__)
        if fold is None:
            raise MisuseError(
                f"{turn.where} emitted {type(event).__name__}, which has no @apply method in "
                f"{self.definition.name}"
            )
        self.events.append((fold.name, fold.version, _to_json(event)))
        turn.writing = False
        try:
            fold.function(self.instance, event)
        except Exception as error:  # Boundary: an @apply never refuses; the turn fails.
            raise MisuseError(f"{turn.where}: @apply of {fold.name} raised: {error}") from error
        turn.writing = True

    def delete(self) -> None:
        """End the life of the object."""
        if not self.turn.writing or self.deleted:
            raise self._may_not("delete")
        if not self.exists:
            raise MisuseError(
                f"{self.turn.where}: {self.object} is not there, it cannot be deleted"
            )
        self.events.append(_GONE)
        self.deleted = True
        self.turn.plain = False
        self.instance.state = self.definition.state()

    def keep(self) -> None:
        """The turn is well: what it did is what is held."""
        if self.events:
            self.entry.version += len(self.events)
            self.entry.state = self.instance.state
            self.entry.deleted = self.deleted

    def change(self) -> ChangeRecord:
        """Return what the turn did, before `keep`."""
        return ChangeRecord(
            object=self.object,
            first_seq=self.entry.version + 1,
            events=tuple(EventRecord(*row) for row in self.events),
            deleted=self.deleted,
            index={} if self.deleted else self.definition.index_of(self.instance.state),
        )

    def _may_not(self, what: str) -> MisuseError:
        if not self.turn.writing:
            return MisuseError(
                f"{self.turn.where}: only a command may {what}, no query and no @apply"
            )
        return MisuseError(f"{self.turn.where}: {self.object} was deleted in this turn")
