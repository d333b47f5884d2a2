"""The one interface of gRPC servers: what servicers see, whoever speaks HTTP/2 beneath them.

`GrpcioServer` (grpc.aio) is the reference, `OwnServer` (`doors/h2`) the second; the kit in
tests/doors/conformance runs on both. Servicers are registered by the generated
`add_XServicer_to_server(servicer, server)`. When a caller leaves, or its deadline passes, its
handler's task is cancelled. A handler is a coroutine function, an async generator,
or a plain function that does not block; requests come as one message or as an async iterator.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import grpc

MESSAGE_BYTES_MAX = 4 << 20
"""Largest request; a payload of 1 MiB fits with its envelope. Larger: RESOURCE_EXHAUSTED."""
CALLS_MAX = 10_000
"""Calls and streams under way; one more is answered RESOURCE_EXHAUSTED."""


class ServicerContext(Protocol):
    """What a handler may ask of its call. Both servers have more; servicers use this alone."""

    def invocation_metadata(self) -> Any:
        """Return pairs of name and value in order; values of -bin names are bytes."""

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, None without one."""

    def peer(self) -> str:
        """Return who calls, as `ipv4:127.0.0.1:50051`."""

    def add_done_callback(self, callback: Any) -> None:
        """Call `callback(context)` once the call is over."""

    def set_code(self, code: grpc.StatusCode) -> None:
        """Let the call end with `code`; one that is not OK has no answer."""

    def set_details(self, details: str) -> None:
        """Let the status say `details`."""

    def set_trailing_metadata(self, trailing_metadata: Any) -> None:
        """Send these pairs with the status."""

    @property  # Generated code mixes grpc's two kinds of contexts, which differ in these two.
    def send_initial_metadata(self) -> Callable[..., Any]:
        """Called with pairs and awaited: send them now, before any answer."""

    def read(self) -> Awaitable[Any]:
        """Return the next request of a stream, grpc.aio.EOF after the last."""

    def write(self, message: Any) -> Awaitable[None]:
        """Send one answer of a stream; waits while the caller is behind."""

    @property
    def abort(self) -> Callable[..., Any]:
        """Called with code, details and trailing pairs, and awaited: end the call.

        Raises grpc.aio.AbortError, which handlers let pass.
        """


@runtime_checkable
class InlineContext(ServicerContext, Protocol):
    """A stream's context whose server can hand over and send without waking a task."""

    def take_inline(self, take: Callable[[bytes], None] | None) -> None:
        """Call `take` with each further request as it comes, encoded; None: `read` has it again.

        `take` must not raise. `read` has what came before, then EOF after the last.
        """

    def may_put_inline(self) -> bool:
        """Whether the caller takes one more answer now; else `write` it."""

    def put_inline(self, message: Any) -> None:
        """Send one answer, if that may be."""


class Registry(Protocol):
    """What servicers are registered with."""

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Ask `handlers` for the method of each call, in order."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Methods again, by name: generated code calls both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files of a server that speaks TLS, with h2 agreed by ALPN."""

    certificate: Path
    """The server's certificate, with those that lead to a root after it."""

    key: Path
    client_roots: Path | None = None
    """If set, clients have to show a certificate that leads to one of these."""


class GrpcServer(Registry, Protocol):
    """One gRPC server: register, `listen`, `stop`."""

    async def listen(self, address: str, tls: Tls | None = None) -> int:
        """Answer on `host:port`; return the port (0 asks for a free one).

        Raises UnavailableError when the address cannot be had.
        """

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, let those under way finish within `grace_s`, then end them."""
