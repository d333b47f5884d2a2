"""A type with some 2 kB of state, of which a call changes little."""

import msgspec

import aidevos
from aidevos import DurableObject, apply, command

LINES = 32


class Touched(aidevos.Event):
    """A line was written."""

    line: int
    text: str


class Wide(DurableObject):
    """Keeps lines."""

    class State(aidevos.State):
        """About 2 kB of them."""

        touches: int = 0
        lines: list[str] = msgspec.field(default_factory=list)

    state: State

    @command
    def touch(self, n: int = 1) -> int:
        """Write a line and return how many were written so far."""
        for line in range(LINES - len(self.state.lines)):
            self.emit(Touched(line=line, text=f"{line:04d} " + "x" * 55))
        self.emit(Touched(line=self.state.touches % LINES, text=f"{n:04d} " + "y" * 55))
        return self.state.touches

    @apply
    def _touched(self, event: Touched) -> None:
        self.state.touches += 1
        self.state.lines[event.line : event.line + 1] = [event.text]
