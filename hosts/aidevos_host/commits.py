"""One commit at a time for all shards of a host, and the turns that begin together before it.

While a commit is under way the next one fills, whichever shards its records are of: a store that
commits many shards at once pays one fsync and one hand-over to its thread for all of them.
"""

import asyncio
from collections.abc import Callable

from aidevos.runtime.gather import Gather
from aidevos.storage.log import Asked, ShardLog
from aidevos_host.ports import Ports
from aidevos_host.shard import Shard


class Commits:
    """Gathers what the shards of one host want done."""

    def __init__(self, log: ShardLog, ports: Ports, under_way: Callable[[], int]) -> None:
        """`under_way` tells how many callers came one by one: for them it waits a little."""
        self._log = log
        self._ports = ports
        self._gather = Gather(self.flush, under_way)
        self._turns: list[Callable[[], None]] = []
        self._records: dict[Shard, None] = {}
        self._commit: asyncio.Task[None] | None = None

    def turn_waits(self, begin: Callable[[], None]) -> None:
        """Begin a turn soon, together with those of other callers."""
        self._turns.append(begin)
        self._gather.soon()

    def records_wait(self, shard: Shard) -> None:
        """Append the records of `shard` soon, after the commit under way."""
        self._records[shard] = None
        if self._commit is None:
            self._gather.soon()

    def flush(self) -> None:
        """Do now what has gathered; records wait for the commit under way, if any."""
        turns, self._turns = self._turns, []
        for begin in turns:
            begin()
        if self._commit is None:
            records, self._records = self._records, {}
            asked = [(shard, one) for shard in records if (one := shard.asked()) is not None]
            if asked:
                self._commit = asyncio.create_task(self._run(asked))

    @property
    def under_way(self) -> frozenset["asyncio.Task[None]"]:
        """The commit under way, if any."""
        return frozenset() if self._commit is None else frozenset((self._commit,))

    async def _run(self, asked: list[tuple[Shard, Asked]]) -> None:
        try:
            outcomes = await self._log.append_many([one for _, one in asked])
            for (shard, one), outcome in zip(asked, outcomes, strict=True):
                shard.appended(one, outcome)
        except Exception as error:  # Boundary: a bug stops the shards that it may concern.
            self._ports.report_bug(error)
            for shard, _ in asked:
                shard.lost(error)
        finally:
            self._commit = None
            if self._records:
                self._gather.soon()
