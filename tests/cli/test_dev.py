"""`aidevos dev` as a process: ready line, a refused second one, Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from aidevos_cli.dev import suggestions
from aidevos_cli.main import cli
from aidevos_cli.options import DOORS
from click.testing import CliRunner

from aidevos.doors.grpc_door import SERVER, SERVERS

ROOT = Path(__file__).resolve().parents[2]
FREE = ("--http=127.0.0.1:0", "--admin=127.0.0.1:0", "--grpc=127.0.0.1:0")


@contextmanager
def dev(data: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "aidevos_cli", "dev", "--data", str(data), *FREE, *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_dev_says_ready_when_its_types_answer_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    with dev(tmp_path, "--types", "examples/counter.py", "-o", "json") as process:
        ready = json.loads(first_line(process))
        assert ready["event"] == "ready"
        assert set(ready["addresses"]) == {"http", "admin", "grpc"}
        place = f"{ready['addresses']['admin']}/v1/objects/Counter/a"
        assert httpx.post(f"{place}/add", json={"n": 2}).json()["reply"] == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert not (tmp_path / "address.json").exists()


def test_a_second_dev_is_refused_with_the_pid_of_the_first_server(tmp_path: Path) -> None:
    with dev(tmp_path, "-o", "json") as first:
        pid = json.loads(first_line(first))["pid"]
        with dev(tmp_path) as second:
            _, told = second.communicate(timeout=20)
        assert second.returncode == 5
        assert f"in use by process {pid}" in told


def test_dev_prints_addresses_and_lines_to_try(tmp_path: Path) -> None:
    with dev(tmp_path, "--types", "examples/counter.py") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(9)]
        text = "".join(lines)
        assert lines[0].startswith("ready: data ")
        assert "aidevos call Counter/a add '{}'" in text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_what_dev_proposes_can_be_typed(tmp_path: Path) -> None:
    file = tmp_path / "shelf.py"
    file.write_text("class Shelf(DurableObject): ...")
    params = {"required": ["n", "how"], "properties": {"n": {"type": "integer"}}}
    put = {"name": "put", "kind": "command", "params": params}
    served = [{"name": name, "methods": [put]} for name in ("AppOfOthers", "Shelf")]
    first = suggestions("http://a", served, [str(file)], " --data d")[0]
    assert first == """aidevos call Shelf/a put '{"n": 1, "how": "text"}' --data d"""
    assert suggestions("http://a", served, [], " --data d")[0] == "aidevos list --data d"
    assert suggestions("http://a", [], [], "")[0] == "aidevos build examples/todo.md"


def test_types_that_do_not_load_are_told_with_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import aidevos\n\nraise ValueError('no')\n")
    with dev(tmp_path / "data", "--types", str(broken)) as process:
        _, told = process.communicate(timeout=20)
        assert process.returncode == 4
        assert "broken.py" in told
        assert "3" in told


def test_the_door_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    with dev(tmp_path, "--door", "grpcio", "-o", "json") as process:
        server = json.loads(first_line(process))["pid"]
        command = Path(f"/proc/{server}/cmdline").read_text().split("\0")
        assert command[command.index("--door") + 1] == "grpcio"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_the_doors_that_can_be_asked_for_are_the_servers() -> None:
    assert sorted(DOORS) == sorted(SERVERS)
    assert DOORS[0] == SERVER


@pytest.mark.parametrize("verb", [["dev"], ["build", "examples/todo.md"]])
def test_a_door_that_is_not_there_is_refused_with_those_that_are(verb: list[str]) -> None:
    told = CliRunner().invoke(cli, [*verb, "--door", "wooden"])
    assert told.exit_code == 2
    assert "'wooden' is not one of 'own', 'grpcio'" in told.output
