"""`aidevos doctor`: what is active on this machine, level by level, and what to do about the rest.

The jail's levels are tried by `python -m aidevos_worker --report`, a process of its own, as a
server would use them. No server needs to run.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from aidevos.version import VERSION
from aidevos_cli.context import running_server
from aidevos_cli.options import data_option, output_option
from aidevos_cli.output import Row, emit_item, emit_rows

REPORT_S = 30.0
PACKAGES = ("grpcio", "protobuf", "msgspec", "jinja2", "uvloop")
FSYNCS = 20
SLOW_FSYNC_MS = 20.0
INSTALL_SECCOMP = "apt-get install libseccomp2"
COLUMNS = ("part", "name", "ok", "detail")


@click.command()
@data_option
@output_option
@click.pass_context
def doctor(ctx: click.Context, data: str, fmt: str) -> None:
    """Say what is active on this machine: jail, versions, server, disk.

    For example: aidevos doctor --data .aidevos/data
    """
    rows = [*_versions(), *_jail(), *_server(data), _disk(Path(data))]
    emit_rows(fmt, COLUMNS, rows)
    todo = [str(row["do"]) for row in rows if row.get("do")]
    _emit_result(fmt, todo)
    ctx.exit(1 if todo else 0)


def _emit_result(fmt: str, todo: list[str]) -> None:
    """Print the last line: ok, or what to do."""
    if fmt == "table":
        print("\nok" if not todo else f"\nto do: {'; '.join(dict.fromkeys(todo))}")
    else:
        emit_item(fmt, {"result": "todo" if todo else "ok", "do": list(dict.fromkeys(todo))})


def _row(part: str, name: str, ok: bool | None, detail: str, do: str = "") -> Row:
    row: Row = {"part": part, "name": name, "ok": ok, "detail": detail}
    return {**row, "do": do} if do else row


def _versions() -> Iterator[Row]:
    yield _row("version", "aidevos", None, VERSION)
    yield _row("version", "python", None, f"{platform.python_version()} ({sys.executable})")
    yield _row("version", "kernel", None, f"{platform.system()} {platform.release()}")
    for name in PACKAGES:
        yield _row("version", name, None, importlib.metadata.version(name))


def _jail() -> Iterator[Row]:
    """Yield the jail's levels; a floor that does not hold comes with what to do."""
    report, why = _ask_worker()
    if report is None:
        do = "generated code is refused: see why the worker does not start"
        yield _row("jail floor", "report", False, why, do)
        return
    library = report["libseccomp"]
    yield _row("version", "libseccomp", bool(library), library or "missing")
    fix = "run on a kernel with seccomp filters" if library else INSTALL_SECCOMP
    for level in report["floor"]:
        do = "" if level["active"] else f"generated code is refused: {fix}"
        yield _row("jail floor", level["name"], level["active"], level["detail"], do)
    for level in report["extras"]:
        yield _row("jail extra", level["name"], level["active"], level["detail"])


def _ask_worker() -> tuple[dict[str, Any] | None, str]:
    command = [sys.executable, "-I", "-m", "aidevos_worker", "--report"]
    try:
        told = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command, check=True, capture_output=True, timeout=REPORT_S
        )
        return json.loads(told.stdout), ""
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return None, lines[-1] if lines else f"exit code {error.returncode}"
    except (subprocess.TimeoutExpired, ValueError, OSError) as error:
        return None, str(error)


def _server(data: str) -> Iterator[Row]:
    server = running_server(data)
    if server is None:
        yield _row("server", "running", None, f"none on {data}; to start one: aidevos dev")
        return
    yield _row("server", "running", True, f"process {server.pid} on {data}")
    for name in ("http", "admin", "grpc"):
        yield _row("server", name, None, getattr(server, name) or "not served")


def _disk(data: Path) -> Row:
    """Measure what a commit waits for: a small write and fdatasync, some twenty times."""
    folder = next(path for path in (data.absolute(), *data.absolute().parents) if path.is_dir())
    try:
        times = _fsync_ms(folder)
    except OSError as error:
        do = f"make {folder} writable, or choose another directory with --data"
        return _row("disk", "fsync", False, f"{folder}: {error.strerror}", do)
    median = times[len(times) // 2]
    slow = "; each change waits for it" if median > SLOW_FSYNC_MS else ""
    detail = f"{folder}: median {median:.2f} ms, worst {times[-1]:.2f} ms{slow}"
    return _row("disk", "fsync", median <= SLOW_FSYNC_MS, detail)


def _fsync_ms(folder: Path) -> list[float]:
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            start = time.perf_counter()
            os.write(file.fileno(), b"x" * 4_096)
            os.fdatasync(file.fileno())
            times.append(1_000 * (time.perf_counter() - start))
    return sorted(times)
