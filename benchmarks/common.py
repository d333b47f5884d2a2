"""What every benchmark shares: free ports, child processes, how long to measure."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = str(ROOT / "bin" / "aidevos")
QUICK = bool(os.environ.get("QUICK"))
"""Set to see that everything works: the numbers of so short a time mean little."""
ROUNDS = 2 if QUICK else 3
ROUND_S = 0.4 if QUICK else 1.0
WARM_UP_S = 0.2 if QUICK else 0.6
ENDING_S = 30


class NotHereError(Exception):
    """This machine lacks what a benchmark needs: its row says so, and the others go on."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def child(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run this interpreter with `arguments`; its stdout is piped; it is ended at the end."""
    with program(sys.executable, *arguments) as process:
        yield process


@contextmanager
def program(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a program; its stdout is piped; it is ended at the end, by SIGKILL if it must be."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def first_line(process: "subprocess.Popen[str]") -> str:
    """Return the first line that a child prints: it is ready then."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, f"{process.args!r} ended before it was ready"
    return line
