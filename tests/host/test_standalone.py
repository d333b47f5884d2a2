"""The real process: `python -m aidevos_standalone` on a directory of its own."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path


def start(data: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def told(server: subprocess.Popen[bytes]) -> dict[str, object]:
    assert server.stdout is not None
    return dict(json.loads(server.stdout.readline()))


def end(server: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    server.send_signal(number)
    server.communicate()
    return server.returncode


def test_a_server_says_ready_and_leaves_no_address_after_a_clean_stop(tmp_path: Path) -> None:
    server = start(tmp_path)
    assert told(server)["event"] == "ready"
    path = tmp_path / "address.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["pid"] == server.pid
    assert end(server) == 0
    assert not path.exists()


def test_a_second_server_on_the_directory_is_refused_with_the_pid_of_the_first(
    tmp_path: Path,
) -> None:
    first = start(tmp_path)
    told(first)
    second = start(tmp_path)
    refused = told(second)
    second.communicate()
    assert (refused["event"], refused["reason"]) == ("error", "UNAVAILABLE")
    assert str(first.pid) in str(refused["message"])
    assert second.returncode == 5
    assert end(first) == 0


def test_a_server_starts_again_after_kill_9(tmp_path: Path) -> None:
    first = start(tmp_path)
    told(first)
    end(first, signal.SIGKILL)
    again = start(tmp_path)
    assert told(again)["event"] == "ready"
    assert end(again) == 0


def test_a_server_refuses_a_parent_that_is_not_its_own(tmp_path: Path) -> None:
    orphan = start(tmp_path, "--parent", str(os.getppid()))
    assert told(orphan)["reason"] == "UNAVAILABLE"
    orphan.communicate()
    assert orphan.returncode == 5
