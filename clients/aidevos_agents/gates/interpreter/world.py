"""All things that there are, in the order of their making, and the ids learned so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from aidevos_agents.gates.interpreter.symbols import Moment, Ref

Value = bool | int | Decimal | str | tuple[str, ...] | Ref | Moment | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing. `values` has its parents and stored fields; never changed, but replaced."""

    serial: int
    thing: str
    values: Mapping[str, Value]

    @property
    def ref(self) -> Ref:
        """The value of a reference to it."""
        return Ref(self.serial)


class World:
    """The state of the app. Serial numbers are 1-based, never used again, and order by age."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self._ids: dict[int, str] = {}
        self._serials: dict[str, int] = {}
        self._last = 0

    def add(self, thing: str, values: Mapping[str, Value]) -> Row:
        """Make a thing; its id is unknown until `learn`."""
        self._last += 1
        row = Row(self._last, thing, dict(values))
        self.rows[row.serial] = row
        return row

    def put(self, row: Row, values: Mapping[str, Value]) -> Row:
        """Replace the values of a thing."""
        changed = Row(row.serial, row.thing, dict(values))
        self.rows[row.serial] = changed
        return changed

    def drop(self, serial: int) -> None:
        """Take a thing away."""
        del self.rows[serial]

    def all(self, thing: str) -> list[Row]:
        """Return the things of this kind, oldest first."""
        return [row for row in self.rows.values() if row.thing == thing]

    def at(self, ref: Ref) -> Row | None:
        """Return the thing referred to, if it is there."""
        return self.rows.get(ref.serial)

    def find(self, thing: str, id_text: str) -> Row | None:
        """Return the thing with this id, if it is there."""
        row = self.rows.get(self._serials.get(id_text, 0))
        return row if row and row.thing == thing else None

    def id_of(self, serial: int) -> str | None:
        """Return the id, if an answer has shown it."""
        return self._ids.get(serial)

    def learn(self, serial: int, id_text: str) -> None:
        """Remember the id that the candidate gave."""
        self._ids[serial] = id_text
        self._serials[id_text] = serial

    def is_known(self, id_text: str) -> bool:
        """Return whether this id was ever given to a thing."""
        return id_text in self._serials

    def row_of(self, id_text: str) -> Row | None:
        """Return the thing of any kind with this id, if it is there."""
        return self.rows.get(self._serials.get(id_text, 0))

    def latest_id(self, before: int) -> str:
        """Return the greatest known id of the things made before this serial, or empty text."""
        return max((text for serial, text in self._ids.items() if serial < before), default="")

    def snapshot(self) -> dict[int, Row]:
        """Return what `restore` brings back."""
        return dict(self.rows)

    def restore(self, rows: dict[int, Row]) -> None:
        """Go back to a snapshot; ids learned since stay known."""
        self.rows = dict(rows)
