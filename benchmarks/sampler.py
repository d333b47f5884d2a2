"""Where processes spend their time, by room of the code: samples of their stacks by py-spy.

Only of threads that hold the interpreter: who waits, for a socket or for a core, is not counted.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import NotHereError

RATE_HZ = 400
PLACES = (shutil.which("py-spy"), str(Path(sys.executable).with_name("py-spy")))
OURS = ("aidevos", "benchmarks", "examples")
LIBRARIES = ("asyncio", "grpc", "google")
LOOPS = ("asyncio/runners.py", "uvloop/__init__.py", "threading.py")
IN_C = "the loop and gRPC in C"


@dataclass(slots=True)
class Sampled:
    """Samples of one thread: what Python calls it, and how many fell into which room."""

    name: str
    rooms: Counter[str] = field(default_factory=Counter)


ByThread = dict[str, Sampled]
"""By thread id."""


def need_sampler() -> str:
    """Return the sampler's command. Raises NotHereError."""
    found = next((place for place in PLACES if place and os.access(place, os.X_OK)), None)
    if found is None:
        raise NotHereError("py-spy is not installed here: pip install py-spy, anywhere on PATH")
    return found


@contextmanager
def sampling(pids: Mapping[str, int], seconds: float) -> Iterator[dict[str, ByThread]]:
    """Sample the processes for so many seconds; the samples are there after the block."""
    command, found = need_sampler(), dict[str, ByThread]()
    with tempfile.TemporaryDirectory() as directory:
        files = {name: Path(directory) / name for name in pids}
        running = [_start(command, pids[name], files[name], seconds) for name in pids]
        yield found
        for process in running:
            said = process.communicate()[1]
            if process.returncode:
                raise NotHereError(f"py-spy may not look at our processes: {said.strip()}")
        for name, file in files.items():
            found[name] = _read(file)


def _start(command: str, pid: int, file: Path, seconds: float) -> "subprocess.Popen[str]":
    how = ("--gil", "--function", "--threads", "--format", "raw", "--rate", str(RATE_HZ))
    return subprocess.Popen(
        [command, "record", *how, "-d", str(round(seconds)), "-o", str(file), "--pid", str(pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _read(file: Path) -> ByThread:
    found: ByThread = {}
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        number, name = _thread(thread)
        found.setdefault(number, Sampled(name)).rooms[room(frames)] += int(count)
    return found


def _thread(label: str) -> tuple[str, str]:
    """Return id and name in `thread (123): Name`."""
    number, _, name = label.removeprefix("thread (").partition(")")
    return number, name.removeprefix(": ")


def room(frames: Sequence[str]) -> str:
    """Return where the innermost frame is that says something: a file of ours, or a library.

    What helpers of the standard library do is done for whoever called them.
    """
    for frame in reversed(frames):
        path = frame.rpartition(" (")[2].partition(":")[0]
        if path in LOOPS:
            return IN_C
        if path.startswith(OURS):
            return path.removesuffix(".py")
        if path.startswith(LIBRARIES):
            return path.partition("/")[0]
    return IN_C if frames else "?"
