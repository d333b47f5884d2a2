"""Real servers with real agents' processes, started, asked and killed by tests."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aidevos_agents.agent.connection import Connection
from aidevos_agents.runs import Runs

from aidevos.v1 import pipeline_pb2 as pb

TODO = Path(__file__).parents[2] / "examples" / "todo.md"
DOORS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    addresses: dict[str, str]
    token: str

    def agent(self, role: str) -> int | None:
        """Return the process id of a role's agent, None if there is none now."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                parent = f"PPid:\t{self.process.pid}\n" in status.read_text()
                words = (status.parent / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue  # It has ended.
            if parent and b"aidevos_agents" in words and role.encode() in words:
                return int(status.parent.name)
        return None

    def kill_agent(self, role: str) -> bool:
        pid = self.agent(role)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data), *DOORS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["event"] == "ready", told
        token = json.loads((data / "address.json").read_text())["token"]
        yield Server(process, told["addresses"], token)
    finally:
        process.terminate()
        process.communicate()


@dataclass
class Asker:
    """An operator of one server."""

    connection: Connection
    runs: Runs

    async def start(self, text: str) -> str:
        request = pb.StartRunRequest(request_id=str(uuid.uuid4()), spec_text=text, spec_name="s")
        return (await self.connection.call(self.connection.pipeline.StartRun, request)).run.run_id

    async def calls(self, run: str) -> dict[str, pb.JournalEntry]:
        request = pb.ListCallsRequest(run_id=run)
        answer = await self.connection.call(self.connection.pipeline.ListCalls, request)
        assert len({entry.task_id for entry in answer.entries}) == len(answer.entries)
        return {entry.task_id: entry for entry in answer.entries}


@asynccontextmanager
async def asking(server: Server) -> AsyncIterator[Asker]:
    async with Connection(server.addresses["grpc"], server.token) as connection:
        yield Asker(connection, Runs(connection))
