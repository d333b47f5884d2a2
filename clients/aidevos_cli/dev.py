"""`aidevos dev`: the server alone, in the foreground, with your own types if you like."""

import json
import shlex
import signal
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from aidevos_cli.options import data_option, door_option, output_option
from aidevos_cli.output import emit_item
from aidevos_cli.server import Listen, ServerProcess
from aidevos_cli.typed import typed, where

LOOK_S = 5.0


@click.command()
@data_option
@click.option("--http", default="", metavar="HOST:PORT", help="Where to serve apps.")
@click.option("--admin", default="", metavar="HOST:PORT", help="Where to serve objects, metrics.")
@click.option("--grpc", default="", metavar="HOST:PORT", help="Where to serve gRPC.")
@door_option
@click.option(
    "--types",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A file of your own object types; a change of it is served at once.",
)
@output_option
def dev(data: str, types: tuple[str, ...], fmt: str, **listen: str) -> None:
    """Serve a data directory until Ctrl-C.

    For example: aidevos dev --types examples/counter.py
    """
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    extra = [part for file in types for part in ("--types", file)]
    server = ServerProcess(data, Listen(**listen), extra)
    try:
        _say_ready(fmt, server.ready(), data, types)
        for event in server.events():
            _say(fmt, event)
        click.get_current_context().exit(server.wait())
    except KeyboardInterrupt:
        click.get_current_context().exit(server.stop())


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does: the server is asked to stop, and waited for."""
    raise KeyboardInterrupt


def _say_ready(fmt: str, ready: dict[str, Any], data: str, files: tuple[str, ...]) -> None:
    if fmt != "table":
        emit_item(fmt, ready)
        return
    addresses = ready["addresses"]
    print(f"ready: data {data}, process {ready['pid']}")
    for name, what in (("http", "apps"), ("admin", "objects"), ("grpc", "gRPC")):
        print(f"  {what:<8} {addresses[name]}")
    print("try:")
    for line in suggestions(addresses["admin"], _served(addresses["admin"]), files, where(data)):
        print(f"  {typed(line)}")
    print("Ctrl-C stops it; what was acknowledged is kept.", flush=True)


def suggestions(
    admin: str, served: Sequence[dict[str, Any]], files: Iterable[str], data: str
) -> list[str]:
    """Return commands that work on this server as it is; `files` define the caller's own types."""
    texts = [Path(file).read_text(errors="replace") for file in files]
    own = [info for info in served if any(f"class {info['name']}(" in text for text in texts)]
    found = _first_command(own)
    if found is None:
        return [
            f"aidevos {'list' if served else 'build examples/todo.md'}{data}",
            f"curl -s {admin}/",
        ]
    type_name, method, arguments = found
    said = shlex.quote(json.dumps(arguments))
    return [
        f"aidevos call {type_name}/a {method} {said}{data}",
        f"curl -s -X POST {admin}/v1/objects/{type_name}/a/{method} -d {said}",
        f"curl -s {admin}/v1/objects/{type_name}/a",
    ]


def _served(admin: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{admin}/v1/types", timeout=LOOK_S) as reply:  # noqa: S310 (ours)
        types: list[dict[str, Any]] = json.load(reply)["types"]
    return types


def _first_command(types: Iterable[dict[str, Any]]) -> tuple[str, str, dict[str, Any]] | None:
    """Return a command that needs few arguments, with its type and values for them."""
    commands = [
        (len(method["params"].get("required", ())), info["name"], method)
        for info in types
        for method in info["methods"]
        if method["kind"] == "command"
    ]
    if not commands:
        return None
    _, type_name, method = min(commands, key=lambda one: (one[0], one[1], one[2]["name"]))
    params = method["params"]
    fields = params.get("properties", {})
    values = {name: sample(fields.get(name, {})) for name in params.get("required", ())}
    return type_name, method["name"], values


def sample(schema: dict[str, Any]) -> Any:
    """Return a value of a JSON Schema's kind."""
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}, "null": None}
    return kinds.get(str(schema.get("type")), "text")


def _say(fmt: str, event: dict[str, Any]) -> None:
    """Tell what happens while it serves, for example that types were loaded again."""
    if fmt == "table":
        print(f"{event['event']}: {event.get('message', '')}", flush=True)
    else:
        emit_item(fmt, event)
