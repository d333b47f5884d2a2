"""What a call needs from the connection it came by, and from the server behind that."""

import asyncio
from typing import Protocol

from aidevos.doors.h2.connection import Connection
from aidevos.doors.h2.deadlines import Deadlines
from aidevos.doors.h2.limits import Budget, Limits
from aidevos.doors.h2.routes import Routes
from aidevos.doors.h2.seat import Seats


class Common:
    """What all connections of a server share."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, routes: Routes, limits: Limits, calls_max: int
    ) -> None:
        """Begin without connections; handlers see the context variables of who makes this."""
        self.loop = loop
        self.routes = routes
        self.calls_max = calls_max
        self.limits = limits
        self.budget = Budget()
        self.seats = Seats(loop)
        self.deadlines = Deadlines(loop)
        self.calls = 0
        """Calls whose handlers have begun, and are open or still run."""


class Line(Protocol):
    """One connection, as its calls use it."""

    common: Common
    core: Connection
    peer: str
    paused: bool
    """The transport takes no more for the moment."""

    def flush_soon(self) -> None:
        """Write what was sent, together with all that is sent in this turn of the loop."""

    def flush(self) -> None:
        """Write what was sent, now."""

    def resumed(self) -> "asyncio.Future[None]":
        """Return what is done when the transport takes more."""
