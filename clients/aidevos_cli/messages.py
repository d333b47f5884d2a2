"""`aidevos messages [--run RUN]`: what the agents said, and who knew what when."""

import click

from aidevos_cli.options import data_option, output_option
from aidevos_cli.output import emit_item, emit_rows

COLUMNS = ("run", "seq", "time", "sender", "recipient", "type", "about", "known")


@click.command(epilog="For example: aidevos messages --run run-0123456789abcdef")
@click.option("--run", default="", help="Only the conversation of this run.")
@click.option("--agent", default="", help="Only messages that this agent sent or got.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@data_option
@output_option
def messages(run: str, agent: str, limit: int, data: str, fmt: str) -> None:
    """List messages with what every recipient did with them, and when."""
    from aidevos_cli.asking import ask  # noqa: PLC0415 (grpc: help must not pay for it)
    from aidevos_cli.messages_read import Wanted, as_row, as_table, read_messages  # noqa: PLC0415

    wanted = Wanted(run, agent, limit)
    found = ask(data, lambda connection: read_messages(connection, wanted))
    if fmt == "table":
        emit_rows(fmt, COLUMNS[bool(run) :], map(as_table, found))
        return
    for record in found:
        emit_item(fmt, as_row(record))
