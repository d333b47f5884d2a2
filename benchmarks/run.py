"""Runs every claim (or those named), prints what was measured against goals, writes results.json.

make bench            python -m benchmarks.run [NAME ...]            QUICK=1: see that all works
"""

import subprocess
import sys
import time

import msgspec

from benchmarks.charts import write_charts
from benchmarks.common import QUICK, ROOT
from benchmarks.machine import this_machine
from benchmarks.report import RESULTS, Report
from benchmarks.result import Found, not_here
from benchmarks.table import print_found

CLAIMS = (
    "cli_help",
    "dev_ready",
    "build_todo",
    "restart",
    "framed_1000",
    "framed_hot",
    "framed_10000",
    "framed_2kb",
    "query_hot",
    "unary_call",
    "redis_incr",
    "revive",
)
CLAIM_S_MAX = 240


def main(names: list[str]) -> int:
    """Run the claims called `names` (all without names); 1 when a goal that must be was missed."""
    found = {name: _one(name) for name in names or CLAIMS}
    report = Report(this_machine(), QUICK, found)
    print_found(report.found.values())
    report.write()
    write_charts(report, RESULTS.parent / "charts")
    missed = any(result.met == "NO" for one in found.values() for result in one.results)
    return 1 if missed else 0


def _one(name: str) -> Found:
    print(f"running {name} ...", file=sys.stderr, end=" ", flush=True)
    begun = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.claim", name]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=CLAIM_S_MAX
        )
    except subprocess.SubprocessError as error:
        return Found([not_here(name, f"failed: {error}")])
    finally:
        print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
