"""Tools that are written in Go, built once for all tests by bin/gotool."""

import asyncio
import fcntl
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NO_GO = 3


def go_tool(name: str) -> str:
    """Return the path of a tool; skips the test where there is no Go to build it with."""
    with (ROOT / ".aidevos" / "gotool.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two test processes may want the same one.
        made = subprocess.run(
            ["sh", str(ROOT / "bin" / "gotool"), name], check=False, capture_output=True, text=True
        )
    if made.returncode == NO_GO:
        pytest.skip(made.stderr.strip())
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


async def run_tool(*command: str, within_s: float = 30) -> tuple[int, str]:
    """Run a tool beside the event loop; return its exit code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(within_s):
            written, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, written.decode()
