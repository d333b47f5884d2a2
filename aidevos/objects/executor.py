"""Runs trusted types in the host's own process (core/turn.Executor).

A turn is synchronous; when it needs an object of its group that is not read yet, it is stopped,
the object is loaded, and the turn, being deterministic, runs again from its beginning.
"""

import logging
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held, TurnRequest, TurnResult, TypeInfo
from aidevos.objects.object import DurableObject
from aidevos.objects.runner import Runner
from aidevos.objects.turn import LoadFailedError

T = TypeVar("T")

_log = logging.getLogger("aidevos.objects")


class _NeededError(BaseException):
    """The turn stops here until its group is read further."""


class _Known:
    """What was read of the group so far; notes what a turn asks beyond it.

    What the host has in memory is read on the spot, without running the turn again.
    """

    def __init__(self, group: GroupReader) -> None:
        self._group = group
        self._objects: dict[ObjectId, Held] = {}
        self._lists: dict[tuple[str, str], list[tuple[ObjectId, Held]]] = {}
        self._wanted: ObjectId | tuple[str, str] | None = None

    def get(self, object: ObjectId) -> Held:
        """Return the object (version 0 if it was never made)."""
        found = self._objects.get(object)
        if found is None:
            found = _at_once(self._group.get(object))
        if found is None:
            self._wanted = object
            raise _NeededError
        self._objects[object] = found
        return found

    def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        found = self._lists.get((tenant, type_name))
        if found is None:
            found = _at_once(self._group.find(tenant, type_name))
        if found is None:
            self._wanted = (tenant, type_name)
            raise _NeededError
        self._lists[tenant, type_name] = found
        self._objects.update(found)
        return found

    async def load(self) -> bool:
        """Read what the last attempt stopped for; False if it did not stop."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return False
        if isinstance(wanted, ObjectId):
            self._objects[wanted] = await self._group.get(wanted)
        else:
            self._lists[wanted] = await self._group.find(*wanted)
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
        known = _Known(group)
        try:
            while True:
                result = self._attempt(request, known)
                if not await known.load():
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


def _at_once(reading: Coroutine[Any, Any, T]) -> T | None:
    """Return what `reading` gives without waiting; None if it would have to wait."""
    try:
        reading.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    except AidevosError as error:
        raise LoadFailedError(error) from error
    reading.close()
    return None


def _report(where: str, trace: str) -> None:
    text = trace.encode("utf-8", "backslashreplace").decode()  # A log is UTF-8, whatever was said.
    _log.error("handler failed: %s\n%s", where, text)
