"""A burst: calls of one session that came in one frame for one shard, all of the usual kind. Pure.

It goes through turn, log and gate as columns, without an object for each call: that is what makes
a framed call cheap (ADR 0020). Usual is a command that was never seen before, of an object that is
held; whatever turns out otherwise about one of them, the burst falls apart into single calls
(core/pending), which then go on from where it stands.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from aidevos.core.call import Answer
from aidevos.core.gate import Released
from aidevos.core.pending import LiveSession, Sink
from aidevos.core.record import BurstRecord
from aidevos.core.turn import TurnBurst


class BurstSink(Sink, Protocol):
    """Who waits for the answers of a burst: the stream of a session."""

    def answer_burst(
        self, numbers: Sequence[int], versions: Sequence[int], replies: Sequence[bytes]
    ) -> None:
        """Take what the calls came to, all of them well, in columns of equal length."""
        ...


class Burst(TurnBurst):
    """Calls between their arrival and their answer. A shell adds what runs them (TurnBurst)."""

    __slots__ = (
        "arrived",
        "batch",
        "hashes",
        "joined",
        "now_ms",
        "numbers",
        "record",
        "session",
        "sink",
    )

    arrived: int
    """Confirmations begun when it arrived (core/gate)."""
    now_ms: int
    """The time of its turns, for ever."""
    record: BurstRecord
    """What it came to, once its turns are finished."""

    numbers: list[int]
    hashes: list[bytes]
    """What a repeat of each call must match."""

    def __init__(self, sink: BurstSink, session: LiveSession) -> None:
        """Bind; the columns are the maker's to set before it is admitted."""
        self.sink = sink
        self.session = session
        self.batch = 0
        """The batch that carries it, once its turns are finished."""
        self.joined: list[tuple[Sink, int, int, bool]] | None = None
        """Copies that came while it ran: who asked, under which number, for which call of this
        burst, and whether they brought the same payload."""

    def __len__(self) -> int:
        return len(self.numbers)

    def join(self, sink: Sink, number: int, of: int, payload_hash: bytes) -> bool:
        """Let a copy of call `of` wait; whether its payload is the same."""
        same = self.hashes[self.numbers.index(of)] == payload_hash
        if self.joined is None:
            self.joined = []
        self.joined.append((sink, number, of, same))
        return same

    def answer(self, number: int) -> Answer:
        """Return the answer of one call, once its turns are finished."""
        place, record = self.numbers.index(number), self.record
        return Answer(version=record.versions[place], payload=record.replies[place])

    def answers(self) -> Iterator[Released]:
        """Yield the answers one by one."""
        record = self.record
        for number, version, reply in zip(
            self.numbers, record.versions, record.replies, strict=True
        ):
            yield self.sink, number, Answer(version=version, payload=reply)
