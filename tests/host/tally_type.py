"""A type for frames of calls, and a store whose commits wait when a test wants them to."""

import asyncio
from collections.abc import Sequence

import aidevos
from aidevos.core.statements import AppendRow
from aidevos.objects import (
    DurableObject,
    Event,
    FailedPreconditionError,
    apply,
    command,
    query,
)
from aidevos.storage.memory import MemoryStore


class Tally(DurableObject):
    """Counts; refuses and breaks when told to."""

    class State(aidevos.State):
        """What a tally holds."""

        total: int = 0

    class Added(Event):
        """Something was counted."""

        by: int

    @command
    def add(self, by: int = 1, reply: int = 0) -> int | str:
        """Count; answer with the total, or with `reply` bytes."""
        self.emit(self.Added(by=by))
        return "x" * reply if reply else self.state.total

    @command
    def refuse(self) -> None:
        """Say no."""
        raise FailedPreconditionError("it does not like to")

    @command
    def fail(self) -> None:
        """Break after an event."""
        self.emit(self.Added(by=1))
        raise ValueError("broken")

    @command
    def nothing(self) -> int:
        """Change nothing."""
        return self.state.total

    @query
    def total(self) -> int:
        """Return the total."""
        return self.state.total

    @apply
    def _added(self, event: Added) -> None:
        self.state.total += event.by


class HeldStore(MemoryStore):
    """Commits when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.asked = 0

    async def append_rows(self, statements: Sequence[AppendRow]) -> Sequence[object]:
        self.asked += 1
        await self.may_commit.wait()
        return await super().append_rows(statements)
