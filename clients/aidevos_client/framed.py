"""Framed calls of one client: one session at a time, renewed before it ends."""

import asyncio

from aidevos.core.call import Answer
from aidevos_client.carrier import Carrier
from aidevos_client.connection import CLOSED, Connection
from aidevos_client.pending import PendingCall


class FramedCalls:
    """The sessions of one client for one tenant; the first is made by the first call."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        """Send calls of `tenant` over `connection`."""
        self._connection = connection
        self._tenant = tenant
        self._carrier: Carrier | None = None
        self._retired: list[Carrier] = []
        """Those whose last calls are under way."""
        self._closed = False

    def submit(self, call: PendingCall) -> "asyncio.Future[Answer]":
        """Send a call; return what its caller waits for. Raises RuntimeError once closed."""
        carrier = self._carrier
        if carrier is None or call.deadline > carrier.usable_until:
            carrier = self._renew()
        carrier.submit(call)
        return call.future

    async def close(self) -> None:
        """End all sessions; who still waits is told what is known."""
        self._closed = True
        carriers = [*self._retired, *([self._carrier] if self._carrier else [])]
        self._carrier, self._retired = None, []
        await asyncio.gather(*(carrier.close() for carrier in carriers))

    def _renew(self) -> Carrier:
        """Begin a new session; calls under way finish in the one before."""
        if self._closed:
            raise RuntimeError(CLOSED)
        self._retired = [carrier for carrier in self._retired if not carrier.over]
        if self._carrier is not None:
            self._carrier.retire()
            self._retired.append(self._carrier)
        self._carrier = Carrier(self._connection, self._tenant, self.submit)
        return self._carrier
