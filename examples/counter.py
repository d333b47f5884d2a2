"""A counter: the smallest durable object.

Serve it with `aidevos dev --types examples/counter.py`.
"""

import aidevos
from aidevos import DurableObject, InvalidArgumentError, apply, command, query


class Added(aidevos.Event):
    """Something was counted."""

    n: int


class Counter(DurableObject):
    """Counts."""

    class State(aidevos.State, version=2):
        """What a counter remembers."""

        total: int = 0

    state: State
    indexed = ("total",)

    @command
    def add(self, n: int = 1) -> int:
        """Count `n` more and return the total."""
        if n <= 0:
            raise InvalidArgumentError("n must be positive", field="n")
        self.emit(Added(n=n))
        return self.state.total

    @apply
    def _added(self, event: Added) -> None:
        self.state.total += event.n

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total
