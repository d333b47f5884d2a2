"""A call between its arrival and its answer, and the session that numbered it. Pure.

One object per call: admission fills it, the shell's own subclass adds what runs the turn, the
batch carries it to its release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aidevos.core.calls import Scope
from aidevos.core.record import CallRecord

if TYPE_CHECKING:
    from aidevos.core.burst import Burst


class Sink(Protocol):
    """Who waits for answers: a unary caller, or the stream of a session."""

    def answer(self, number: int, value: object) -> None:
        """Take what call `number` came to: an Answer, a reader's value or an AidevosError."""
        ...


class LiveSession:
    """A session as its owner sees it while calls come: its mark so far, its calls under way."""

    __slots__ = ("asked", "expires_ms", "mark", "running", "scope", "streams")

    def __init__(self, scope: Scope, expires_ms: int) -> None:
        """Begin with nothing under way."""
        self.scope = scope
        self.expires_ms = expires_ms
        self.asked = 0
        """The mark that the client said last."""
        self.mark = 0
        """What of it rides in the next record: no call under way is at or below it."""
        self.running: dict[int, Pending | Burst] = {}
        self.streams = 0
        """Streams that carry it now."""


class Pending:
    """One call under way. `session` is None for a plain request_id, and for readers."""

    __slots__ = (
        "arrived",
        "batch",
        "expires_at_ms",
        "joined",
        "now_ms",
        "number",
        "payload_hash",
        "scope",
        "session",
        "sink",
        "value",
    )

    arrived: int
    """Confirmations begun when it arrived (core/gate)."""
    now_ms: int
    """The time of its turn, for ever."""

    def __init__(self, sink: Sink, number: int) -> None:
        """`number` names the call to its sink."""
        self.sink = sink
        self.number = number
        self.session: LiveSession | None = None
        self.scope: Scope | None = None
        """Set for changes."""
        self.expires_at_ms: int | None = None
        self.payload_hash = b""
        self.joined: list[tuple[Sink, int, bool]] | None = None
        """Copies that came while it ran, and whether they brought the same payload."""
        self.batch = 0
        """The batch that carries it, once its turn is finished."""
        self.value: object = None

    def record(self) -> CallRecord:
        """Return its identity as it is stored."""
        assert self.scope is not None, "a query is not recorded"
        session = self.session
        if session is None:
            return CallRecord(self.scope[2], 1, self.payload_hash, self.expires_at_ms)
        return CallRecord(
            self.scope[2], self.number, self.payload_hash, session.expires_ms, session.mark
        )
