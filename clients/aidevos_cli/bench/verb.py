"""`aidevos bench`: how many calls a server answers, how fast, and what they cost."""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import click
import uvloop

from aidevos.core.errors import AidevosError
from aidevos_cli.bench.plan import read_plan
from aidevos_cli.bench.work import measure
from aidevos_cli.context import need_server
from aidevos_cli.example import counter_server
from aidevos_cli.failures import CliError
from aidevos_cli.options import output_option
from aidevos_cli.output import Row, emit_rows
from aidevos_cli.remote import token_option

COLUMNS = ("call", "outstanding", "calls_per_s", "calls_per_cpu_s", "p50_ms", "p99_ms", "p99_9_ms")
TOLD = ("calls_per_fsync", "handler", "cpu_us")
"""Columns that a server tells its operator alone."""


@click.command()
@click.option(
    "--server",
    envvar="AIDEVOS_SERVER",
    default="",
    metavar="HOST:PORT",
    help="Your server's gRPC address; without it a temporary one is started.",
)
@token_option
@click.option("--call", "called", default="Counter.add", show_default=True, metavar="TYPE.METHOD")
@click.option("--arguments", default="{}", show_default=True, metavar="JSON", help="Of each call.")
@click.option(
    "--outstanding",
    type=click.IntRange(1, 4_096),
    multiple=True,
    default=(64, 512),
    show_default=True,
    help="Calls under way at any moment; repeat it to measure more than one.",
)
@click.option("--objects", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1, 3_600), default=5.0, show_default=True)
@output_option
def bench(server: str, token: str, called: str, arguments: str, fmt: str, **load: Any) -> None:
    """Measure calls against your own server, or the example counter on a temporary one.

    Installs nothing: it calls a method that the server has, of objects whose keys begin with
    `bench-` and stay there. CPU is of the processes on this machine; the operator is also told
    of fsyncs and where handlers run.

    For example: aidevos bench --outstanding 64 --seconds 2
    """
    plan = read_plan(called, arguments, load)
    with ExitStack() as stack:
        place = (server, token) if server else _temporary(stack)
        if fmt == "table":
            print(f"{called} for {plan.seconds:g} s each ...", file=sys.stderr, flush=True)
        try:
            rows = uvloop.run(measure(place, plan))
        except AidevosError as error:
            raise CliError(error.message, reason=error.reason, hint=_hint(error)) from None
    if fmt != "table":
        emit_rows(fmt, (), rows)
        return
    emit_rows(fmt, COLUMNS + TOLD, [_readable(row) for row in rows])
    if (unseen := _unseen(rows)) is not None:
        print(unseen, file=sys.stderr)


def _unseen(rows: Sequence[Row]) -> str | None:
    """Return why the server's CPU is not among the numbers, None if it is."""
    if all(row["calls_per_cpu_s"] is not None for row in rows):
        return None
    if all(row["handler"] for row in rows):
        return "CALLS PER CPU S: the server's CPU can be seen on its own machine only"
    return (
        "CALLS PER CPU S: AIDEVOS_TOKEN=... lets it see the server's CPU "
        "(the token is in address.json in the server's data directory)"
    )


def _temporary(stack: ExitStack) -> tuple[str, str]:
    """Start a server of the example counter that is gone afterwards; return place and token."""
    data = stack.enter_context(tempfile.TemporaryDirectory(prefix="aidevos-bench-"))
    server = counter_server(data)
    stack.callback(server.stop)
    server.ready()
    found = need_server(data)
    return found.grpc, found.token


def _hint(error: AidevosError) -> str:
    """Return what to type next."""
    alone = "aidevos bench without --server, which starts one of its own"
    return {
        "UNAVAILABLE": alone,
        "OUTCOME_UNKNOWN": alone,
        "UNAUTHENTICATED": "AIDEVOS_TOKEN=... with a token of that server",
    }.get(error.reason, "aidevos bench --call TYPE.METHOD --arguments JSON that the server takes")


def _readable(row: Row) -> Row:
    cpu = row["cpu_us"]
    assert isinstance(cpu, dict)
    return {**row, "cpu_us": ", ".join(f"{process} {us:.1f}" for process, us in cpu.items())}
