"""A typed handle of one object: the author's own class says what goes in and comes out.

`handle.call(Counter.add, n=2)` is checked by mypy, arguments and reply; `handle.add(n=2)` is the
same call with less typing, unchecked. Only arguments that were given are sent: defaults are
the server's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from aidevos.objects.object import DurableObject
from aidevos_client.binding import bindings_of

if TYPE_CHECKING:
    from aidevos_client.client import CallOptions, Client

T = TypeVar("T", bound=DurableObject)
P = ParamSpec("P")
R = TypeVar("R")


class Handle(Generic[T]):
    """One object, as its class describes it."""

    def __init__(
        self, client: Client, kind: type[T], key: str, options: CallOptions | None = None
    ) -> None:
        """Bind; nothing is called."""
        self._client = client
        self._kind = kind
        self._address = (kind.__name__, key)
        self._options = options
        self._bindings = bindings_of(kind)  # type: ignore[arg-type]  # mypy: a class is hashable

    def using(self, options: CallOptions) -> Handle[T]:
        """Return a handle whose calls are made with `options`."""
        return Handle(self._client, self._kind, self._address[1], options)

    async def call(
        self, method: Callable[Concatenate[T, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a command or query of the class and return its reply as the class types it."""
        known = self._bindings[method.__name__]
        payload = known.payload(args, kwargs)
        answer = await self._client.invoke(self._address, known.name, payload, self._options)
        found: R = known.reply(answer.payload)
        return found

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return the method `name` as something to call and await."""
        if name not in self._bindings:
            raise AttributeError(f"{self._kind.__name__} has no command or query {name}")
        return partial(self._run, name)

    async def _run(self, name: str, *args: object, **kwargs: object) -> Any:
        known = self._bindings[name]
        payload = known.payload(args, kwargs)
        answer = await self._client.invoke(self._address, name, payload, self._options)
        return known.reply(answer.payload)
