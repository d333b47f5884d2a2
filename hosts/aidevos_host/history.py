"""Time travel: the state of an object as it was, folded from its committed events."""

from aidevos.core.errors import DataLossError, InvalidArgumentError, NotFoundError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import DELETED, EventRecord, Held
from aidevos.doors.port import ObjectView
from aidevos.storage.base import HistoryEvent
from aidevos_host.catalog import Catalog
from aidevos_host.revive import read_events
from aidevos_host.shard import Shard


async def view_at(shard: Shard, catalog: Catalog, object: ObjectId, version: int) -> ObjectView:
    """Return the object as it was after `version` events; a past view has no index."""
    if version < 1:
        raise InvalidArgumentError("version counts events and begins with 1", field="version")
    await shard.settled()
    current = shard.committed_version(object)
    if version > current:
        raise NotFoundError(f"{object} is at version {current}, not {version} yet", field="version")
    events = await read_events(shard, object, 0, version)
    if len(events) != version:
        raise DataLossError(f"{object}: {len(events)} of its first {version} events are there")
    if events[-1].type == DELETED:
        raise NotFoundError(f"{object} was deleted at version {version}", field="version")
    held = await catalog.get(object).service.executor.fold(object, _unfolded(events))
    return ObjectView(
        object=object,
        version=version,
        created_ms=events[0].time_ms,
        updated_ms=events[-1].time_ms,
        state=held.state or b"{}",
    )


def _unfolded(events: list[HistoryEvent]) -> Held:
    return Held(
        version=len(events),
        events=tuple(EventRecord(event.type, event.type_version, event.body) for event in events),
    )
