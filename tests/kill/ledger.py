"""The types that the killed server serves: each event names the call that it comes from."""

import aidevos
from aidevos import DurableObject, apply, command, query
from aidevos.objects import FailedPreconditionError, InvalidArgumentError


class Booked(aidevos.Event):
    """`n` were booked by part `part` of a call."""

    call: str
    part: int
    n: int


class Ledger(DurableObject):
    """A total, and the calls that made it what it is."""

    class State(aidevos.State):
        """What a ledger remembers."""

        total: int = 0

    state: State
    indexed = ("total",)

    @command
    def add(self, call: str, n: int) -> int:
        """Book `n`; return the total."""
        if n <= 0:
            raise InvalidArgumentError("n must be positive", field="n")
        self.emit(Booked(call=call, part=0, n=n))
        return self.state.total

    @command
    def add_parts(self, call: str, n: int, parts: int) -> int:
        """Book `n` so many times, each an event; return the total."""
        for part in range(parts):
            self.emit(Booked(call=call, part=part, n=n))
        return self.state.total

    @command
    def take(self, call: str, n: int) -> int:
        """Take `n` from the total, unless it is less; return it."""
        if n > self.state.total:
            raise FailedPreconditionError(f"there are only {self.state.total}", n=n)
        self.emit(Booked(call=call, part=0, n=-n))
        return self.state.total

    @command
    def give(self, call: str, n: int, to: str) -> int:
        """Move `n` to another ledger of the group, whatever the total; return what is left."""
        kind = Purse if "}p" in to else Ledger
        other = self.group.find(kind, to) or self.group.create(kind, to)
        self.emit(Booked(call=call, part=0, n=-n))
        other.get(call, n)
        return self.state.total

    @command
    def get(self, call: str, n: int) -> None:
        """Take the other half of a gift."""
        self.emit(Booked(call=call, part=1, n=n))

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total

    @apply
    def _booked(self, event: Booked) -> None:
        self.state.total += event.n


class Purse(Ledger):
    """The same with more to carry; its keys begin with p, those in a group behind the tag."""

    class State(Ledger.State):
        """What a purse remembers."""

        lining: str = "silk " * 400
