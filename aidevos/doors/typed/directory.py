"""The typed services that are served now: one generic handler with a look-up by path.

Replaced whole and between two turns of the loop: a caller meets the version before or the next
one. Streams that are open go on with what they began with.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import grpc

from aidevos.doors.typed.calls import Removed, Serving, TypedRpc
from aidevos.doors.typed.contract import Rpc
from aidevos.doors.typed.package import Package

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Directory(grpc.GenericRpcHandler):
    """Finds handlers for calls and descriptors for reflection."""

    def __init__(self, serving: Serving) -> None:
        """Begin without services."""
        self._serving = serving
        self._owned: dict[str, tuple[Package, ...]] = {}
        self._paths: dict[str, tuple[Package, Rpc]] = {}
        self._gone: dict[str, str] = {}
        """Services that were served once, each with what to say of it."""
        self._handlers: dict[str, Handler] = {}

    def replace(self, owner: str, packages: Sequence[Package]) -> None:
        """Serve exactly these for `owner` (a service of the host), instead of those before."""
        before = self._owned.pop(owner, ())
        if packages:
            self._owned[owner] = tuple(packages)
        for package in before:
            name = package.contract.service_name
            self._gone[name] = f"{name} was served by {owner}, which no longer has it"
        served = [package for owned in self._owned.values() for package in owned]
        self._paths = {
            f"/{package.contract.service_name}/{rpc.name}": (package, rpc)
            for package in served
            for rpc in package.contract.rpcs
        }
        for package in served:
            self._gone.pop(package.contract.service_name, None)
        self._handlers = {}

    def remember(self, service_names: Iterable[str]) -> None:
        """Know services of earlier runs, so that their stubs are told what happened."""
        for name in service_names:
            self._gone[name] = f"{name} was served by this server once; what it was of is gone"

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Return the handler of a call, or None for a path that is not of a typed service."""
        return self.handler(handler_call_details.method)

    def handler(self, path: str) -> "Handler | None":
        """Return the handler of `/package.Service/Rpc`; messages are bytes on both sides."""
        found = self._handlers.get(path)
        if found is None:
            found = self._made(path)
            if found is not None and path in self._paths:  # Others could name any number.
                self._handlers[path] = found
        return found

    def _made(self, path: str) -> "Handler | None":
        entry = self._paths.get(path)
        if entry is None:
            sentence = self._gone.get(path[1:].partition("/")[0])
            return None if sentence is None else _handler(Removed(sentence), streams=False)
        package, rpc = entry
        runs = package.served.get(rpc.name)
        if runs is None:
            now = package.current.service_name
            sentence = f"{path[1:]} is no longer what it was; {now} is served instead"
            return _handler(Removed(sentence), streams=rpc.watch)
        return _handler(TypedRpc(self._serving, package, rpc, runs), streams=rpc.watch)

    # ---- for reflection ----------------------------------------------------------------------

    def packages(self, principal: str) -> list[Package]:
        """Return what `principal` may call anything of, by name."""
        found = (package for owned in self._owned.values() for package in owned)
        shown = (package for package in found if package.shown_to(principal))
        return sorted(shown, key=lambda package: package.contract.service_name)


def _handler(rpc: TypedRpc | Removed, *, streams: bool) -> Handler:
    if streams:
        return grpc.unary_stream_rpc_method_handler(rpc.watch)
    return grpc.unary_unary_rpc_method_handler(rpc.answer)
