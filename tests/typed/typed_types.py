"""Object types whose methods use all that the table of types has."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec

import aidevos
from aidevos import DurableObject, command, query


class Mood(Enum):
    """How it feels."""

    GOOD = "good"
    SO_SO = "so so"


class Circle(msgspec.Struct, tag="circle", tag_field="kind"):
    """A circle."""

    radius: float


class Square(msgspec.Struct, tag="square", tag_field="kind"):
    side: float = 1.0


Shape = Circle | Square


class Node(msgspec.Struct):
    """A node of a tree."""

    name: str
    children: list["Node"] = []
    parent: "Node | None" = None


class Rich(msgspec.Struct, kw_only=True):
    """All kinds of values."""

    flag: bool
    whole: int
    real: float
    text: str
    raw: bytes
    moment: datetime
    day: date
    length: timedelta
    id: uuid.UUID
    exact: Decimal
    mood: Mood
    size: Literal["s", "m"]
    level: Literal[1, -2] = 1
    shape: Shape
    tree: Node
    shapes: list[Shape] = []
    names: dict[str, Node] = {}
    counts: set[int] = set()
    any: Any = None
    either: int | str = 0
    nested: list[list[int]] = []
    maybe_list: list[int] | None = None
    maybe: int | None = None
    when: datetime | None = None
    bounded: Annotated[int, msgspec.Meta(ge=1, description="How many.")] = 5


class Changed(aidevos.Event):
    note: str | None
    count: int


class Everything(DurableObject):
    """Does everything."""

    class State(aidevos.State):
        note: str | None = "first"
        count: int = 0

    state: State

    @query
    def echo(self, value: Rich) -> Rich:
        """Return `value`."""
        return value

    @query
    def tree_of(self, key: str = "", version: int = 0) -> Node:
        """Return a tree whose name is `key`; its own arguments have names of the platform's."""
        return Node(f"{key}/{version}", [Node("a")])

    @query
    def any_of(self, value: Any) -> Any:
        return value

    @query
    def shapes(self) -> list[Shape]:
        return [Circle(radius=2.0), Square()]

    @query
    def nothing(self) -> None:
        """Give nothing."""

    @query
    def wrong(self) -> int:
        """Give what it does not declare."""
        return "no number"  # type: ignore[return-value]

    @command
    def change(
        self, note: str | msgspec.UnsetType | None = msgspec.UNSET, count: int = 0
    ) -> tuple[str | None, int]:
        """Change it; a note that is left out stays."""
        kept = self.state.note if note is msgspec.UNSET else note
        self.emit(Changed(note=kept, count=count))
        return self.state.note, self.state.count

    @query
    def note(self) -> str | None:
        return self.state.note

    @aidevos.apply
    def _changed(self, event: Changed) -> None:
        self.state.note, self.state.count = event.note, event.count
