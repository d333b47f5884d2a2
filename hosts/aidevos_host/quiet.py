"""What is done for shards that nobody changes for a while: their index takes its compact form.

So a start has nothing to replay of them, and what they know costs some fifty bytes an object.
"""

from collections.abc import Iterable

from aidevos_host.shard import Shard

RECORDS_MIN = 256
"""Fewer since the last checkpoint are not worth one."""


class Quiet:
    """Looks at shards now and then."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: dict[Shard, int] = {}

    def look(self, shards: Iterable[Shard]) -> list[Shard]:
        """Return those that had records, and none since the look before: they want a checkpoint."""
        seen, self._seen = self._seen, {shard: shard.machine.index.offset for shard in shards}
        for shard in self._seen:
            shard.members.forget_unused(shard.machine.is_ahead)
        return [
            shard
            for shard, offset in self._seen.items()
            if seen.get(shard) == offset and shard.tail.records >= RECORDS_MIN
        ]
