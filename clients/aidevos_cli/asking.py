"""Asks a running server a few things and leaves: what the reading verbs share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aidevos_agents.agent.connection import Connection

from aidevos.core.errors import AidevosError
from aidevos_cli.context import need_server
from aidevos_cli.failures import CliError
from aidevos_cli.typed import where

T = TypeVar("T")
PATIENCE_S = 5.0


def ask(data: str, question: Callable[[Connection], Awaitable[T]]) -> T:
    """Return what `question` gets from the server of `data`. Raises CliError."""
    server = need_server(data)

    async def asked() -> T:
        async with Connection(server.grpc, server.token, patience_s=PATIENCE_S) as connection:
            return await question(connection)

    try:
        return asyncio.run(asked())
    except AidevosError as error:
        hint = f"aidevos runs{where(data)}" if error.reason == "NOT_FOUND" else ""
        raise CliError(error.message, reason=error.reason, hint=hint) from error
