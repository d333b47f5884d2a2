"""A candidate's server: `python -m aidevos_standalone --bundle DIR`, killed and started at will.

Only what was generated is jailed, in a worker of that server; the gates drive it over HTTP. A spare
on empty data is started while the one before is still being asked, so beginning anew costs little.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Self

from aidevos.core.errors import AidevosError, UnavailableError

ANY_PORT = "127.0.0.1:0"
START_S = 30.0


class CandidateProcess:
    """One server process on one data directory."""

    def __init__(self, bundle: Path, data: Path) -> None:
        """Say what to serve, and where it keeps its data; nothing is started yet."""
        self._bundle = bundle
        self._data = data
        self._child: asyncio.subprocess.Process | None = None
        self.base = ""
        """`http://HOST:PORT` of the apps, once started."""

    async def start(self) -> Self:
        """Start it; return when it answers. Raises UnavailableError with the server's reason."""
        # Started again it is where it was: links in its answers must not change.
        http = self.base.removeprefix("http://") or ANY_PORT
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "aidevos_standalone",
            *("--data", str(self._data), "--bundle", str(self._bundle), "--no-agents"),
            *("--parent", str(os.getpid())),
            *("--http", http, "--admin", ANY_PORT, "--grpc", ANY_PORT),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C on the terminal must not look like a fault of it.
        )
        try:
            async with asyncio.timeout(START_S):
                self.base = await self._ready()
        except TimeoutError as error:
            await self.kill()
            raise UnavailableError(f"the candidate was not ready within {START_S:g} s") from error
        return self

    async def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        if self._child is not None:
            if self._child.returncode is None:
                self._child.send_signal(signal.SIGKILL)
            await self._child.wait()
            self._child = None

    async def _ready(self) -> str:
        assert self._child is not None
        assert self._child.stdout is not None
        async for line in self._child.stdout:
            event = json.loads(line)
            if event.get("event") == "ready":
                return str(event["addresses"]["http"])
            if event.get("event") == "error":
                await self.kill()
                raise AidevosError.by_reason.get(event["reason"], UnavailableError)(
                    f"the candidate does not start: {event['message']}"
                )
        raise UnavailableError(f"the candidate ended with code {await self._child.wait()}")


class Candidates:
    """The candidate at hand and a spare on empty data. `async with` ends both at the end."""

    def __init__(self, bundle: Path, scratch: Path) -> None:
        """Say what to serve; data directories are made in `scratch`."""
        self._bundle = bundle
        self._scratch = scratch
        self._current: CandidateProcess | None = None
        self._spare: asyncio.Task[CandidateProcess] | None = None
        self.used = False
        """Whether the candidate at hand was asked anything."""

    @property
    def base(self) -> str:
        """`http://HOST:PORT` of the candidate at hand."""
        assert self._current is not None, "fresh() comes first"
        return self._current.base

    async def fresh(self) -> None:
        """Put a candidate on empty data in the place of the one at hand, if that was used."""
        if self._current is not None and not self.used:
            return
        starting = self._spare or self._begin()
        self._spare = None
        before, self._current = self._current, await starting
        self._spare, self.used = self._begin(), False
        if before is not None:
            await before.kill()

    async def crash(self) -> None:
        """Kill the candidate at hand and start it again on its data."""
        assert self._current is not None, "fresh() comes first"
        await self._current.kill()
        await self._current.start()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._spare is not None:
            self._spare.cancel()
            await asyncio.gather(self._spare, return_exceptions=True)
        if self._current is not None:
            await self._current.kill()

    def _begin(self) -> asyncio.Task[CandidateProcess]:
        data = Path(tempfile.mkdtemp(prefix="data-", dir=self._scratch))
        return asyncio.create_task(_started(CandidateProcess(self._bundle, data)))


async def _started(candidate: CandidateProcess) -> CandidateProcess:
    try:
        return await candidate.start()
    except BaseException:
        await candidate.kill()
        raise
