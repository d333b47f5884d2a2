"""The state of an object as it is now: in turn order, after the gate, in the type's own version."""

import msgspec

from aidevos.core.errors import AidevosError, NotFoundError, UnavailableError
from aidevos.core.pending import Pending
from aidevos.core.turn import Held
from aidevos.doors.port import ObjectView
from aidevos_host.engine import Engine
from aidevos_host.listing import view_of
from aidevos_host.resident import Resident
from aidevos_host.turn import AGAIN_MAX
from aidevos_host.waiters import Waiter


async def view_now(engine: Engine, resident: Resident) -> ObjectView:
    """Return the object, or raise NotFoundError if it is not there."""
    shard, object, waiter = resident.shard, resident.object, Waiter()
    reader = Pending(waiter, 0)
    shard.machine.arrive_query(reader, engine.ports.clock_ms())
    try:
        held = await _held(engine, resident)
        if shard.alive:
            shard.machine.finish_query(reader, held)
    except AidevosError as error:
        if shard.alive:
            shard.machine.abandon(reader, error)
    finally:
        shard.touch()
    found = await waiter.value()
    assert isinstance(found, Held)
    entry = shard.machine.index.objects.get(object)
    if entry is None or not found.exists:
        raise NotFoundError(f"{object} is not there", field="key")
    view = view_of(object, entry)
    return msgspec.structs.replace(view, version=found.version, state=found.state or b"{}")


async def _held(engine: Engine, resident: Resident) -> Held:
    """Return the state as the turns before left it, from the executor that holds it.

    An executor that cannot read the state, or has just dropped it, gives none: then what is
    committed is folded apart, which tells why. What was taken back meanwhile is asked for anew.
    """
    for _ in range(AGAIN_MAX):
        if not resident.shard.machine.version(resident.object):
            return Held()
        await engine.activations.hold(resident)
        executor, asked_at = resident.entry.service.executor, engine.residents.count
        held = (await executor.states((resident.object,)))[0]
        if held is None:
            (stored,) = await engine.activations.read((resident,))
            return await executor.fold(resident.object, stored)
        if engine.residents.nothing_taken_back(resident, asked_at):
            return held
        resident = engine.resident(resident.object, resident.shard)
    raise UnavailableError(f"{resident.object} cannot be held by its executor; retry")
