"""The real process: `python -m aidevos_standalone` on a directory of its own."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
import httpx
import pytest
from aidevos_standalone.listeners import PORTS, bind

from aidevos.v1 import admin_pb2
from aidevos.v1.admin_pb2_grpc import AdminServiceStub

FLOOR = ("resource limits", "system call allow-list", "whole jail")


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


def test_every_listener_answers_when_ready_is_said(tmp_path: Path) -> None:
    server = start(tmp_path, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    addresses = told(server)["addresses"]
    assert isinstance(addresses, dict)
    assert httpx.get(addresses["admin"] + "/healthz").status_code == 200
    assert httpx.get(addresses["http"] + "/nobody/api/x").status_code == 404
    assert end(server) == 0


def test_a_server_tells_its_operator_what_its_jail_has(tmp_path: Path) -> None:
    server = start(tmp_path, "--no-agents")
    told(server)
    address = json.loads((tmp_path / "address.json").read_text())
    with grpc.insecure_channel(address["grpc"]) as channel:
        about = AdminServiceStub(channel).GetServerInfo(
            admin_pb2.GetServerInfoRequest(),
            metadata=(("authorization", f"Bearer {address['token']}"),),
            timeout=20,
        )
    safe = all(about.jail[level] == "active" for level in FLOOR)
    assert about.jail["generated code"] == ("runs in the jail" if safe else "is refused")
    assert about.process_id == server.pid
    assert end(server) == 0


def test_a_taken_port_that_was_asked_for_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        server = start(tmp_path, "--http", place)
        refused = told(server)
        server.communicate()
    assert refused["reason"] == "UNAVAILABLE"
    assert place in str(refused["message"])
    assert server.returncode == 5


def test_a_taken_default_port_becomes_a_free_one(tmp_path: Path) -> None:
    first = start(tmp_path / "a")
    second = start(tmp_path / "b")
    places = {json.dumps(told(server)["addresses"]) for server in (first, second)}
    assert len(places) == 2
    assert (end(first), end(second)) == (0, 0)


def test_a_default_port_that_is_taken_is_told_with_the_one_instead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setitem(PORTS, "http", port)
        instead = bind("http", "")
    assert capsys.readouterr().err == f"{port} is taken: apps are on {instead.place}\n"
    instead.socket.close()


def test_a_place_that_is_none_is_told_with_an_example(tmp_path: Path) -> None:
    server = start(tmp_path, "--admin", "nowhere")
    assert "HOST:PORT" in str(told(server)["message"])
    server.communicate()
    assert server.returncode == 5


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


def spoilt(data: Path) -> None:
    (data / "aidevos.db").write_bytes(b"no database at all" * 500)


def a_directory(data: Path) -> None:
    (data / "aidevos.db").mkdir()


def a_file(data: Path) -> None:
    data.rmdir()
    data.write_text("not a directory")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(spoilt, "DATA_LOSS"), (a_directory, "UNAVAILABLE"), (a_file, "UNAVAILABLE")],
)
def test_a_data_directory_that_is_none_is_one_sentence_and_code_5(
    tmp_path: Path, wrong: Callable[[Path], None], reason: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    wrong(data)
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert json.loads(ended.stdout)["reason"] == reason
    assert ended.stderr == ""
    assert ended.returncode == 5
