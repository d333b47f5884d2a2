"""grpcurl, and the client in go/ with stubs made from exported .proto files.

What is built stays in .aidevos/tools, named by what it was made of: only the first run builds.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.numbering import numbered
from aidevos.doors.typed.proto_text import proto_text
from aidevos.doors.typed.type_contract import contract_of_type

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).parent / "go"
TOOLS = ROOT / ".aidevos" / "tools"
BUILD_S = 540
WRONG_TITLE = {"code": "InvalidArgument", "reason": "INVALID_ARGUMENT", "field": "title"}
TOLD_OF_TODOS = (
    {"what": "made", "title": "Buy milk", "completed": True},
    {"what": "cleared", "order": False, "completed": True},
    {"what": "refused", **WRONG_TITLE},
    {"what": "ended", "code": "NotFound", "reason": "NOT_FOUND", "field": "id"},
    {"what": "listed", "count": 0},
)
"""What the client tells of a todo app without todos."""
PLUGINS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
)


def go_command() -> str:
    """Return the Go that bin/install saw or fetched."""
    found = (shutil.which("go"), "/usr/local/go/bin/go", str(ROOT / ".aidevos/go/bin/go"))
    return next(go for go in found if go and Path(go).exists())


def grpcurl() -> Path:
    """Return grpcurl, built on first use."""
    command = ["sh", str(ROOT / "bin" / "gotool"), "grpcurl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S, check=True)
    return Path(done.stdout.strip())


def go_client(protos: Mapping[str, str]) -> Path:
    """Return the client of go/ with stubs of these files, by their paths."""
    digest = hashlib.sha256(repr(sorted(protos.items())).encode())
    for path in sorted(SOURCE.iterdir()):
        digest.update(path.read_bytes())
    with _built(f"typed-client-{digest.hexdigest()[:16]}") as (place, there):
        if not there:
            _build(protos, place)
    return place


def counter_proto() -> str:
    """Return the .proto of examples/counter.py, which the client's stubs are of too."""
    spec = importlib.util.spec_from_file_location("counter", ROOT / "examples" / "counter.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    contract = contract_of_type(module.Counter.definition.info)
    return proto_text(file_of(numbered(contract, None)))


def told_by(client: Path, *arguments: str) -> list[dict[str, Any]]:
    """Run the client and return what it tells."""
    done = subprocess.run(
        [str(client), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def _build(protos: Mapping[str, str], place: Path) -> None:
    work = place.with_suffix(".work")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(SOURCE, work)
    for name, text in protos.items():
        (work / "protos" / name).parent.mkdir(parents=True, exist_ok=True)
        (work / "protos" / name).write_text(text)
    _run([go_command(), "build", "-o", "plugins/", *PLUGINS], work)
    plugins = [
        f"--plugin={name}=plugins/{name}" for name in ("protoc-gen-go", "protoc-gen-go-grpc")
    ]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-Iprotos", *plugins]
    _run([*command, "--go_out=.", "--go-grpc_out=.", *protos], work)
    _run([go_command(), "build", "-mod=readonly", "-o", "client", "."], work)
    (work / "client").rename(place)
    shutil.rmtree(work)


@contextmanager
def _built(name: str) -> Iterator[tuple[Path, bool]]:
    """Give a tool's place and whether it is there; one process builds it."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    place = TOOLS / name
    with (TOOLS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place, place.exists()


def _run(command: list[str], where: Path | None = None, **more: str) -> None:
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", **more}
    done = subprocess.run(
        command,
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
