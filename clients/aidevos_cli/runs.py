"""`aidevos runs [RUN]`: what became of the specs, stage by stage and reasoner call by call."""

import click

from aidevos_cli.options import data_option, output_option
from aidevos_cli.output import Row, emit_item, emit_rows

LIST = ("run", "spec_name", "app", "outcome", "version", "started", "seconds", "stages")
STAGES = ("stage", "outcome", "attempt", "seconds", "tree")
CALLS = ("task", "call", "state", "attempts", "reasoner", "seconds", "by")


@click.command(epilog="For example: aidevos runs")
@click.argument("run", required=False)
@data_option
@output_option
def runs(run: str | None, data: str, fmt: str) -> None:
    """List runs, newest first, or show all of one RUN."""
    from aidevos_cli.asking import ask  # noqa: PLC0415 (grpc: help must not pay for it)
    from aidevos_cli.runs_read import list_runs, read_run  # noqa: PLC0415

    if run is None:
        emit_rows(fmt, LIST, ask(data, list_runs))
        return
    _one(fmt, ask(data, lambda connection: read_run(connection, run)))


def _one(fmt: str, found: Row) -> None:
    if fmt != "table":
        emit_item(fmt, found)
        return
    nested = ("stages", "calls", "reasons", "coverage", "gates")
    emit_item(fmt, {name: value for name, value in found.items() if name not in nested})
    for title, columns in (("stages", STAGES), ("calls", CALLS)):
        print(f"\n{title}")
        emit_rows(fmt, columns, found[title])  # type: ignore[arg-type]
    if found["reasons"]:
        print("\nreasons")
        emit_rows(fmt, ("line", "what", "do"), found["reasons"])  # type: ignore[arg-type]
