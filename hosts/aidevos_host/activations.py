"""Brings objects into executors: what is wanted in one turn of the loop is read together.

An activation always begins from what is committed: an object with changes under way (its executor
dropped it, or died) waits for their commit first. A new version of a service waits until the turns
of the one before have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.core.turn import Held
from aidevos_host.ports import Ports
from aidevos_host.resident import Resident, Waiting
from aidevos_host.revive import load_many
from aidevos_host.shard import Shard

if TYPE_CHECKING:
    from aidevos_host.engine import Engine


class Activations:
    """The activations of one host that are wanted or under way."""

    def __init__(self, engine: Engine, ports: Ports) -> None:
        """Begin with none."""
        self._engine = engine
        self._ports = ports
        self._wanted: list[Resident] = []
        self._behind: dict[Shard, list[Resident]] = {}
        """Residents that wait for a commit of their shard."""
        self._tasks: set[asyncio.Task[None]] = set()

    def want(self, resident: Resident, then: Waiting) -> None:
        """Call `then` once the object is held, or cannot be."""
        if resident.waiting is not None:
            resident.waiting.append(then)
            return
        resident.waiting = [then]
        self._again(resident)

    async def hold(self, resident: Resident) -> None:
        """Return when the object is held; raises why it cannot be."""
        if resident.waiting is None and resident.held:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def then(_: Resident, error: Exception | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        self.want(resident, then)
        await done

    async def hand(self, residents: Sequence[Resident]) -> list[Held]:
        """Return what is committed of objects that the asking executor will hold from now on."""
        for resident in residents:
            while resident.waiting is not None:  # On its way already: let it arrive.
                await self.hold(resident)
            resident.waiting = []
        try:
            found = await self.read(residents)
        except BaseException as error:
            for resident in residents:
                self._end(resident, error if isinstance(error, Exception) else _moved())
            raise
        for resident in residents:
            resident.hold()
            self._end(resident, None)
        return found

    async def read(self, residents: Sequence[Resident]) -> list[Held]:
        """Return what is committed of objects, once nothing of them waits for its commit."""
        while True:
            for shard in {resident.shard for resident in residents}:
                await self._caught_up(shard, residents)
            found = await self._load(residents)
            if all(map(_is_current, residents, found)):
                return found

    def committed(self, shard: Shard) -> None:
        """Look again at the residents that waited for a commit of `shard`."""
        for resident in self._behind.pop(shard, ()):
            self._again(resident)

    def lost(self, shard: Shard) -> None:
        """The shard is lost: nothing of it will be held."""
        self.committed(shard)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- inside ----------------------------------------------------------------------------

    def _again(self, resident: Resident) -> None:
        if not self._wanted:
            asyncio.get_running_loop().call_soon(self._begin)
        self._wanted.append(resident)

    def _begin(self) -> None:
        """Begin what can begin: from nothing at once, from the log together."""
        wanted, self._wanted = self._wanted, []
        self._engine.residents.count += 1
        stored: list[Resident] = []
        for resident in wanted:
            machine = resident.shard.machine
            if not resident.shard.alive:
                self._end(resident, _moved())
            elif resident.has_old_turns:
                self._own(self._after(resident))
            elif machine.is_ahead(resident.object):
                self._behind.setdefault(resident.shard, []).append(resident)
            elif machine.version(resident.object) == 0:
                self._give(resident, Held())
            else:
                stored.append(resident)
        if stored:
            self._own(self._revive(stored))

    async def _after(self, resident: Resident) -> None:
        for use in resident.entry.service.after:
            await use.ended()
        self._again(resident)

    async def _revive(self, residents: list[Resident]) -> None:
        try:
            found = await self._load(residents)
        except Exception as error:  # Boundary: told to each who waits; a bug is also reported.
            if not isinstance(error, AidevosError):
                self._ports.report_bug(error)
            await self._one_by_one(residents, error)
            return
        self._engine.residents.count += 1
        for resident, held in zip(residents, found, strict=True):
            self._give(resident, held)

    async def _one_by_one(self, residents: list[Resident], error: Exception) -> None:
        """One of them cannot be read: the others are not to suffer for it."""
        if len(residents) == 1:
            self._end(residents[0], error)
            return
        for resident in residents:
            await self._revive([resident])

    async def _load(self, residents: Sequence[Resident]) -> list[Held]:
        return await load_many([(resident.shard, resident.object) for resident in residents])

    async def _caught_up(self, shard: Shard, residents: Sequence[Resident]) -> None:
        """Return when no change of these objects waits for its commit."""
        while shard.alive and any(
            shard.machine.is_ahead(one.object) for one in residents if one.shard is shard
        ):
            await shard.next_commit()
        if not shard.alive:
            raise _moved()

    def _give(self, resident: Resident, held: Held) -> None:
        """Let the executor hold it; whoever waited goes on."""
        if not resident.shard.alive:
            self._end(resident, _moved())
            return
        if not _is_current(resident, held):  # It was changed while it was read.
            self._again(resident)
            return
        resident.hold()
        resident.given = self._engine.residents.count
        resident.entry.service.executor.activate(resident.object, held)
        self._end(resident, None)

    def _end(self, resident: Resident, error: Exception | None) -> None:
        waiting, resident.waiting = resident.waiting or [], None
        for then in waiting:
            then(resident, error)

    def _own(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_current(resident: Resident, held: Held) -> bool:
    """Whether what was read is all that the shard knows, so that nothing of it is under way."""
    return held.version == resident.shard.machine.version(resident.object)


def _moved() -> AidevosError:
    return UnavailableError("the shard is moving; retry", retry_after_ms=50)
