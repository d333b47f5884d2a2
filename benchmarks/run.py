"""Runs every claim (or those named), prints what was measured against goals, writes results.json.

make bench            python -m benchmarks.run [NAME ...]            QUICK=1: see that all works
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

import msgspec

from benchmarks.charts import write_charts
from benchmarks.claims import CLAIMS, check
from benchmarks.common import QUICK, ROOT
from benchmarks.machine import this_machine
from benchmarks.report import RESULTS, Report
from benchmarks.result import Found, Result, failed
from benchmarks.table import print_found

CLAIM_S_MAX = 480


def main(names: list[str]) -> int:
    """Run the claims called `names` (all without names); 1 when a goal that must be was missed.

    Numbers of a short time mean little: with QUICK only a claim that breaks is a failure.
    """
    check(names)
    found: dict[str, Found] = {}
    loads: list[float] = []
    for name in names or CLAIMS:
        found[name] = one_claim(name)
        loads.append(os.getloadavg()[0])
    report = Report(this_machine(loads), QUICK, found)
    print_found(report.found.values())
    report.write()
    write_charts(report, RESULTS.parent / "charts")
    return exit_code([result for one in found.values() for result in one.results], quick=QUICK)


def exit_code(results: list[Result], *, quick: bool) -> int:
    """Return 1 when something broke or, unless it was quick, a goal that must be was missed."""
    return int(any(one.broken or (one.met == "NO" and not quick) for one in results))


def one_claim(name: str) -> Found:
    """Run one claim in a process of its own; one that fails is a number that was missed."""
    print(f"running {name} ...", file=sys.stderr, end=" ", flush=True)
    begun = time.perf_counter()
    code, written = _run([sys.executable, "-m", "benchmarks.claim", name])
    print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    if code:
        return Found([failed(name, f"failed with code {code}")])
    return msgspec.json.decode(written.splitlines()[-1], type=Found)


def _run(command: list[str]) -> tuple[int, str]:
    """Return exit code and output; if it does not end, whatever it started ends with it."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        written, _ = process.communicate(timeout=CLAIM_S_MAX)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            return -signal.SIGKILL, ""
        raise
    return process.returncode, written


def _end(number: int, _: FrameType | None) -> None:
    """Let SIGTERM end what was started too, as Ctrl-C does."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main(sys.argv[1:]))
