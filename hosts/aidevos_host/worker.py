"""Runs user and generated types in worker processes (core/turn.Executor).

`start_types`: a developer's own files in a plain process. `start_bundle`: generated code in the
jail, refused where the jail's floor is missing. States, log and versions stay in the host: a
worker that hangs or dies fails the call it was in, the others run again on a fresh one.
"""

from collections.abc import Sequence
from pathlib import Path

from aidevos_worker.frames import LoadFiles

from aidevos_host.worker_executor import WorkerExecutor
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_process import PlainSpawner

__all__ = ["WorkerExecutor", "WorkerLimits", "start_types"]


async def start_types(
    files: Sequence[Path], *, limits: WorkerLimits | None = None
) -> WorkerExecutor:
    """Serve the DurableObject classes of `files` from a plain process, environment kept.

    Raises FailedPreconditionError that names file, line and what is wrong.
    """
    load = LoadFiles(tuple(str(path) for path in files))
    name = ", ".join(path.name for path in files)
    executor = WorkerExecutor(name, PlainSpawner(), load, limits or WorkerLimits())
    await executor.start()
    return executor
