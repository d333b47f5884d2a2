"""What every case of the kit uses: a registry to be opened, a time to be moved, small values."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from aidevos.core.errors import AidevosError
from aidevos.registry.base import Change, Endpoint, Registry, Service

PATIENCE_S = 5.0


class Kit:
    """The two methods that a back end provides."""

    async def open_registry(self) -> Registry:
        """Return an empty registry; whoever opened it closes it after the test."""
        raise NotImplementedError

    async def advance(self, ms: int) -> None:
        """Let `ms` pass for the registry."""
        raise NotImplementedError


def service(name: str, **more: Any) -> Service:
    """Return a small service."""
    endpoint = Endpoint("grpc", "127.0.0.1:1")
    return Service(name=name, **{"kind": "app", "endpoints": (endpoint,), **more})


async def names(registry: Registry, prefix: str = "") -> list[str]:
    """Return the registered names."""
    listing = await registry.list_services(prefix)
    return [registered.service.name for registered in listing.services]


async def following(changes: AsyncIterator[Change], count: int) -> list[tuple[str, bool]]:
    """Return the next changes as (name, gone)."""
    found = [await asyncio.wait_for(anext(changes), PATIENCE_S) for _ in range(count)]
    return [(change.registered.service.name, change.gone) for change in found]


async def refusal(call: Coroutine[Any, Any, object]) -> str:
    """Return the reason that `call` is refused for; empty if it is not."""
    try:
        await call
    except AidevosError as error:
        return error.reason
    return ""
