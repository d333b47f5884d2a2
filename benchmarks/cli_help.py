"""Claim: help answers within 150 ms once installed."""

import statistics
import subprocess
import time

from benchmarks.common import LAUNCHER
from benchmarks.result import Found, at_most

RUNS = 11


def run() -> Found:
    """Return the median wall time of `bin/aidevos --help`, launcher included."""
    times = [_once() for _ in range(RUNS + 1)][1:]
    median = statistics.median(times) * 1_000
    return Found([at_most("help, once installed (median)", median, "ms", 150)])


def _once() -> float:
    start = time.perf_counter()
    subprocess.run([LAUNCHER, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
