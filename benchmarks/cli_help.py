"""Claim: help answers within 150 ms once installed."""

import statistics
import subprocess
import time

from benchmarks.common import LAUNCHER, Result, at_most

RUNS = 11


def run() -> list[Result]:
    """Return the median wall time of `bin/aidevos --help`, launcher included."""
    times = [_once() for _ in range(RUNS + 1)][1:]
    median = statistics.median(times) * 1_000
    return [at_most("help, once installed (median)", median, "ms", 150, "make bench ONLY=cli_help")]


def _once() -> float:
    start = time.perf_counter()
    subprocess.run([LAUNCHER, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
