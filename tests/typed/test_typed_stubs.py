"""What `aidevos proto export` writes, and stubs made from it in Python and Go; grpcurl too."""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc_tools
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from todo_world import MANIFEST
from typed_go import TOLD_OF_TODOS, go_client, grpcurl, told_by
from typed_types import Everything
from typed_world import ROOT, counter, with_numbers

from aidevos.doors.typed.app_contract import contract_of_app
from aidevos.doors.typed.contract import Contract
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.proto_text import proto_text
from aidevos.doors.typed.type_contract import contract_of_type
from aidevos.runtime.status import from_rpc_error

DOORS = [f"--{door}=127.0.0.1:0" for door in ("http", "admin", "grpc")]
TODO_APP = ROOT / "tests" / "generate" / "golden"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


def protoc(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{WELL_KNOWN}"]
    subprocess.run([*command, *arguments], check=True, timeout=60, cwd=folder)


def contracts() -> list[Contract]:
    made = [contract_of_type(kind.definition.info) for kind in (counter(), Everything)]  # type: ignore[attr-defined]
    return [with_numbers(contract) for contract in (*made, contract_of_app(MANIFEST))]


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.package)
def test_protoc_compiles_the_text_to_the_same_descriptor(
    contract: Contract, tmp_path: Path
) -> None:
    own = file_of(contract)
    (tmp_path / own.name).parent.mkdir(parents=True)
    (tmp_path / own.name).write_text(proto_text(own))
    protoc(tmp_path, "--descriptor_set_out=set", "--include_source_info", own.name)
    (compiled,) = FileDescriptorSet.FromString((tmp_path / "set").read_bytes()).file
    places = compiled.source_code_info.location
    comments = {
        (*place.path,): place.leading_comments for place in places if place.leading_comments
    }
    assert comments == {(*p.path,): p.leading_comments for p in own.source_code_info.location}
    for file in (own, compiled):
        file.ClearField("source_code_info")
    assert compiled == own


# ---- a server, as a user has it ----------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    data: Path
    grpc: str
    types: Path

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aidevos_cli", *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def export(self, name: str) -> str:
        done = self.cli("proto", "export", name)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def grpcurl(self, *arguments: str, fields: Any = None) -> str:
        """Return what grpcurl prints, a refusal's text included."""
        given = ("-d", json.dumps(fields)) if fields is not None else ()
        command = [str(grpcurl()), "-plaintext", *given, "-max-time", "5", self.grpc, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with examples/counter.py and the todo app."""
    data = tmp_path_factory.mktemp("typed")
    types = data / "counter.py"
    types.write_text((ROOT / "examples" / "counter.py").read_text())
    command = [sys.executable, "-m", "aidevos_standalone", "--data", str(data / "data"), *DOORS]
    process = subprocess.Popen(
        [*command, "--types", str(types), "--bundle", str(TODO_APP), "--no-agents"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["event"] == "ready", ready
        yield Server(data / "data", ready["addresses"]["grpc"], types)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_an_export_names_what_there_is_and_writes_a_file(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "counter.proto"
    assert server.cli("proto", "export", "Counter", "-o", str(file)).returncode == 0
    assert file.read_text() == server.export("Counter") == server.export("counter")
    assert "// Count `n` more and return the total." in file.read_text()
    assert server.export("todo").startswith('syntax = "proto3";\n\npackage todo.v1;')
    missing = server.cli("proto", "export", "Nothing")
    assert missing.returncode == 3
    assert "counter.v1.CounterService, todo.v1.TodoService" in missing.stderr
    newer = server.cli("proto", "export", "Counter", "--version", "7")
    assert newer.returncode == 3
    assert "Counter has no version 7; there is 1\n" in newer.stderr
    assert server.cli("proto", "export", "Counter", "-o", str(tmp_path)).returncode == 2


def test_python_stubs_call_stream_and_read_error_details(server: Server, tmp_path: Path) -> None:
    (tmp_path / "stubs_of_counter.proto").write_text(server.export("Counter"))
    protoc(tmp_path, "--python_out=.", "--grpc_python_out=.", "stubs_of_counter.proto")
    sys.path.insert(0, str(tmp_path))
    try:
        pb: Any = importlib.import_module("stubs_of_counter_pb2")
        stubs: Any = importlib.import_module("stubs_of_counter_pb2_grpc")
    finally:
        sys.path.remove(str(tmp_path))
    with grpc.insecure_channel(server.grpc) as channel:
        stub = stubs.CounterServiceStub(channel)
        assert stub.Add(pb.AddRequest(key="py", n=2), timeout=5).result == 2
        with pytest.raises(grpc.RpcError) as caught:
            stub.Add(pb.AddRequest(key="py", n=0), timeout=5)
        error = from_rpc_error(caught.value)
        assert (error.reason, [v.field for v in error.violations]) == ("INVALID_ARGUMENT", ["n"])
        watching = stub.WatchTotal(pb.TotalRequest(key="py"), timeout=5)
        assert next(watching).result == 2
        stub.Add(pb.AddRequest(key="py"), timeout=5)
        assert next(watching).result == 3
        watching.cancel()


def test_go_stubs_call_stream_and_read_error_details(server: Server) -> None:
    client = go_client(
        {
            "counter/v1/counter.proto": server.export("Counter"),
            "todo/v1/todo.proto": server.export("todo"),
        }
    )
    assert told_by(client, server.grpc, "counters", "todos") == [
        {"what": "added", "result": 2, "version": 1},
        {"what": "refused", "code": "InvalidArgument", "reason": "INVALID_ARGUMENT", "field": "n"},
        {"what": "zero", "set": True, "result": 0},
        {"what": "watched", "before": 2, "after": 3},
        *TOLD_OF_TODOS,
    ]


def test_grpcurl_lists_describes_calls_and_follows_a_type_and_an_app(server: Server) -> None:
    assert {"counter.v1.CounterService", "todo.v1.TodoService"} <= {
        *server.grpcurl("list").splitlines()
    }
    assert "// Return the total." in server.grpcurl("describe", "counter.v1.CounterService")
    assert "optional int64 n = 10;" in server.grpcurl("describe", "counter.v1.AddRequest")
    assert "HTTP: POST /todo/api/todos" in server.grpcurl("describe", "todo.v1.TodoService.AddTodo")
    added = json.loads(server.grpcurl("counter.v1.CounterService/Add", fields={"key": "curl"}))
    assert (added["result"], added["version"]) == ("1", "1")
    refused = server.grpcurl("counter.v1.CounterService/Add", fields={"key": "curl", "n": 0})
    assert '"reason": "INVALID_ARGUMENT"' in refused
    assert '"field": "n"' in refused
    made = json.loads(server.grpcurl("todo.v1.TodoService/AddTodo", fields={"title": "Buy milk"}))
    todo = made["result"]
    assert (todo["title"], todo["completed"]) == ("Buy milk", False)
    following = [str(grpcurl()), "-plaintext", "-d", json.dumps({"id": todo["id"]}), server.grpc]
    with subprocess.Popen(
        [*following, "todo.v1.TodoService/WatchTodo"], stdout=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        assert "Buy milk" in "".join(watch.stdout.readline() for _ in range(6))
        server.grpcurl("todo.v1.TodoService/ChangeTodo", fields={"id": todo["id"], "title": "New"})
        assert any("New" in watch.stdout.readline() for _ in range(8))
        watch.kill()


def test_a_file_that_is_written_again_is_served_at_once(server: Server) -> None:
    text = server.types.read_text()
    server.types.write_text(text.replace("def total", "def sum"))
    deadline = time.monotonic() + 20
    while "counter.v2.CounterService" not in (listed := server.grpcurl("list")):
        assert time.monotonic() < deadline, listed
    assert "counter.v1.CounterService" in listed
    assert "rpc Sum(SumRequest)" in server.export("Counter")
    before = server.cli("proto", "export", "Counter", "--version", "1").stdout
    assert "rpc Total(TotalRequest)" in before
    refused = server.grpcurl("counter.v1.CounterService/Total", fields={"key": "curl"})
    assert '"reason": "SERVICE_REMOVED"' in refused
    assert json.loads(server.grpcurl("counter.v1.CounterService/Add", fields={"key": "other"}))
