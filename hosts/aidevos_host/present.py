"""The state of an object as it is now: in turn order, after the gate, in the type's own version."""

from dataclasses import dataclass

import msgspec

from aidevos.core.errors import AidevosError, NotFoundError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held
from aidevos.doors.port import ObjectView
from aidevos_host.catalog import Catalog
from aidevos_host.listing import view_of
from aidevos_host.revive import load
from aidevos_host.shard import Shard


async def view_now(shard: Shard, catalog: Catalog, object: ObjectId) -> ObjectView:
    """Return the object, or raise NotFoundError if it is not there."""
    held = await shard.observe(object.group, 0, _Reading(shard, catalog, object).turn)
    assert isinstance(held, Held)
    entry = shard.machine.index.objects.get(object)
    if entry is None or not held.exists:
        raise NotFoundError(f"{object} is not there", field="key")
    view = view_of(object, entry)
    return msgspec.structs.replace(view, version=held.version, state=held.state or b"{}")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A reader among the turns of its group."""

    shard: Shard
    catalog: Catalog
    object: ObjectId

    async def turn(self, token: int, now_ms: int) -> None:
        """Read, and hand what was read to the gate."""
        shard = self.shard
        try:
            held = await self._held()
        except AidevosError as error:
            if shard.alive:
                shard.finish(shard.machine.abandon(token, error))
            return
        if shard.alive:
            shard.finish(shard.machine.finish_query(token, held))

    async def _held(self) -> Held:
        """Return what is held; a state that older code wrote is translated, as for a turn."""
        held = await load(self.shard, self.catalog, self.object)
        entry = self.catalog.get(self.object)
        if held.state is None or held.state_version == entry.info.state_version:
            return held
        return await entry.service.executor.fold(self.object, held)
