"""Runs trusted types in the host's own process (core/turn.Executor).

A turn is synchronous; when it needs an object of its group that is not read yet, it is stopped,
the object is loaded, and the turn, being deterministic, runs again from its beginning.
"""

import logging
from collections.abc import Iterable

from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held, TurnRequest, TurnResult, TypeInfo
from aidevos.objects.object import DurableObject
from aidevos.objects.runner import Runner

_log = logging.getLogger("aidevos.objects")


class _NeededError(BaseException):
    """The turn stops here until its group is read further."""


class _Known:
    """What was read of the group so far; notes what a turn asks beyond it."""

    def __init__(self) -> None:
        self._objects: dict[ObjectId, Held] = {}
        self._lists: dict[tuple[str, str], list[tuple[ObjectId, Held]]] = {}
        self._wanted: ObjectId | tuple[str, str] | None = None

    def get(self, object: ObjectId) -> Held:
        """Return the object; one that a list of its type does not have is not there."""
        found = self._objects.get(object)
        if found is None:
            self._wanted = object
            raise _NeededError
        return found

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        found = self._lists.get((tenant, type_name))
        if found is None:
            self._wanted = (tenant, type_name)
            raise _NeededError
        return found

    async def load(self, group: GroupReader) -> bool:
        """Read what the last attempt stopped for; False if it did not stop."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return False
        if isinstance(wanted, ObjectId):
            self._objects[wanted] = await group.get(wanted)
        else:
            self._lists[wanted] = await group.find(*wanted)
            self._objects.update(self._lists[wanted])
        return True


class InProcessExecutor:
    """The system's own types. User and generated types run in a worker process instead."""

    def __init__(self, types: Iterable[type[DurableObject]]) -> None:
        """Take the classes of one service."""
        self._runner = Runner(types, _report)

    @property
    def types(self) -> tuple[TypeInfo, ...]:
        """The types that it can run."""
        return self._runner.types

    async def run(self, request: TurnRequest, group: GroupReader) -> TurnResult:
        """Run one turn; see core/turn.Executor."""
        known = _Known()
        try:
            while True:
                result = self._attempt(request, known)
                if not await known.load(group):
                    assert result is not None
                    return result
        except AidevosError as error:
            return TurnResult(outcome="failed", error=error.to_record())

    def _attempt(self, request: TurnRequest, known: _Known) -> TurnResult | None:
        try:
            return self._runner.run(request, known)
        except _NeededError:
            return None

    async def fold(self, object: ObjectId, held: Held) -> Held:
        """Return `held` with its events folded into the state."""
        return self._runner.fold(object, held)

    async def close(self) -> None:
        """Deactivate what is in memory."""
        self._runner.close()


def _report(where: str, trace: str) -> None:
    _log.error("handler failed: %s\n%s", where, trace)
