"""The places where this process listens: bound early, so that a taken port is told at once.

A default port that is taken becomes a free one; an explicit one that is taken is an error.
"""

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from aidevos.core.errors import AidevosError, InvalidArgumentError, UnavailableError

PORTS = {"http": 8080, "admin": 8081, "grpc": 50051}
"""Default ports, on 127.0.0.1."""
SERVED = {"http": "apps are", "admin": "objects and metrics are", "grpc": "gRPC is"}
"""What a default port is for."""
BACKLOG = 512
"""Connections that may wait before their door opens."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket: who connects before its door opens waits, and is answered then."""

    name: str
    socket: socket.socket

    @property
    def place(self) -> str:
        """`host:port` as a client writes it."""
        host, port = self.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        """The address for people: with a scheme where there is one."""
        return self.place if self.name == "grpc" else f"http://{self.place}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.socket.getsockname()[0]).is_loopback


def bind(name: str, wanted: str) -> Listener:
    """Bind the listener called `name` at `wanted` (`HOST:PORT`), or near its default place."""
    if wanted:
        return Listener(name, _bound(name, *_parse(name, wanted)))
    try:
        return Listener(name, _bound(name, "127.0.0.1", PORTS[name]))
    except UnavailableError:
        free = Listener(name, _bound(name, "127.0.0.1", 0))
        print(f"{PORTS[name]} is taken: {SERVED[name]} on {free.place}", file=sys.stderr)
        return free


def _parse(name: str, wanted: str) -> tuple[str, int]:
    host, _, port = wanted.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InvalidArgumentError(
            f"--{name} takes HOST:PORT, for example 127.0.0.1:{PORTS[name]}, not {wanted!r}",
            field=name,
        )
    return host, int(port)


def _bound(name: str, host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind)
    except OSError as error:
        raise UnavailableError(f"--{name}: {host} is no address of this machine: {error}") from None
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(place)
        made.listen(BACKLOG)  # Linux lets two sockets bind here, but only one listen.
    except OSError as error:
        made.close()
        raise UnavailableError(f"--{name} {host}:{port}: {_why(error)}") from None
    made.setblocking(False)
    return made


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is taken; choose another one, or :0 for any free port"
    return os.strerror(error.errno) if error.errno else str(error)


def bind_all(wanted_places: Mapping[str, str]) -> dict[str, Listener]:
    """Bind every listener, or none: what was bound is closed when one cannot be."""
    bound: dict[str, Listener] = {}
    try:
        for name, wanted in wanted_places.items():
            bound[name] = bind(name, wanted)
    except AidevosError:
        for listener in bound.values():
            listener.socket.close()
        raise
    return bound
