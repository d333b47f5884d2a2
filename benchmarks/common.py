"""What every benchmark shares: the result line, free ports, child processes, CPU seconds."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = str(ROOT / "bin" / "aidevos")


class Result(msgspec.Struct, frozen=True):
    """One measured number: `met` says whether `value` reaches `goal` (None: no goal)."""

    name: str
    value: float
    unit: str
    goal: float | None
    met: bool | None
    command: str


def at_most(name: str, value: float, unit: str, goal: float, command: str) -> Result:
    """A result that shall not exceed `goal`."""
    return Result(name, round(value, 3), unit, goal, value <= goal, command)


def at_least(name: str, value: float, unit: str, goal: float, command: str) -> Result:
    """A result that shall reach `goal`."""
    return Result(name, round(value, 3), unit, goal, value >= goal, command)


def fact(name: str, value: float, unit: str, command: str) -> Result:
    """A number without a goal, printed because another number means little without it."""
    return Result(name, round(value, 3), unit, None, None, command)


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Return user + system CPU seconds of one process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run this interpreter with `arguments`; its stdout is piped; it is ended at the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
