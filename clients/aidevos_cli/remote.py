"""How a verb talks to a server: finds it, runs one piece of work, ends refusals well."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from aidevos_client import Client

from aidevos.core.errors import AidevosError
from aidevos_cli.context import need_server
from aidevos_cli.failures import CliError
from aidevos_cli.options import data_option, output_option
from aidevos_cli.typed import where

T = TypeVar("T")


def remote_verb(verb: Callable[..., None]) -> Callable[..., None]:
    """Add `--data`, `--server`, `--token` and `-o`; the verb gets them first, as a Remote."""

    @server_option
    @token_option
    @data_option
    @output_option
    @functools.wraps(verb)
    def with_remote(**options: Any) -> None:
        remote = Remote(*(options.pop(name) for name in ("data", "server", "token", "fmt")))
        verb(remote, **options)

    return with_remote


server_option = click.option(
    "--server",
    envvar="AIDEVOS_SERVER",
    default="",
    metavar="HOST:PORT",
    help="A server's gRPC address, instead of the one that serves --data.",
)
token_option = click.option(
    "--token",
    envvar="AIDEVOS_TOKEN",
    default="",
    help="Bearer token for --server; better given in AIDEVOS_TOKEN.",
)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the server is, with which token, and how to print what it says."""

    data: str
    server: str
    token: str
    fmt: str

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Run `work` with a client; a refusal ends the verb with a sentence and a code."""
        try:
            return asyncio.run(self._run(work))
        except AidevosError as error:
            raise CliError(error.message, reason=error.reason, hint=self._hint(error)) from error

    def _place(self) -> tuple[str, str]:
        if self.server:
            return self.server, self.token
        found = need_server(self.data)
        return found.grpc, found.token

    async def _run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        address, token = self._place()
        async with Client(address, token or None) as client:
            return await work(client)

    def _hint(self, error: AidevosError) -> str:
        """Return what to type next."""
        if error.reason == "OUTCOME_UNKNOWN" and "request_id" in error.metadata:
            return f"the same call with --request-id {error.metadata['request_id']}"
        away = f"aidevos dev{where(self.data)}"
        if self.server:
            away = f"check the address: is {self.server} where a server serves gRPC?"
        return {
            "UNAVAILABLE": away,
            "OUTCOME_UNKNOWN": away,
            "UNAUTHENTICATED": "AIDEVOS_TOKEN=... with a token of that server",
            "NOT_FOUND": f"aidevos list{where(self.data)}",
            "VERSION_CONFLICT": f"aidevos get TYPE/KEY{where(self.data)}",
        }.get(error.reason, "")


def parse_address(text: str) -> tuple[str, str]:
    """Return type and key of `TYPE/KEY`."""
    kind, slash, key = text.partition("/")
    if not (kind and slash and key):
        raise CliError(
            f"{text!r} is no address of an object; write TYPE/KEY",
            reason="INVALID_ARGUMENT",
            hint="aidevos get Counter/a",
        )
    return kind, key
