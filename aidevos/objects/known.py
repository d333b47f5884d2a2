"""How a turn in the host's own process reads its group (objects.turn.Loader).

What the host gives without waiting is read on the spot, without running the turn again.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from aidevos.core import eager
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held
from aidevos.objects.runner import Runner
from aidevos.objects.turn import LoadFailedError, TurnStoppedError

T = TypeVar("T")
Found = list[tuple[ObjectId, Held | None]]


class NeededError(TurnStoppedError):
    """The turn stops here until its group is read further: `Known.read`, then run it again."""


class Known:
    """What was read for one turn, attempt after attempt."""

    def __init__(self, group: GroupReader, runner: Runner) -> None:
        """Read from `group`; what it gives is held by `runner` from then on."""
        self._group = group
        self._runner = runner
        self._lists: dict[tuple[str, str], Found] = {}
        self._reading: Coroutine[Any, Any, None] | None = None

    def get(self, object: ObjectId) -> Held:
        """Return one object (version 0 if never made)."""
        got = _begin(self._group.get(object))
        if isinstance(got, eager.Suspended):
            self._reading = self._got(object, got)
            raise NeededError
        return got

    def find(self, tenant: str, type_name: str) -> Found:
        """Return all existing objects of the type, the same in each attempt."""
        known = self._lists.get((tenant, type_name))
        if known is not None:
            return known
        found = _begin(self._group.find(tenant, type_name))
        if isinstance(found, eager.Suspended):
            self._reading = self._found((tenant, type_name), found)
            raise NeededError
        self._lists[tenant, type_name] = found
        return found

    async def read(self) -> None:
        """Read what the last attempt stopped for. Raises what the host raises."""
        reading, self._reading = self._reading, None
        assert reading is not None, "the attempt did not stop"
        await reading

    async def _got(self, object: ObjectId, rest: eager.Suspended[Held]) -> None:
        self._runner.answer(object, await rest)

    async def _found(self, key: tuple[str, str], rest: eager.Suspended[Found]) -> None:
        self._lists[key] = await rest


def _begin(reading: Coroutine[Any, Any, T]) -> "T | eager.Suspended[T]":
    try:
        return eager.begin(reading)
    except AidevosError as error:
        raise LoadFailedError(error) from error
