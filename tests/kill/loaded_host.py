"""The process that gets killed: a host on SQLite under load, which prints what it acknowledged.

`python loaded_host.py DIR ROUND`: three callers add to three counters without end. A line
`KEY ID VERSION` is written only after the answer left the host.
"""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "host"))

from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from counter_type import call, install

from aidevos.storage.lock import DirectoryLock
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore

CONFIG = HostConfig(shard_count=2, checkpoint_rows=7)
KEYS = ("a", "b", "c")


async def load(host: Host, key: str, round: str) -> None:
    """Add, one call after another, for as long as the process lives."""
    number = 0
    while True:
        number += 1
        name = f"{key}.{round}.{number}"
        answer = await host.invoke(call(key, name))
        os.write(1, f"{key} {name} {answer.version}\n".encode())


async def main(directory: str, round: str) -> None:
    """Serve and load until killed."""
    with DirectoryLock(directory):
        host = Host(ShardLog(SqliteStore(Path(directory) / "aidevos.db")), CONFIG)
        install(host)
        await host.start()
        await asyncio.gather(*(load(host, key, round) for key in KEYS))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
