"""Supervisor: one process per role while any run is open, and none otherwise.

A process that ends is started again, after a pause that grows while it keeps ending early. What it
held is given to its successor at once: its end is known here, so no lease has to run out. The
processes die with this one, whatever kills it.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aidevos.runtime import die_with_parent
from aidevos.runtime.tokens import Tokens
from aidevos.system.run_rules import ROLES
from aidevos_controlplane.clock import Clock

Command = Callable[[str, str], Sequence[str]]
"""(role, server address) -> the command line of that agent."""

MINE = "team-"
"""How the process ids of this server's own children begin: none of them outlives the server."""
PAUSE_MS, PAUSE_MS_MAX = 100, 10_000
STEADY_MS = 20_000
"""A process that lived as long is no early end: the pause begins small again."""
GRACE_S = 3.0
"""From SIGTERM to SIGKILL when no run is open any more."""

log = logging.getLogger("aidevos.supervisor")


def agent_command(role: str, server: str) -> Sequence[str]:
    """Return the command line of an agent's process."""
    return (sys.executable, "-m", "aidevos_agents", "--role", role, "--server", server)


@dataclass(frozen=True, slots=True)
class Team:
    """Whom to run, and how."""

    roles: tuple[str, ...] = ROLES
    command: Command = agent_command


class Supervisor:
    """`set_open` says whether the team is wanted; `close` ends it."""

    def __init__(
        self,
        tokens: Tokens,
        clock: Clock,
        on_end: Callable[[str, str], Awaitable[None]],
        team: Team | None = None,
    ) -> None:
        """`on_end(role, process_id)` is awaited after each end, before the next start."""
        self._tokens = tokens
        self._clock = clock
        self._on_end = on_end
        self._team = team or Team()
        self._server = ""
        self._wanted = False
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.pids: dict[str, int] = {}
        """Processes that run now, by role."""

    def start(self, server: str) -> None:
        """Name the gRPC address that the agents call; from now on processes may run."""
        self._server = server
        self._steer()

    def set_open(self, run_ids: frozenset[str]) -> None:
        """Run the team while there are open runs."""
        self._wanted = bool(run_ids)
        self._steer()

    async def close(self) -> None:
        """End all processes; return when they are gone."""
        self._server = ""
        self._steer()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _steer(self) -> None:
        if self._wanted and self._server:
            for role in self._team.roles:
                if role not in self._keepers:
                    self._keepers[role] = asyncio.ensure_future(self._keep(role))
            return
        for keeper in self._keepers.values():
            keeper.cancel()
            self._ending.add(keeper)
            keeper.add_done_callback(self._ending.discard)
        self._keepers.clear()

    async def _keep(self, role: str) -> None:
        """Keep one role's process alive until cancelled."""
        pause_ms = PAUSE_MS
        while True:
            began_ms = self._clock.now_ms()
            await self._live(role)
            lived_ms = self._clock.now_ms() - began_ms
            pause_ms = PAUSE_MS if lived_ms >= STEADY_MS else min(pause_ms * 2, PAUSE_MS_MAX)
            await self._clock.sleep(pause_ms)

    async def _live(self, role: str) -> None:
        """Run one process of the role from start to end. Cancel: ends it first."""
        process_id, token = f"{MINE}{role}-{secrets.token_hex(6)}", secrets.token_urlsafe(32)
        self._tokens.add(token, f"agent:{role}:{process_id}")
        try:
            process = await self._spawn(role, token)
        except OSError as error:
            log.error("agent cannot be started: role=%s: %s", role, error)
            return
        self.pids[role] = process.pid
        try:
            code = await process.wait()
            log.warning("agent ended: role=%s pid=%d code=%d", role, process.pid, code)
        finally:
            await _end(process)
            del self.pids[role]
            self._tokens.remove(token)
            await self._on_end(role, process_id)

    async def _spawn(self, role: str, token: str) -> asyncio.subprocess.Process:
        wrapper = (sys.executable, "-I", "-S", str(Path(die_with_parent.__file__)))
        return await asyncio.create_subprocess_exec(
            *wrapper,
            str(os.getpid()),
            *self._team.command(role, self._server),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, "AIDEVOS_TOKEN": token},
            start_new_session=True,  # Ctrl-C is for the server, which ends them in order.
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and insist after a while; nothing if it has ended."""
    if process.returncode is not None:
        return
    process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), GRACE_S)
        return
    process.kill()
    await process.wait()
