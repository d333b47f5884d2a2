"""On what the numbers were measured."""

import os
import platform
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version

import msgspec

from benchmarks.common import ROOT


class Machine(msgspec.Struct, frozen=True):
    """Facts that a number means little without."""

    at: str
    commit: str
    cores: int
    load: float
    """Runnable processes, the benchmark's own among them: median of what it was at each claim."""
    kernel: str
    python: str
    sqlite: str
    grpcio: str


def this_machine(loads: Sequence[float]) -> Machine:
    """Return the facts of now; `loads` as the system told them at each claim."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Machine(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        commit=commit.stdout.strip() or "unknown",
        cores=os.cpu_count() or 0,
        load=round(statistics.median(loads), 1),
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        grpcio=version("grpcio"),
    )
