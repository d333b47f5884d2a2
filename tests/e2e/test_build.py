"""`bin/aidevos build` as a newcomer types it: built, served, killed, started again, changed."""

import json
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typed_go import TOLD_OF_TODOS, counter_proto, go_client, grpcurl, told_by

ROOT = Path(__file__).parents[2]
TODO = ROOT / "examples" / "todo.md"
DOORS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
GATES = ["contract", "boundaries", "sequences", "crash_replay", "acceptance"]
BUILD_S = 180

Line = dict[str, Any]


def command(spec: Path, data: Path, *more: str) -> list[str]:
    launcher = str(ROOT / "bin" / "aidevos")
    return [launcher, "build", str(spec), "--data", str(data), "-o", "json", *more]


def built(spec: Path, data: Path, *more: str) -> tuple[int, list[Line]]:
    """Run a build to its end; return its exit code and what it told."""
    done = subprocess.run(
        command(spec, data, *more), capture_output=True, text=True, timeout=BUILD_S, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def serving(spec: Path, data: Path) -> Iterator[tuple[subprocess.Popen[str], list[Line]]]:
    """A build that stays; gives its process and what it told until its result."""
    process = subprocess.Popen(command(spec, data, *DOORS), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines: list[Line] = []
        while not lines or lines[-1]["event"] != "result":
            lines.append(json.loads(process.stdout.readline()))
        yield process, lines
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def interrupted(data: Path) -> int:
    """Begin a build and press Ctrl-C while its gates run; return its exit code."""
    process = subprocess.Popen(
        command(TODO, data, *DOORS), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    while json.loads(process.stdout.readline())["stage"] != "generate":
        pass
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    return process.returncode


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Line]]:
    """A data directory with todo.md built on it, at the second go, and what that build told."""
    data = tmp_path_factory.mktemp("built") / "data"
    assert interrupted(data) == 130
    code, lines = built(TODO, data, "--exit", *DOORS)
    assert code == 0, lines
    return data, lines


def changed(tmp_path: Path, what: str, to: str) -> Path:
    """The spec with one thing changed."""
    text = TODO.read_text()
    assert what in text
    path = tmp_path / "todo.md"
    path.write_text(text.replace(what, to))
    return path


def test_every_stage_is_told_and_the_result_has_what_programs_need(
    first: tuple[Path, list[Line]],
) -> None:
    *stages, result = first[1]
    assert [line["stage"] for line in stages] == ["plan", "generate", "test", "deploy"]
    assert {(line["event"], line["outcome"]) for line in stages} == {("stage", "ok")}
    assert min(line["seconds"] for line in stages) > 0
    names = {"event", "service", "deployed", "coverage", "gates", "addresses", "seconds"}
    assert set(result) == names
    assert (result["service"], result["deployed"]) == ("todo", True)
    counts = result["coverage"]
    assert counts["sentences"] == counts["understood"] > 20
    assert counts["ambiguous"] == counts["not_understood"] == []
    assert [gate["gate"] for gate in result["gates"]] == GATES
    assert all(gate["checks"] > 0 and gate["failed"] == 0 for gate in result["gates"])
    assert set(result["addresses"]) == {"api", "pages", "admin", "grpc"}


def test_the_service_answers_and_keeps_its_todos_through_kill_9_of_everything(
    first: tuple[Path, list[Line]],
) -> None:
    data = first[0]
    with serving(TODO, data) as (process, lines):
        (result,) = lines  # No stage: what is there is started at once.
        todos = result["addresses"]["api"] + "/todos"
        made = httpx.post(todos, json={"title": "Buy milk"})
        assert made.status_code == 201
        assert "Buy milk" in httpx.get(result["addresses"]["pages"]).text
        process.kill()
        process.wait()
        with pytest.raises(httpx.TransportError):
            until_gone(todos)
    with serving(TODO, data) as (_, lines):
        again = lines[-1]["addresses"]["api"] + "/todos"
        (todo,) = httpx.get(again).json()
        assert todo["id"] == made.json()["id"]
        assert todo["title"] == "Buy milk"
        httpx.delete(f"{again}/{todo['id']}").raise_for_status()


def until_gone(url: str) -> None:
    """Ask until nobody answers: the server dies with the command that started it."""
    for _ in range(1_000):
        httpx.get(url, timeout=5)


def test_grpcurl_and_go_stubs_of_the_exported_proto_call_what_was_just_built(
    first: tuple[Path, list[Line]], tmp_path: Path
) -> None:
    data, proto = first[0], tmp_path / "todo.proto"
    with serving(TODO, data) as (_, lines):
        address = lines[-1]["addresses"]["grpc"]
        asked = [
            str(grpcurl()),
            "-plaintext",
            "-d",
            '{"title": "Typed"}',
            address,
            "todo.v1.TodoService/AddTodo",
        ]
        made = json.loads(subprocess.run(asked, capture_output=True, check=True, timeout=30).stdout)
        assert made["result"]["title"] == "Typed"
        gone = [*asked[:3], json.dumps({"id": made["result"]["id"]}), address]
        subprocess.run([*gone, "todo.v1.TodoService/DeleteTodo"], check=True, timeout=30)
        launcher = str(ROOT / "bin" / "aidevos")
        export = [launcher, "proto", "export", "todo", "--data", str(data), "-o", str(proto)]
        subprocess.run(export, check=True, timeout=30)
        protos = {
            "todo/v1/todo.proto": proto.read_text(),
            "counter/v1/counter.proto": counter_proto(),
        }
        assert told_by(go_client(protos), address, "todos") == list(TOLD_OF_TODOS)


def test_a_second_build_finds_the_running_server_and_a_changed_spec_is_its_next_version(
    first: tuple[Path, list[Line]], tmp_path: Path
) -> None:
    data = first[0]
    with serving(TODO, data) as (_, lines):
        addresses = lines[-1]["addresses"]
        todos = addresses["api"] + "/todos"
        kept = httpx.post(todos, json={"title": "Kept"}).json()

        code, (result,) = built(TODO, data)
        assert (code, result["addresses"]) == (0, addresses)

        wider = changed(tmp_path, "1 to 200 characters", "1 to 300 characters")
        code, told = built(wider, data)
        assert (code, told[-1]["deployed"], told[-1]["addresses"]) == (0, True, addresses)
        assert httpx.post(todos, json={"title": "x" * 300}).status_code == 201
        assert httpx.get(f"{todos}/{kept['id']}").json()["title"] == "Kept"

        tighter = changed(tmp_path, "1 to 200 characters", "1 to 20 characters")
        code, told = built(tighter, data)
        assert (code, told[-1]["deployed"]) == (1, False)
        assert [reason["line"] for reason in told[-1]["reasons"]] == [11]
        assert httpx.post(todos, json={"title": "x" * 300}).status_code == 201

        code, told = built(TODO, data, "--http", "127.0.0.1:1")
        assert (code, told) == (4, [])


def test_a_disk_that_is_full_is_named_and_with_room_the_build_goes_on(tmp_path: Path) -> None:
    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    full = subprocess.run(
        command(TODO, tmp_path / "data", "--exit", *DOORS),
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
        preexec_fn=no_room,
    )
    assert full.returncode == 5
    error = json.loads(full.stderr.splitlines()[-1])["error"]
    assert error["reason"] == "UNAVAILABLE"
    assert "the log's disk stopped" in error["message"]
    code, lines = built(TODO, tmp_path / "data", "--exit", *DOORS)
    assert (code, lines[-1]["deployed"]) == (0, True)


def test_a_sentence_that_is_not_understood_stops_the_run_before_anything_is_generated(
    tmp_path: Path,
) -> None:
    spec = changed(tmp_path, "- Anyone can delete all todos.", "- The moon is made of cheese.")
    code, lines = built(spec, tmp_path / "data", "--exit", *DOORS)
    assert code == 1
    assert [(line["event"], line.get("stage")) for line in lines] == [
        ("stage", "plan"),
        ("result", None),
    ]
    result = lines[-1]
    assert result["deployed"] is False
    assert 21 in [reason["line"] for reason in result["reasons"]]
    assert all(reason["what"] and reason["do"] for reason in result["reasons"])
    unknown = {"line": 21, "text": "The moon is made of cheese."}
    assert unknown in result["coverage"]["not_understood"]
