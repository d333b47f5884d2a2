"""A developer's own types (`--types FILE`): in a plain worker process, open to every caller.

A file that is written again is served at once from a fresh worker; one that does not load is
told to the log, and the version before goes on.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aidevos_host.catalog import Service
from aidevos_host.file_watch import FileWatch
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.worker import WorkerExecutor, start_types

from aidevos.core.errors import FailedPreconditionError
from aidevos.doors.typed.publisher import Publisher, subject_of_type
from aidevos_standalone.executors import Executors

SERVICE = "own-types"

_log = logging.getLogger("aidevos.standalone")


Starting = asyncio.Task[WorkerExecutor]


def start_early(executors: Executors, files: tuple[Path, ...]) -> Starting | None:
    """Begin to start the worker of `files`, if any: a process of its own loads beside the host."""
    return executors.begin(start_types(files)) if files else None


@asynccontextmanager
async def own_types(own: "OwnTypes", first: Starting | None) -> AsyncIterator[None]:
    """Serve `own` types and their changes until the end; `first` is of `start_early`.

    Raises FailedPreconditionError that names file and line if they do not load at first.
    """
    if first is None:
        yield
        return
    await own.serve(await first)
    changed = asyncio.Event()
    watch = FileWatch(own.files, changed.set)
    following = asyncio.create_task(own.follow(changed))
    try:
        yield
    finally:
        watch.close()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


class OwnTypes:
    """The service of the developer's files: version 1, and one more with each change."""

    def __init__(
        self, host: Host, executors: Executors, typed: Publisher, files: tuple[Path, ...]
    ) -> None:
        """Bind; `load` starts."""
        self.files = files
        self._host = host
        self._executors = executors
        self._typed = typed
        self._version = 0

    async def load(self) -> None:
        """Start a worker and make it the current version. FailedPreconditionError if it fails."""
        executor = await start_types(self.files)
        self._executors.own(executor)
        await self.serve(executor)

    async def serve(self, executor: WorkerExecutor) -> None:
        """Make an executor of the files the current version, its typed services with it."""
        subjects = [subject_of_type(info, OPEN.allows) for info in executor.types]
        packages = await self._typed.prepare(subjects)
        self._version += 1
        service = Service(
            tenant="default", name=SERVICE, version=self._version, executor=executor, policy=OPEN
        )
        before = self._host.catalog.install(service)
        self._typed.show(SERVICE, packages)
        if before is not None:
            self._executors.retire(before)

    async def follow(self, changed: asyncio.Event) -> None:
        """Load again after each change; what does not load is told, and nothing is replaced."""
        while True:
            await changed.wait()
            changed.clear()
            try:
                await self.load()
                _log.warning("own types: version %d is served", self._version)
            except FailedPreconditionError as error:
                _log.error("own types: version %d goes on: %s", self._version, error)
