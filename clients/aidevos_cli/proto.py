"""`aidevos proto export`: the .proto of a typed service, for stubs in any language."""

from pathlib import Path

import click
from aidevos_client import Client
from aidevos_client.reflection import file_of, services
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from aidevos.doors.typed.names import camel
from aidevos.doors.typed.proto_text import proto_text
from aidevos_cli.failures import CliError
from aidevos_cli.options import data_option
from aidevos_cli.remote import Remote, server_option, token_option
from aidevos_cli.typed import where

OURS = ("aidevos.", "grpc.")


@click.group()
def proto() -> None:
    """Show the typed gRPC services of types and apps.

    For example: aidevos proto export Counter -o counter.proto
    """


@proto.command()
@click.argument("name", metavar="TYPE|APP")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of the standard output.",
)
@click.option("--version", type=click.IntRange(1), help="This version of the package. [newest]")
@server_option
@token_option
@data_option
def export(
    name: str, output: Path | None, version: int | None, server: str, token: str, data: str
) -> None:
    """Write the .proto of a type's or an app's typed service, comments included.

    Any protoc makes stubs of it; they call this server, and go on through every change that does
    not make a new version of the package.

    For example: aidevos proto export todo -o todo.proto
    """
    remote = Remote(data, server, token, "table")

    async def work(client: Client) -> FileDescriptorProto:
        served = await services(client.connection)
        return await file_of(client.connection, _chosen(name, version, served, data))

    text = proto_text(remote.run(work))
    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text)
    except OSError as error:
        raise CliError(f"{output} cannot be written: {error.strerror}", reason="INTERNAL") from None


def _chosen(name: str, version: int | None, served: list[str], data: str) -> str:
    """Return the full name of the service that `name` stands for: the newest, if not told."""
    typed = [service for service in served if not service.startswith(OURS)]
    wanted = {name, f"{camel(name)}Service"}
    found = [s for s in typed if s in wanted or s.rpartition(".")[2] in wanted]
    if found and version is not None:
        return _of_version(name, version, found, data)
    if not found:
        known = ", ".join(typed) or "none"
        raise CliError(
            f"{name} has no typed service here; there are: {known}",
            reason="NOT_FOUND",
            hint=f"aidevos dev --types examples/counter.py{where(data)}",
        )
    return max(found, key=_version)


def _of_version(name: str, version: int, found: list[str], data: str) -> str:
    """Return the one of a type's or an app's services that has this version."""
    by_version = {_version(service): service for service in found}
    if version not in by_version:
        *others, newest = sorted(by_version)
        known = f"are {', '.join(map(str, others))} and {newest}" if others else f"is {newest}"
        raise CliError(
            f"{name} has no version {version}; there {known}",
            reason="NOT_FOUND",
            hint=f"aidevos proto export {name} --version {newest}{where(data)}",
        )
    return by_version[version]


def _version(service: str) -> int:
    """Return 2 for `counter.v2.CounterService`."""
    return int(service.split(".")[-2].removeprefix("v"))
