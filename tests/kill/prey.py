"""The processes that are killed, each with what it tells of itself: up, one more step, its end."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aidevos_client import Connection
from progress import DONE, UP

from aidevos.v1 import admin_pb2 as pb
from aidevos.v1.admin_pb2_grpc import AdminServiceStub

HERE = Path(__file__).parent
UP_S = 30.0
"""Longer than any of them takes until it is up."""


async def started(*arguments: object) -> Process:
    """Start a process of this interpreter."""
    shipped = {"GRPC_ENABLE_FORK_SUPPORT": "0"}  # As the shipped server has it.
    environment = {**os.environ, **shipped, "PYTHONPATH": str(HERE)}  # Also under PYTHONSAFEPATH.
    return await asyncio.create_subprocess_exec(
        sys.executable, *map(str, arguments), stdout=PIPE, cwd=HERE, env=environment
    )


async def kill(process: Process) -> None:
    """Kill it with what cannot be caught, and reap it."""
    process.kill()
    await process.wait()


@dataclass
class Server:
    """The server, over all its lives on one directory and one port."""

    data: Path
    types: Path
    address: str
    options: Sequence[str] = ()
    workers: set[int] = field(default_factory=set)
    """Every worker process that it ever told of."""
    process: Process | None = None

    async def begin(self, *more: str) -> None:
        """Start it; `up` waits until it is ready."""
        places = [f"--{door}=127.0.0.1:0" for door in ("http", "admin")]
        self.process = await started(
            HERE / "killed_server.py",
            *(*more, *self.options),
            *("--data", self.data, "--types", self.types, "--no-agents"),
            *(*places, f"--grpc={self.address}", "--parent", os.getpid()),
        )

    async def up(self) -> None:
        """Return when it has said that it is ready."""
        assert self.process is not None
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), UP_S)
        assert line, "the server ended before it was ready"
        assert json.loads(line)["event"] == "ready", line

    async def worker(self) -> int:
        """Return the process that runs the handlers; 0 while there is none."""
        token = json.loads((self.data / "address.json").read_text())["token"]
        connection = Connection(self.address, token)
        try:
            stub = AdminServiceStub(connection.channel)
            info = await connection.call(stub.GetServerInfo, pb.GetServerInfoRequest())
        finally:
            await connection.close()
        pid = info.handler_processes["Ledger"].removeprefix("worker ")
        if not pid.isdigit():
            return 0
        self.workers.add(int(pid))
        return int(pid)

    async def kill(self) -> None:
        """Kill it."""
        assert self.process is not None
        await kill(self.process)


@dataclass
class Prey:
    """A client process, over all its lives."""

    kind: str
    journal: Path
    address: str
    load: tuple[int, str]
    """Its seed, and how it calls: calm or wild."""
    steps: asyncio.Condition
    count: int = 0
    """Steps that it told in all its lives."""
    is_up: bool = False
    is_done: bool = False
    process: Process | None = None
    _listening: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start it; `up` waits until it had its first answer."""
        self.is_up = False
        self.process = await started(
            HERE / "caller.py", self.kind, self.journal, self.address, *self.load, os.getpid()
        )
        self._listening = asyncio.create_task(self._listen(self.process))

    async def up(self) -> None:
        """Return when it had an answer in this life."""
        async with asyncio.timeout(UP_S), self.steps:
            await self.steps.wait_for(lambda: self.is_up)

    async def kill(self) -> None:
        """Kill it."""
        assert self.process is not None
        assert self._listening is not None
        await kill(self.process)
        await self._listening

    async def finish(self) -> None:
        """Let it make no new calls, and end when all are answered."""
        assert self.process is not None
        assert self._listening is not None
        self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self._listening, UP_S)
        assert await self.process.wait() == 0
        assert self.is_done

    async def _listen(self, process: Process) -> None:
        assert process.stdout is not None
        while told := await process.stdout.read(4_096):
            self.count += len(told)
            self.is_up = self.is_up or UP in told
            self.is_done = self.is_done or told.endswith(DONE)
            async with self.steps:
                self.steps.notify_all()
