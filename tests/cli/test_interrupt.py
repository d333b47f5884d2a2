"""Ctrl-C at any moment of a start tells nothing of the inside."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]


def begun(data: Path) -> "subprocess.Popen[str]":
    """Start a build in a session of its own, as on a terminal."""
    todo = str(ROOT / "examples" / "todo.md")
    return subprocess.Popen(
        [str(ROOT / "bin" / "aidevos"), "build", todo, "--data", str(data), *DOORS],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def python_runs(process: "subprocess.Popen[str]") -> bool:
    return b"aidevos_cli" in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def imports(process: "subprocess.Popen[str]", library: str) -> bool:
    """Whether the process has loaded a library with that in its name."""
    return library in Path(f"/proc/{process.pid}/maps").read_text()


@pytest.mark.parametrize("library", ["_datetime", "cygrpc"])
def test_ctrl_c_among_imports_shows_no_traceback(tmp_path: Path, library: str) -> None:
    process = begun(tmp_path / "data")
    while not (python_runs(process) and imports(process, library)):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told[1]
    assert not (tmp_path / "data" / "address.json").exists()
