"""`aidevos doctor`, as a person and as a program calls it."""

import json
import subprocess
import sys
from pathlib import Path

from aidevos_host.worker import jail_report


def doctor(data: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aidevos_cli", "doctor", "--data", str(data), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_doctor_tells_every_level_and_ends_with_ok(tmp_path: Path) -> None:
    told = doctor(tmp_path, "-o", "json")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    levels = {row["name"]: row["ok"] for row in rows[:-1] if row["part"].startswith("jail")}
    report = jail_report()
    assert levels == {level.name: level.active for level in (*report.floor, *report.extras)}
    assert {"fsync", "python", "libseccomp", "running"} <= {row["name"] for row in rows[:-1]}
    assert rows[-1] == {"result": "ok", "do": []}
    assert told.returncode == 0


def test_a_data_directory_that_cannot_be_written_is_told_with_what_to_do() -> None:
    told = doctor(Path("/proc/nothing"))
    assert told.stdout.splitlines()[-1].startswith("to do: make /proc writable")
    assert told.returncode == 1
