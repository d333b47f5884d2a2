"""`aidevos get`, `list`, `history`: what objects are, which there are, what happened to one."""

import json
from itertools import chain

import click
from aidevos_client import Client

from aidevos.core.turn import Scalar
from aidevos.doors.port import ObjectView, StoredEvent
from aidevos_cli.failures import CliError
from aidevos_cli.names import check_names
from aidevos_cli.output import Row, emit_item, emit_rows
from aidevos_cli.remote import Remote, parse_address, remote_verb
from aidevos_cli.times import rfc3339

COLUMNS = ("sequence", "event", "body", "time", "principal", "method")


@click.command()
@click.argument("address", metavar="TYPE/KEY")
@click.option("--version", type=click.IntRange(1), help="As it was after this many events.")
@remote_verb
def get(remote: Remote, address: str, version: int | None) -> None:
    """Show one object with its state.

    For example: aidevos get Counter/a --version 1
    """
    kind, key = parse_address(address)

    async def work(client: Client) -> ObjectView:
        return await client.get(kind, key, version=version)

    view = remote.run(work)
    emit_item(remote.fmt, {**_row(view), "created": rfc3339(view.created_ms), **_state(view)})


@click.command(name="list")
@click.argument("kind", metavar="[TYPE]", default="")
@click.option("--prefix", default="", help="Only keys that begin with this.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help='Only objects whose indexed FIELD is VALUE (JSON, else text: title="2" is the text 2).',
)
@click.option("--limit", type=click.IntRange(1), default=1_000, show_default=True)
@remote_verb
def list_(remote: Remote, kind: str, prefix: str, where: tuple[str, ...], limit: int) -> None:
    """List objects, of one type or of all, without waking any.

    For example: aidevos list Counter --where total=2
    """
    wanted = dict(_condition(text) for text in where)
    size = min(limit, 1_000)

    async def work(client: Client) -> list[Row]:
        rows: list[Row] = []
        async for view in client.list(kind, key_prefix=prefix, where=wanted, page_size=size):
            rows.append({**_row(view), **view.index})
            if len(rows) == limit:
                break
        if not rows:
            check_names(await client.indexed(), kind, wanted)
        return rows

    rows = remote.run(work)
    columns = list(dict.fromkeys(chain(("type", "key", "version", "updated"), *rows)))
    emit_rows(remote.fmt, columns, rows)


@click.command()
@click.argument("address", metavar="TYPE/KEY")
@click.option("--after", type=click.IntRange(0), default=0, help="Only later events than this one.")
@click.option("--watch", is_flag=True, help="Go on with each new event, until Ctrl-C.")
@remote_verb
def history(remote: Remote, address: str, after: int, watch: bool) -> None:
    """Show what happened to one object, event by event.

    For example: aidevos history Counter/a --watch
    """
    kind, key = parse_address(address)

    async def past(client: Client) -> list[Row]:
        events = [_event(event) async for event in client.events(kind, key, after=after)]
        if not events and not after:
            await client.get(kind, key)  # Raises NotFoundError: what is there has a history.
        return events

    async def follow(client: Client) -> None:
        async for event in client.watch(kind, key, after=after):
            _print_one(remote.fmt, _event(event))

    if not watch:
        emit_rows(remote.fmt, COLUMNS, remote.run(past))
        return
    try:
        remote.run(follow)
    except KeyboardInterrupt:  # How a watch ends.
        return


def _row(view: ObjectView) -> Row:
    return {
        "type": view.object.type,
        "key": view.object.key,
        "version": view.version,
        "updated": rfc3339(view.updated_ms),
    }


def _state(view: ObjectView) -> Row:
    return {"state": json.loads(view.state or b"null")}


def _event(event: StoredEvent) -> Row:
    return {
        "sequence": event.sequence,
        "event": event.type,
        "event_version": event.type_version,
        "body": json.loads(event.body),
        "time": rfc3339(event.time_ms),
        "principal": event.principal,
        "method": event.method,
        "request_id": event.request_id,
    }


def _print_one(fmt: str, row: Row) -> None:
    """Print one event of a stream, which has no end to measure columns by."""
    if fmt != "table":
        emit_item(fmt, row)
        return
    body = json.dumps(row["body"], ensure_ascii=False)
    print(f"{row['sequence']}  {row['time']}  {row['event']}  {body}", flush=True)


def _condition(text: str) -> tuple[str, Scalar]:
    field, equals, raw = text.partition("=")
    if not (field and equals):
        raise CliError(
            f"{text!r} is no condition; write FIELD=VALUE",
            reason="INVALID_ARGUMENT",
            hint="aidevos list Counter --where total=2",
        )
    try:
        value = json.loads(raw)
    except ValueError:
        value = raw
    if isinstance(value, list | dict):
        raise CliError(
            f"{text!r}: a field is compared with a text, a number, true, false or null",
            reason="INVALID_ARGUMENT",
            hint="aidevos list Counter --where total=2",
        )
    return field, value
