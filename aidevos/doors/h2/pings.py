"""PING: answers, gRPC's keepalive policy ("too_many_pings"), and our own two questions.

We ask to learn whether a silent peer is alive, and, when draining, to learn that the peer has
read the warning: what it opened before it did is served.
"""

from aidevos.doors.h2 import frames
from aidevos.doors.h2.faults import Code, ConnectionFault
from aidevos.doors.h2.limits import Debt
from aidevos.doors.h2.sending import Sender

INTERVAL_MS = 5_000
"""A client that asks more often, while it gets nothing else, gets a strike."""
STRIKES_MAX = 2
_ALIVE, _WARNED = b"aidevos?", b"aidevos."


class Pings:
    """Questions of both sides on one connection."""

    def __init__(self, sender: Sender, debt: Debt) -> None:
        """Nothing is asked."""
        self.asked_ms = 0
        """When we asked what has no answer yet; 0: nothing."""
        self.warned = False
        """The peer has read the first GOAWAY."""
        self._sender = sender
        self._debt = debt
        self._strikes = 0
        self._useful = -1
        self._last_ms = 0

    def ask(self, *, drain: bool = False) -> None:
        """Ask whether the peer is there, or whether it has read what was said."""
        self.asked_ms = self._debt.now_ms or 1
        payload = _WARNED if drain else _ALIVE
        self._sender.out.append(frames.frame(frames.PING, 0, 0, payload))

    def received(self, payload: bytes, *, ack: bool) -> None:
        """Take one. Raises ConnectionFault for one too many."""
        self._debt.add(Debt.PING)
        if ack:
            self.asked_ms = 0
            self.warned = self.warned or payload == _WARNED
            return
        self._count()
        self._sender.out.append(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _count(self) -> None:
        """Give a strike, or forgive them all when something else went out since the last time."""
        now, useful = self._debt.now_ms, self._debt.useful
        if useful != self._useful:
            self._useful, self._strikes = useful, 0
        elif now - self._last_ms < INTERVAL_MS:
            self._strikes += 1
            if self._strikes > STRIKES_MAX:
                raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too_many_pings")
        self._last_ms = now
