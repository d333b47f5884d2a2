"""Which handler a path has: generic handlers are asked once for a service that is fixed."""

from collections.abc import Callable, Sequence
from typing import Any

import grpc

from aidevos.doors.h2.head import Head, Metadata

ROUTES_MAX = 4_096
Direct = Callable[[Any, Any], None]


class Method:
    """One method of a service, as its generated code registered it."""

    def __init__(self, handler: "grpc.RpcMethodHandler[Any, Any]") -> None:
        """Sort out which of the four kinds it is."""
        kinds = {
            (False, False): handler.unary_unary,
            (False, True): handler.unary_stream,
            (True, False): handler.stream_unary,
            (True, True): handler.stream_stream,
        }
        self.streams_in = bool(handler.request_streaming)
        self.streams_out = bool(handler.response_streaming)
        behavior = kinds[self.streams_in, self.streams_out]
        assert behavior is not None, "a handler without its method"
        self.behavior: Callable[[Any, Any], Any] = behavior
        self.decode: Callable[[bytes], Any] = handler.request_deserializer or _same
        self.encode: Callable[[Any], bytes] = handler.response_serializer or _same
        self.direct: Direct | None = None
        """Called with request and call instead of `behavior`: it answers the call later."""


class Details(grpc.HandlerCallDetails):
    """What a generic handler is asked about."""

    def __init__(self, method: str, metadata: Metadata) -> None:
        """`method` is the path."""
        self.method = method
        self.invocation_metadata = metadata


class Routes:
    """Finds methods by path."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[str, Method] = {}
        """Methods of fixed services by path: look here first."""
        self._handlers: list[grpc.GenericRpcHandler] = []
        self._sorted: dict[int, tuple[object, Method]] = {}
        self._direct: dict[str, Direct] = {}

    def add(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Ask `handlers` too, after those that are there."""
        self._handlers += handlers
        self.known.clear()

    def add_direct(self, path: str, direct: Direct) -> None:
        """Let `direct` begin the unary calls of `path`, without a coroutine."""
        self._direct[path] = direct
        self.known.clear()

    def find(self, head: Head) -> Method | None:
        """Return the method of a call, None if nobody has it."""
        details = Details(head.path, head.metadata)
        for generic in self._handlers:
            found = generic.service(details)
            if found is not None:
                method = self._method(found)
                method.direct = self._direct.get(head.path)
                if isinstance(generic, grpc.ServiceRpcHandler) and len(self.known) < ROUTES_MAX:
                    self.known[head.path] = method
                return method
        return None

    def _method(self, handler: "grpc.RpcMethodHandler[Any, Any]") -> Method:
        """Return what a handler was sorted into before: services that come and go keep theirs."""
        kept = self._sorted.get(id(handler))
        if kept is not None and kept[0] is handler:
            return kept[1]
        if len(self._sorted) >= ROUTES_MAX:
            self._sorted.clear()
        method = Method(handler)
        self._sorted[id(handler)] = (handler, method)
        return method


def _same(message: Any) -> Any:
    return message


REFUSED = Method(grpc.stream_stream_rpc_method_handler(_same))
"""Stands in for the method of a call that no handler sees."""
