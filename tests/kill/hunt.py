"""Kills worker, host and clients in turn, at moments of chance, under load; then reads it all back.

What is hunted is waited for by what it tells, never by time; only the moment of a kill is chance.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy

from aidevos_client import Client
from checker import Findings, KeptObject, check
from journal import Kept
from load import ALL_KEYS, type_of
from prey import Prey, Server

from aidevos.core.errors import HandlerFailedError

CLIENTS = {"r1": "raw", "r2": "raw", "p": "real"}
BOTH = 0.2
"""How often two are killed at once."""
IN_ITS_START = 0.15
"""How often a server is killed again while it starts."""
STEPS_MAX = 12
JITTER_S = 0.02


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Hunt:
    """One hunt in one directory; `kills` counts every SIGKILL that met a living process."""

    place: Path
    seed: int
    options: Sequence[str] = ()
    pressed: float = 0.5
    """How often the server's next life is a pressed one."""
    wild: bool = False
    """Whether clients call as fast as they can in some of their lives."""
    kinds: Sequence[str] = ("worker", "host", "client")
    kills: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("worker", "host", "client"), 0)
    )

    def __post_init__(self) -> None:
        """Make the prey; nothing runs yet."""
        copy(Path(__file__).with_name("ledger.py"), self.place)
        address = f"127.0.0.1:{free_port()}"
        load = (self.seed, "wild" if self.wild else "calm")
        self.rng = random.Random(self.seed)
        self.steps = asyncio.Condition()
        self._worker = 0
        """The worker that lives, as far as we know; 0: there is none."""
        self.server = Server(self.place / "data", self.place / "ledger.py", address, self.options)
        self.clients = [
            Prey(kind, self.place / f"{name}.jsonl", address, load, self.steps)
            for name, kind in CLIENTS.items()
        ]

    async def run(self, kills: int) -> Findings:
        """Kill so often; return what the checker finds."""
        try:
            await self._begin()
            while sum(self.kills.values()) < kills:
                await self._round()
            await asyncio.gather(*(client.finish() for client in self.clients))
            await self._kill_host()
            return await self._check()
        finally:
            for one in (*self.clients, self.server):
                if one.process is not None and one.process.returncode is None:
                    await one.kill()

    async def _begin(self) -> None:
        await self._start_server()
        await self._see_worker()
        for client in self.clients:
            await client.begin()
        for client in self.clients:
            await client.up()

    def said(self, found: Findings) -> str:
        """Return in a line what was killed, and what the checker saw."""
        kills = ", ".join(f"{count} {kind}" for kind, count in self.kills.items())
        counts = ", ".join(f"{count} {what}" for what, count in sorted(found.counts.items()))
        return f"kill -9: {kills}; calls: {counts}"

    # ---- kills -----------------------------------------------------------------------------

    async def _round(self) -> None:
        """Kill one or two, and return when they are up again."""
        await self._some_steps()
        first = min(self.kinds, key=lambda kind: (self.kills[kind], self.rng.random()))
        also = self.rng.choice(self.kinds) if self.rng.random() < BOTH else first
        if "client" in (first, also):
            await self._kill_client()
        if "worker" in (first, also):
            self._kill_worker()
        if "host" in (first, also):
            await self._kill_host()
        await self._see_worker()
        for client in self.clients:
            await client.up()

    async def _some_steps(self) -> None:
        """Let the clients make some steps, and a moment pass."""
        until = sum(client.count for client in self.clients) + self.rng.randint(1, STEPS_MAX)
        async with asyncio.timeout(30), self.steps:
            await self.steps.wait_for(lambda: sum(c.count for c in self.clients) >= until)
        await asyncio.sleep(self.rng.uniform(0, JITTER_S))

    async def _kill_client(self) -> None:
        client = self.rng.choice(self.clients)
        await client.kill()
        self.kills["client"] += 1
        await client.begin()

    async def _kill_host(self) -> None:
        await self.server.kill()
        self.kills["host"] += 1
        self._worker = 0
        await self._start_server()

    async def _start_server(self) -> None:
        """Start it, perhaps by a start that is killed in the middle."""
        more = ("--pressed",) if self.rng.random() < self.pressed else ()
        await self.server.begin(*more)
        if self.server.workers and self.rng.random() < IN_ITS_START:
            await asyncio.sleep(self.rng.uniform(0, 0.4))
            await self.server.kill()
            self.kills["host"] += 1
            await self.server.begin(*more)
        await self.server.up()

    def _kill_worker(self) -> None:
        os.kill(self._worker, signal.SIGKILL)
        self.kills["worker"] += 1
        self._worker = 0

    async def _see_worker(self) -> None:
        """Return when a worker runs that was not killed; turns need one."""
        before = frozenset(self.server.workers)
        if self._worker:
            return
        async with Client(self.server.address) as client, asyncio.timeout(30):
            while not self._worker or self._worker in before:
                await _answered(client)
                self._worker = await self.server.worker()

    # ---- what came of it -------------------------------------------------------------------

    async def _check(self) -> Findings:
        """Read everything back from a server that was just killed, and compare."""
        async with Client(self.server.address) as client:
            kept = {key: await _kept(client, key) for key in ALL_KEYS}
        journals = [Kept.read(one.journal) for one in self.clients]
        found = check(journals, kept, worker_kills=self.kills["worker"])
        found.wrong += [f"worker {pid} lives on" for pid in self.server.workers if _lives(pid)]
        return found


async def _answered(client: Client) -> None:
    """Have a turn run; the worker may die in it."""
    with contextlib.suppress(HandlerFailedError):
        await client.invoke(("Ledger", ALL_KEYS[0]), "total")


async def _kept(client: Client, key: str) -> KeptObject:
    """Return what the server has of one object: its events, its state."""
    events = [event async for event in client.events(type_of(key), key)]
    answer = await client.invoke((type_of(key), key), "total")
    return KeptObject(events, answer.version, answer.payload.decode())


def _lives(pid: int) -> bool:
    """Whether a process is more than an entry that nobody reaped."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
