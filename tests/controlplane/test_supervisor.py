"""The team's processes: real ones, kept alive while a run is open, and gone with the last."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aidevos_controlplane.clock import SystemClock
from aidevos_controlplane.supervisor import Supervisor, Team

from aidevos.core.errors import UnauthenticatedError
from aidevos.runtime.tokens import Tokens

OPEN = frozenset({"run-1"})
CHILD = """
import os, sys, time
with open(sys.argv[1], "a") as file:
    file.write(os.environ["AIDEVOS_TOKEN"] + " " + sys.argv[2] + "\\n")
time.sleep(600)
"""


class Crew:
    """A supervisor of one tiny role, and what its processes wrote."""

    def __init__(self, said: Path) -> None:
        self.said = said
        self.tokens = Tokens()
        self.ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        team = Team(("pm",), lambda role, server: (sys.executable, "-c", CHILD, str(said), server))
        self.supervisor = Supervisor(self.tokens, SystemClock(), self._on_end, team)

    async def _on_end(self, role: str, process_id: str) -> None:
        await self.ended.put((role, process_id))

    def lines(self) -> list[str]:
        return self.said.read_text().splitlines() if self.said.exists() else []


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    made = Crew(tmp_path / "said")
    yield made
    await made.supervisor.close()
    assert made.supervisor.pids == {}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes do; a bound ends it."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (another process has no event)
            await asyncio.sleep(0.01)


async def test_nobody_works_while_no_run_is_open(crew: Crew) -> None:
    crew.supervisor.start("127.0.0.1:1")
    crew.supervisor.set_open(frozenset())
    assert crew.supervisor.pids == {}
    crew.supervisor.set_open(OPEN)
    await until(lambda: len(crew.lines()) == 1)
    pid = crew.supervisor.pids["pm"]
    crew.supervisor.set_open(frozenset())
    await asyncio.wait_for(crew.ended.get(), 5)
    await until(lambda: not alive(pid))


async def test_a_killed_process_is_started_again_with_another_token(crew: Crew) -> None:
    crew.supervisor.set_open(OPEN)
    crew.supervisor.start("127.0.0.1:1")
    await until(lambda: len(crew.lines()) == 1)
    os.kill(crew.supervisor.pids["pm"], signal.SIGKILL)
    role, process_id = await asyncio.wait_for(crew.ended.get(), 5)
    await until(lambda: len(crew.lines()) == 2)
    first, second = (line.split() for line in crew.lines())
    assert (role, process_id[:8]) == ("pm", "team-pm-")
    assert first[1] == "127.0.0.1:1"
    with pytest.raises(UnauthenticatedError):
        crew.tokens.principal(f"Bearer {first[0]}", loopback=True)
    principal = crew.tokens.principal(f"Bearer {second[0]}", loopback=True)
    assert principal.startswith("agent:pm:team-pm-")


async def test_a_command_that_is_not_there_does_not_end_the_supervisor(tmp_path: Path) -> None:
    crew = Crew(tmp_path / "said")
    crew.supervisor._team = Team(("pm",), lambda role, server: ("/no/such/command",))
    crew.supervisor.set_open(OPEN)
    crew.supervisor.start("127.0.0.1:1")
    for _ in range(2):
        await asyncio.wait_for(crew.ended.get(), 5)
    await crew.supervisor.close()
    assert crew.supervisor.pids == {}


async def test_processes_die_with_the_one_that_started_them(tmp_path: Path) -> None:
    said = tmp_path / "said"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(said), CHILD)
    await until(lambda: said.exists() and len(said.read_text().splitlines()) == 1)
    child = int((tmp_path / "said.pid").read_text())
    assert alive(child)
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(child))


PARENT = """
import asyncio, sys
from aidevos.runtime.tokens import Tokens
from aidevos_controlplane.clock import SystemClock
from aidevos_controlplane.supervisor import Supervisor, Team

async def main():
    async def on_end(role, process): pass
    team = Team(("pm",), lambda role, server: (sys.executable, "-c", sys.argv[2], sys.argv[1], ""))
    supervisor = Supervisor(Tokens(), SystemClock(), on_end, team)
    supervisor.set_open(frozenset({"run"}))
    supervisor.start("x")
    while not supervisor.pids:
        await asyncio.sleep(0.01)
    with open(sys.argv[1] + ".pid", "w") as file:
        file.write(str(supervisor.pids["pm"]))
    await asyncio.sleep(600)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
