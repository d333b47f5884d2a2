"""`aidevos build SPEC`: a spec becomes a running service, by a team of agents.

The command starts the server of the data directory, or finds it running, asks it for a run, tells
what happens in it, and serves. What it knows comes from the server; it decides nothing.
"""

import asyncio
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from aidevos_cli.build_server import BuildServer
from aidevos_cli.build_view import View, make_view
from aidevos_cli.failures import FAILED, CliError
from aidevos_cli.interrupt import INTERRUPTED, leave_at_once, raise_again
from aidevos_cli.options import data_option, door_option, output_option
from aidevos_cli.server import Listen
from aidevos_cli.spec_file import SpecRefusedError, read_spec
from aidevos_cli.typed import to_look_at


@click.command(epilog="For example: aidevos build examples/todo.md")
@click.argument("spec", type=click.Path(path_type=Path))
@data_option
@click.option("--http", metavar="HOST:PORT", default="", help="Where the apps are served.")
@click.option("--admin", metavar="HOST:PORT", default="", help="Where objects and metrics are.")
@click.option("--grpc", metavar="HOST:PORT", default="", help="Where gRPC is served.")
@door_option
@click.option("--exit", "leave", is_flag=True, help="End after deploying instead of serving.")
@output_option
def build(spec: Path, data: str, leave: bool, fmt: str, **listen: str) -> None:
    """Turn SPEC into a tested, deployed, running service."""
    signal.signal(signal.SIGTERM, _interrupt)
    view = make_view(fmt, str(spec), time.monotonic())
    try:
        text = read_spec(spec)
    except SpecRefusedError as error:
        view.refused_at_once(error.line, error.what, error.do)
        sys.exit(FAILED)
    try:
        _build(text, spec.name, BuildServer(data, Listen(**listen)), view, leave=leave)
    except KeyboardInterrupt:
        print("stopped; what is not finished goes on at the next start", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _build(text: str, name: str, server: BuildServer, view: View, *, leave: bool) -> None:
    """Build, then serve or leave; the server that was started here ends with this command."""
    leave_at_once()
    from aidevos_cli.build_run import build_on  # noqa: PLC0415 (grpc: help must not pay for it)

    raise_again()
    with server:
        found = server.start()
        try:
            result = asyncio.run(build_on(found, text, name, view))
        except CliError as error:
            raise server.explained(error) from error
        stays = not server.own or (result.deployed and not leave)
        look = to_look_at(result.run, server.data, serving=stays)
        view.result(replace(result, look=look))
        if not result.deployed:
            sys.exit(FAILED)
        if server.own and not leave:
            view.serving()
            server.wait()


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    """Let SIGTERM end the command as Ctrl-C does: the server is stopped cleanly."""
    raise KeyboardInterrupt
