"""The verbs call, get, list, history and demo as a user runs them: output and exit codes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORTS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aidevos_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def error(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.stdout == ""
    return dict(json.loads(done.stderr)["error"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the data directory of a server that serves examples/counter.py."""
    made = tmp_path_factory.mktemp("data")
    types = ROOT / "examples" / "counter.py"
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(made), *PORTS]
    server = subprocess.Popen(
        [*command, "--types", str(types), "--no-agents"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["event"] == "ready"
    yield made
    server.terminate()
    server.communicate(timeout=20)
    assert server.returncode == 0


def test_an_object_is_called_read_listed_and_looked_back_at(data: Path) -> None:
    (first,) = rows(run("call", "Counter/a", "add", '{"n": 2}', "--data", data, "-o", "json"))
    run("call", "Counter/a", "add", "--data", data)
    (now,) = rows(run("get", "Counter/a", "--data", data, "-o", "json"))
    (then,) = rows(run("get", "Counter/a", "--version", 1, "--data", data, "-o", "json"))
    listed = rows(run("list", "Counter", "--where", "total=3", "--data", data, "-o", "json"))
    events = rows(run("history", "Counter/a", "--data", data, "-o", "json"))
    assert (first["reply"], first["version"], first["repeated"]) == (2, 1, False)
    assert (now["version"], now["state"]) == (2, {"total": 3})
    assert (then["version"], then["state"]) == (1, {"total": 2})
    assert [row["key"] for row in listed] == ["a"]
    assert [event["body"] for event in events] == [{"n": 2}, {"n": 1}]
    assert events[0]["request_id"] == first["request_id"]
    assert events[0]["principal"] == "operator"


def test_a_repeated_id_is_answered_and_not_applied(data: Path) -> None:
    again = ["call", "Counter/r", "add", "--request-id", "x", "--data", data, "-o", "json"]
    (first,), (second,) = rows(run(*again)), rows(run(*again))
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first["version"] == second["version"] == 1


def test_people_read_tables(data: Path) -> None:
    run("call", "Counter/t", "add", '{"n": 7}', "--data", data)
    done = run("list", "--prefix", "t", "--data", data)
    head, line = done.stdout.splitlines()
    assert head.split() == ["TYPE", "KEY", "VERSION", "UPDATED", "TOTAL"]
    assert line.split()[:3] == ["Counter", "t", "1"]
    assert line.split()[-1] == "7"


def test_a_watch_prints_what_is_there_and_what_comes(data: Path) -> None:
    run("call", "Counter/w", "add", "--data", data)
    command = [sys.executable, "-m", "aidevos_cli", "history", "Counter/w", "--watch", "-o", "json"]
    watch = subprocess.Popen(
        [*command, "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    )
    assert watch.stdout is not None
    assert json.loads(watch.stdout.readline())["sequence"] == 1
    run("call", "Counter/w", "add", "--data", data)
    assert json.loads(watch.stdout.readline())["sequence"] == 2
    watch.terminate()
    watch.communicate(timeout=10)


@pytest.mark.parametrize(
    ("arguments", "code", "reason", "said"),
    [
        (("call", "Counter/a", "add", '{"n": 0}'), 2, "INVALID_ARGUMENT", "n must be positive"),
        (("call", "Counter/a", "add", '{"n": "x"}'), 2, "INVALID_ARGUMENT", "n: "),
        (("call", "Counter/a", "add", "{n}"), 2, "INVALID_ARGUMENT", "not JSON"),
        (("call", "Counter", "add"), 2, "INVALID_ARGUMENT", "TYPE/KEY"),
        (("call", "Nix/a", "add"), 3, "NOT_FOUND", "there are: Counter"),
        (("call", "Counter/a", "nix"), 3, "NOT_FOUND", "it has: add, total"),
        (("get", "Counter/nobody"), 3, "NOT_FOUND", "not there"),
        (("call", "Counter/v", "add", "--expected-version", "9"), 4, "VERSION_CONFLICT", "read it"),
        (("call", "Counter/a", "add", '{"k": 1}'), 2, "INVALID_ARGUMENT", "it takes n"),
        (("list", "Nix"), 3, "NOT_FOUND", "there are: Counter"),
        (("list", "Counter", "--where", "nix=3"), 2, "INVALID_ARGUMENT", "it is by: total"),
        (("list", "--where", "nix=3"), 2, "INVALID_ARGUMENT", "not listed by nix"),
        (("history", "Nix/x"), 3, "NOT_FOUND", "there are: Counter"),
        (("history", "Counter/nobody"), 3, "NOT_FOUND", "not there"),
        (("messages", "--run", "run-nope"), 3, "NOT_FOUND", "there is no run run-nope"),
        (("runs", "run-nope"), 3, "NOT_FOUND", "there is no run run-nope"),
        (("list", "--where", "total"), 2, "INVALID_ARGUMENT", "FIELD=VALUE"),
    ],
)
def test_a_refusal_ends_with_its_code_its_reason_and_a_sentence(
    data: Path, arguments: tuple[str, ...], code: int, reason: str, said: str
) -> None:
    done = run(*arguments, "--data", data, "-o", "json")
    assert done.returncode == code
    assert error(done)["reason"] == reason
    assert said in error(done)["message"]


def test_without_a_server_the_next_command_is_named(tmp_path: Path) -> None:
    done = run("get", "Counter/a", "--data", tmp_path)
    assert done.returncode == 5
    assert f"aidevos dev --data {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_loses_nothing_through_kill_9(tmp_path: Path) -> None:
    events = rows(run("demo", "--data", tmp_path, "-o", "json"))
    assert [event["event"] for event in events] == [
        *("started", "called", "called", "killed", "started_again", "called", "called", "state")
    ]
    assert [event["repeated"] for event in events if event["event"] == "called"][-1] is True
    assert events[-1] == {
        "event": "state",
        "at_version_1": {"total": 2},
        "version": 3,
        "now": {"total": 9},
    }


@pytest.mark.parametrize("verb", ["call", "get", "list", "history", "demo"])
def test_every_verb_shows_an_example(verb: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    assert f"For example: aidevos {verb}" in done.stdout


def test_the_root_of_the_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, aidevos_cli.main\n"
        "heavy = ('grpc', 'google.protobuf', 'msgspec', 'rich', 'lark', 'asyncio', 'jinja2')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_closed_port_and_another_protocol_are_told_with_what_to_look_at(data: Path) -> None:
    call = ("call", "Counter/a", "add", "--timeout", 1, "-o", "json")
    closed = error(run(*call, "--server", "127.0.0.1:1"))
    assert closed["reason"] == "UNAVAILABLE"
    assert "nothing was applied" in closed["message"]
    assert closed["hint"] == "check the address: is 127.0.0.1:1 where a server serves gRPC?"
    admin = json.loads((data / "address.json").read_text())["admin"]
    other = error(run(*call, "--server", admin))
    assert "this port speaks HTTP/1; is it the gRPC address?" in other["message"]


def test_an_address_without_a_port_is_refused() -> None:
    done = run("get", "Counter/a", "--server", "localhost", "-o", "json")
    assert done.returncode == 2
    assert "'localhost' is no host:port" in error(done)["message"]
