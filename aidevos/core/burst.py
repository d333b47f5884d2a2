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
from aidevos.core.turn import TurnBurst, TurnResults


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
        *("arrived", "batch", "deadline_ms", "hashes", "joined", "method_index", "methods"),
        *("now_ms", "numbers", "object_index", "objects", "payloads", "principal", "record"),
        *("seeds", "session", "sink", "traceparent"),
    )
    COLUMNS = (*TurnBurst.COLUMNS, "numbers", "hashes")

    arrived: int
    """Confirmations begun when it arrived (core/gate)."""
    now_ms: int
    """The time of its turns, for ever."""
    traceparent: str
    record: BurstRecord
    """What it came to, once its turns are finished."""
    numbers: list[int]
    hashes: list[bytes]
    """What a repeat of each call must match."""

    def __init__(self, sink: BurstSink, session: LiveSession) -> None:
        """Bind; tables and columns are the maker's to set before it is admitted."""
        self.sink = sink
        self.session = session
        self.batch = 0
        """The batch that carries it, once its turns are finished."""
        self.joined: list[tuple[Sink, int, int, bool]] | None = None
        """Copies that came while it ran: who asked, under which number, for which call of this
        burst, and whether they brought the same payload."""

    # ---- what it comes to ------------------------------------------------------------------

    def narrow(self) -> list[int] | None:
        """Let go of what its tables have for others: a part of a burst, or a frame, has a whole's.

        What is called is stored, nothing else. Returns which objects stay, None for all.
        """
        self.object_index, kept = _narrowed(self.object_index, len(self.objects))
        if kept is not None:
            self.objects = [self.objects[at] for at in kept]
        self.method_index, methods = _narrowed(self.method_index, len(self.methods))
        if methods is not None:
            self.methods = [self.methods[at] for at in methods]
        return kept

    def record_of(self, results: TurnResults) -> BurstRecord:
        """Return what is kept of it."""
        session = self.session
        return BurstRecord(
            principal=self.principal,
            session=session.scope[2],
            expires_at_ms=session.expires_ms,
            mark=session.mark,
            now_ms=self.now_ms,
            traceparent=self.traceparent,
            objects=self.objects,
            methods=self.methods,
            numbers=self.numbers,
            object_index=self.object_index,
            method_index=self.method_index,
            hashes=self.hashes,
            versions=results.versions,
            replies=results.replies,
            events=results.events,
            index=results.indexed,
            seeds=self.seeds,
        )

    # ---- who waits -------------------------------------------------------------------------

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


def _narrowed(index: list[int], size: int) -> tuple[list[int], list[int] | None]:
    """Return places in a table of `size` without what none names; which stay, if not all."""
    used = set(index)
    if len(used) == size:
        return index, None
    places = {old: new for new, old in enumerate(used)}
    return [places[old] for old in index], list(used)
