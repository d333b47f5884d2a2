"""Runs every benchmark (or those named), prints a table against goals, writes results.json.

make bench            python -m benchmarks.run [NAME ...]
"""

import importlib
import json
import sys
from pathlib import Path

import msgspec

from benchmarks.common import ROOT, Result

CLAIMS = ("cli_help", "dev_ready", "build_todo", "restart", "unary_call")


def main(names: list[str]) -> int:
    """Run the benchmarks called `names` (all without names); 1 when a goal was missed."""
    results: list[Result] = []
    for name in names or CLAIMS:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        results += importlib.import_module(f"benchmarks.{name}").run()
    _print(results)
    _write(ROOT / "benchmarks" / "results.json", results)
    return 1 if any(result.met is False for result in results) else 0


def _print(results: list[Result]) -> None:
    width = max(len(result.name) for result in results)
    print(f"{'name':<{width}}  {'value':>12}  {'unit':<10}  {'goal':>10}  met")
    for result in results:
        goal = "-" if result.goal is None else f"{result.goal:g}"
        met = {True: "yes", False: "NO", None: "-"}[result.met]
        print(f"{result.name:<{width}}  {result.value:>12g}  {result.unit:<10}  {goal:>10}  {met}")


def _write(path: Path, results: list[Result]) -> None:
    body = {"results": msgspec.to_builtins(results)}
    path.write_text(json.dumps(body, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
