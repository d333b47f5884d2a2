"""A server process for tests of the client: `counter_server.py DIR ADDRESS [dies]`.

Counters on SQLite behind the gRPC door; writes its port when it answers. With `dies` it kills
itself once a change is durable and before anyone is told.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

from counter import Counter

from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.port import OnAnswers, SessionName, SessionPort
from aidevos.objects.executor import InProcessExecutor
from aidevos.runtime.tokens import Tokens
from aidevos.storage.lock import DirectoryLock
from aidevos.storage.log import ShardLog
from aidevos.storage.sqlite import SqliteStore


class Dies:
    """A port that dies when a framed change is durable, before its answer leaves."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> SessionPort:
        def die(answers: object, columns: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        return self._host.open_session(name, sent_number, die)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


async def main(directory: Path, address: str, *, dies: bool) -> None:
    with DirectoryLock(directory):
        host = Host(ShardLog(SqliteStore(directory / "aidevos.db")), HostConfig(shard_count=2))
        host.catalog.install(Service("default", "counters", 1, InProcessExecutor([Counter]), OPEN))
        await host.start()
        door = GrpcDoor(Dies(host) if dies else host, Tokens())
        print(await door.start(address), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], dies="dies" in sys.argv))
