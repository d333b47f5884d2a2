"""Runs user and generated types in worker processes (core/turn.Executor).

`start_types`: a developer's own files in a plain process. `start_bundle`: generated code in the
jail, refused where the jail's floor is missing. Log, index and versions stay in the host: a
worker that hangs or dies fails the call it was in, the others run again on a fresh one.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from aidevos_worker.frames import LoadBundle, LoadFiles
from aidevos_worker.report import JailReport
from aidevos_worker.rlimits import JailLimits

from aidevos.doors.app_manifest import AppManifest
from aidevos_host.worker_executor import WorkerExecutor
from aidevos_host.worker_limits import WorkerLimits
from aidevos_host.worker_process import PlainSpawner
from aidevos_host.worker_zygote import JailSpawner

__all__ = [
    "JailReport",
    "WorkerExecutor",
    "WorkerLimits",
    "jail_report",
    "start_bundle",
    "start_types",
]

REPORT_S = 20.0


async def start_bundle(
    bundle: Mapping[str, bytes], manifest: AppManifest, *, limits: WorkerLimits | None = None
) -> WorkerExecutor:
    """Serve the types of a generated bundle from a jailed worker.

    Raises FailedPreconditionError when the jail's floor is missing here, or when the bundle does
    not load: with file, line and what is wrong.
    """
    limits = limits or WorkerLimits()
    load = LoadBundle(manifest.package, manifest.types, dict(bundle), limits.check_all)
    spawner = JailSpawner(JailLimits(limits.memory_bytes, limits.cpu_s))
    executor = WorkerExecutor(f"{manifest.name} {manifest.version}", spawner, load, limits)
    await executor.start()
    return executor


async def start_types(
    files: Sequence[Path], *, limits: WorkerLimits | None = None
) -> WorkerExecutor:
    """Serve the DurableObject classes of `files` from a plain process, environment kept.

    Raises FailedPreconditionError that names file, line and what is wrong.
    """
    limits = limits or WorkerLimits()
    load = LoadFiles(tuple(str(path) for path in files), limits.check_all)
    name = ", ".join(path.name for path in files)
    executor = WorkerExecutor(name, PlainSpawner(), load, limits)
    await executor.start()
    return executor


def jail_report() -> JailReport:
    """Return what the jail has on this machine: each level tried in a child. Blocks some 0.3 s."""
    told = subprocess.run(
        [sys.executable, "-I", "-m", "aidevos_worker", "--report"],
        check=True,
        capture_output=True,
        timeout=REPORT_S,
    )
    return msgspec.json.decode(told.stdout, type=JailReport)
