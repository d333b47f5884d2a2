"""What the interpreter cannot know before the candidate has answered: ids, times, addresses.

They stand in expected answers in place of plain JSON; `gates/matching.py` compares and learns.
"""

from __future__ import annotations

from dataclasses import dataclass

from aidevos_agents.gates.interpreter.times import time_text


@dataclass(frozen=True, slots=True)
class Window:
    """The turn ran between these times: milliseconds of Unix time, both ends included."""

    before_ms: int
    after_ms: int


@dataclass(slots=True, eq=False)
class Moment:
    """The time of one turn: unknown within its window until an answer shows it."""

    window: Window
    learned: str | None = None

    @property
    def text(self) -> str:
        """The time as RFC 3339 text; the window's beginning while it is unknown."""
        return self.learned or time_text(self.window.before_ms)


@dataclass(frozen=True, slots=True)
class Ref:
    """The thing with this serial number (1-based, in the order of making); JSON shows its id."""

    serial: int


@dataclass(frozen=True, slots=True)
class Address:
    """The absolute address of a path below the app's API; `{}` stand for `refs`' ids."""

    path: str
    refs: tuple[Ref, ...]
