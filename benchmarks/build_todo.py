"""Claim: from a warm install, todo.md is deployed within 20 s, all gates included."""

import json
import subprocess
import tempfile
import time

from benchmarks.common import LAUNCHER, ROOT
from benchmarks.result import Found, at_most, fact


def run() -> Found:
    """Return the wall time of the whole command, and how many checks its gates made."""
    with tempfile.TemporaryDirectory() as data:
        ports = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
        spec = str(ROOT / "examples" / "todo.md")
        start = time.perf_counter()
        done = subprocess.run(
            [LAUNCHER, "build", spec, "--data", data, "--exit", "-o", "json", *ports],
            check=True,
            capture_output=True,
            text=True,
        )
        took = time.perf_counter() - start
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["deployed"] is True, result
    checks = sum(gate["checks"] for gate in result["gates"])
    return Found(
        [
            at_most("build examples/todo.md to deployed", took, "s", 20),
            fact("checks of its gates", checks, "checks"),
        ]
    )
