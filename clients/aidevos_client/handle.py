"""A typed handle of one object: the author's own class says what goes in and comes out.

`handle.call(Counter.add, n=2)` is checked by mypy, arguments and reply; `handle.add(n=2)` is the
same call with less typing, unchecked. Only arguments that were given are sent: defaults are
the server's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

import msgspec

from aidevos.core.errors import InvalidArgumentError
from aidevos.objects.methods import Method
from aidevos.objects.object import DurableObject

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
        self._key = key
        self._options = options

    def using(self, options: CallOptions) -> Handle[T]:
        """Return a handle whose calls are made with `options`."""
        return Handle(self._client, self._kind, self._key, options)

    async def call(
        self, method: Callable[Concatenate[T, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a command or query of the class and return its reply as the class types it."""
        found: R = await self._run(method.__name__, *args, **kwargs)
        return found

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return the method `name` as something to call and await."""
        if name not in self._kind.definition.methods:
            raise AttributeError(f"{self._kind.__name__} has no command or query {name}")
        return partial(self._run, name)

    async def _run(self, name: str, *args: object, **kwargs: object) -> Any:
        method = self._kind.definition.methods[name]
        arguments = _by_name(method, args, kwargs)
        answer = await self._client.invoke(
            (self._kind.__name__, self._key), name, arguments, self._options
        )
        return msgspec.json.decode(answer.payload, type=method.returns)


def _by_name(
    method: Method, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> dict[str, object]:
    """Return the given arguments under the names that they have in JSON."""
    fields = method.arguments.__struct_fields__
    wire_names = dict(zip(fields, method.arguments.__struct_encode_fields__, strict=True))
    given = {**dict(zip(fields, args, strict=False)), **kwargs}
    unknown = [name for name in given if name not in wire_names]
    if unknown or len(args) > len(fields):
        named = ", ".join(unknown) or f"more than {len(fields)} arguments"
        raise InvalidArgumentError(f"{method.where} does not take {named}", field=named)
    return {wire_names[name]: value for name, value in given.items()}
