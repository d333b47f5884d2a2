"""Options that many verbs share, so that they read the same everywhere."""

import click

from aidevos_cli.typed import DATA_DEFAULT

FORMATS = ("table", "json", "yaml")
DOORS = ("own", "grpcio")
"""Those of the server, written again: help must not pay for importing gRPC."""


def _remember(ctx: click.Context, _: click.Parameter, value: str) -> str:
    """Keep the format at the root too: an error is printed in it (see `LazyGroup.invoke`)."""
    ctx.find_root().obj = value
    return value


output_option = click.option(
    "-o",
    "--output",
    "fmt",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    is_eager=True,
    callback=_remember,
    help="How to print; json is one object a line.",
)

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False),
    default=DATA_DEFAULT,
    show_default=True,
    help="The data directory; its address file names the running server.",
)

door_option = click.option(
    "--door",
    type=click.Choice(DOORS),
    default=DOORS[0],
    show_default=True,
    help="Who speaks HTTP/2 for gRPC in the server that this starts: we, or grpc.aio.",
)
