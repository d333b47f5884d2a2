"""A counter that carries 2 kB of state, for the claim about what size costs."""

import aidevos
from aidevos import DurableObject, apply, command, query

PAD_BYTES = 2_000


class Grown(aidevos.Event):
    """Something was counted."""

    n: int


class Padded(DurableObject):
    """Counts, and carries much."""

    class State(aidevos.State):
        """The total, and ballast."""

        total: int = 0
        pad: str = "x" * PAD_BYTES

    state: State
    indexed = ("total",)

    @command
    def add(self, n: int = 1) -> int:
        """Count `n` more and return the total."""
        self.emit(Grown(n=n))
        return self.state.total

    @apply
    def _grown(self, event: Grown) -> None:
        self.state.total += event.n

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total
