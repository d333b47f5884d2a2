"""What the compiler answers: the model, where everything was said, and every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from aidevos_agents.spec.model import App

Status = Literal["understood", "ambiguous", "not_understood", "description"]
FILE = "spec"
"""The file's name in messages when the caller gave none."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence, table row or scenario step, and how it ended."""

    text: str
    line: int
    """1-based, like `column`."""
    column: int
    status: Status
    makes: tuple[str, ...] = ()
    """The elements it made or changed, named as in `Compilation.lines`."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no model: a place, what is wrong there, and what to write instead."""

    line: int
    """1-based; 0 means the file as a whole."""
    column: int
    what: str
    do: str

    def sentence(self, file: str = FILE) -> str:
        """Return the problem as `file:line:column  what  do`."""
        return f"{file}:{self.line}:{self.column}  {self.what}  {self.do}".rstrip()


class Place(msgspec.Struct, frozen=True):
    """A unit that did not become part of the model."""

    line: int
    text: str


class Coverage(msgspec.Struct, frozen=True):
    """How much of the spec was understood; the description is not counted."""

    sentences: int
    understood: int
    ambiguous: tuple[Place, ...]
    not_understood: tuple[Place, ...]


class Compilation(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of compiling one spec."""

    model: App | None
    """The app, or None if there is any problem."""
    draft: App | None = None
    """What was understood, problems or not; None if the file was refused as a whole."""
    lines: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Element to 1-based line: `thing:todo`, `field:todo.title`, `action:add todo`, `rule:0`,
    `page:Open todos`, `route:POST /todos`, `scenario:a new todo is not completed`,
    `step:a new todo is not completed:0` (`step::0` is the background's first)."""
    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def coverage(self) -> Coverage:
        """Count the units."""
        counted = [unit for unit in self.units if unit.status != "description"]
        return Coverage(
            sentences=len(counted),
            understood=sum(unit.status == "understood" for unit in counted),
            ambiguous=_places(counted, "ambiguous"),
            not_understood=_places(counted, "not_understood"),
        )


def _places(units: list[Unit], status: Status) -> tuple[Place, ...]:
    return tuple(Place(unit.line, unit.text) for unit in units if unit.status == status)
