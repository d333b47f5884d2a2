"""Those who watch objects of a simulated shard: told of committed events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord

if TYPE_CHECKING:
    from aidevos.sim.part import Part

Items = Callable[[list[tuple[int, bytes]] | None], None]
"""Told (sequence, body) of events; None: the shard moved."""


class Feed:
    """Those who watch objects of one shard on its host."""

    def __init__(self, part: Part) -> None:
        """Begin with none."""
        self._part = part
        self._watching: dict[ObjectId, list[Items]] = {}

    def watch(self, object: ObjectId, after: int, items: Items) -> None:
        """Tell the committed events after `after`, then each new one."""
        self._watching.setdefault(object, []).append(items)
        items(self._part.keeper.committed_after(object, after))

    def publish(self, changes: Iterable[ChangeRecord]) -> None:
        """Tell the events of committed records."""
        for change in changes:
            told = [(change.first_seq + n, event.body) for n, event in enumerate(change.events)]
            for items in self._watching.get(change.object, ()):
                items(told)

    def close(self) -> None:
        """The shard is lost: whoever watches is told."""
        watching, self._watching = self._watching, {}
        for one in watching.values():
            for items in one:
                items(None)
