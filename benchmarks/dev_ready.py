"""Claim: `aidevos dev` is ready (every listener answers) within 1 s on an empty directory."""

import json
import signal
import statistics
import subprocess
import tempfile
import time

from benchmarks.common import LAUNCHER
from benchmarks.result import Found, at_most

RUNS = 5


def run() -> Found:
    """Return the median time from the command to its ready line."""
    median = statistics.median([_once() for _ in range(RUNS + 1)][1:])
    return Found([at_most("dev ready (median)", median, "s", 1.0)])


def _once() -> float:
    with tempfile.TemporaryDirectory() as data:
        ports = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
        command = [LAUNCHER, "dev", "--data", data, "-o", "json", *ports]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        took = time.perf_counter() - start
        assert ready["event"] == "ready", ready
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        return took
