"""One shard's owner, sans I/O: admission, at most once, group commit, gate (PROTOCOL.md 4-7).

    arrive -> (the turn runs) -> finish_change -> flush -> append -> committed -> what may leave
                              -> finish_query | abandon -> release, perhaps after a barrier

Inputs are method calls. What they make possible is asked for once per batch, not once per call:
`release` and `begin_barrier` after turns ended, `flush` when records have gathered. Invariants,
asserted here and in simulation: one append in flight; a call is in at most one of index, calls
under way and unreleased batches; nothing is released before its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from aidevos.core import codec
from aidevos.core.batch import OpenBatch
from aidevos.core.burst import Burst
from aidevos.core.call import Answer
from aidevos.core.calls import Scope
from aidevos.core.checkpoint import CheckpointBody, Remembered
from aidevos.core.errors import AidevosError, DeadlineExceededError, InvalidArgumentError
from aidevos.core.fence import Fence
from aidevos.core.gate import Gate, Released
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.pending import LiveSession, Pending
from aidevos.core.record import (
    BATCH_RECORDS_MAX,
    RECORD_BYTES_MAX,
    Batch,
    BurstRecord,
    CheckpointName,
    Record,
    Recorded,
)
from aidevos.core.refusals import answered, expired, given_up, other_payload, too_many, unknown

CHANGED_MAX = 20_000
"""Versions kept beside the index, which is slower to ask."""


class Append(msgspec.Struct, frozen=True):
    """Append `batch`; then call `committed` or `lost`. One at a time."""

    batch: Batch
    checkpoint: CheckpointName | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one shard."""

    calls_max: int = 200_000
    """Call records remembered; one more change is refused until some are released."""
    call_bytes_max: int = 256 << 20
    """Bytes of the answers in them; beyond it the next change is refused."""
    sessions_max: int = 100_000
    """Sessions that changed something here and have not expired."""
    objects_max: int = 8_000_000
    """Objects in the find index; a new object beyond it is refused."""


class ShardMachine:
    """The owner of one shard between one takeover and the loss of the shard."""

    def __init__(self, fence: Fence, index: ShardIndex, limits: Limits | None = None) -> None:
        """Begin right after takeover; `index` holds exactly what the log holds."""
        assert index.offset == fence.tail, (index.offset, fence.tail)
        self.fence = fence
        self.index = index
        self._limits = limits or Limits()
        self._gate = Gate()
        self._readers: dict[Pending, None] = {}
        """Queries and other readers whose turn has not ended."""
        self._plain: dict[Scope, Pending] = {}
        """Calls with a plain request_id between arrival and commit."""
        self._sessions: dict[Scope, LiveSession] = {}
        self._running = 0
        """Changes between arrival and commit."""
        self._filling = [OpenBatch()]
        self._flight: tuple[int, Batch, OpenBatch] | None = None
        self._checkpoint: CheckpointName | None = None
        self._log_time_ms = index.log_time_ms
        self._changed: dict[ObjectId, tuple[int, int]] = {}
        """Version of each object that changed lately, and the batch that carries it."""
        self._made = 0
        """Objects made by turns that are not committed."""

    # ---- sessions --------------------------------------------------------------------------

    def open_session(self, scope: Scope, expires_ms: int) -> LiveSession:
        """Return the session for one more stream; InvalidArgumentError if it changed its end."""
        session = self._sessions.get(scope)
        entry = self.index.calls.sessions.get(scope)
        known = session.expires_ms if session else entry.expires_ms if entry else expires_ms
        if known != expires_ms:
            raise InvalidArgumentError(
                f"the session ends at {known}; its expires_at never changes: open a new session",
                field="expires_at",
            )
        if session is None:
            session = self._sessions[scope] = LiveSession(scope, expires_ms)
        session.streams += 1
        return session

    def close_session(self, session: LiveSession) -> None:
        """One stream carries it no more; its calls go on."""
        session.streams -= 1
        self._forget_session(session)

    def set_mark(self, session: LiveSession, mark: int) -> None:
        """Take the client's word that it has all answers up to `mark`.

        What still runs here is not among them, whatever the client says: its answer stays.
        """
        session.asked = max(mark, session.asked)
        if mark > session.mark:
            running = session.running
            session.mark = min(mark, min(running) - 1) if running else mark

    def _forget_session(self, session: LiveSession) -> None:
        if not session.streams and not session.running:
            self._sessions.pop(session.scope, None)

    # ---- admission -------------------------------------------------------------------------

    def arrive_query(self, call: Pending, clock_ms: int) -> None:
        """Admit a query (or any reader): run it, its value waits at the gate."""
        call.arrived = self._gate.begun
        call.now_ms = self._now(clock_ms)
        self._readers[call] = None

    def arrive_change(self, call: Pending, clock_ms: int) -> bool:
        """Admit a change; True: run its turn. False: it is, or will be, answered without one.

        It may be known, in flight, answered, expired, or one too many.
        """
        assert call.scope is not None, "a change has an identity"
        call.arrived = self._gate.begun
        call.now_ms = now_ms = self._now(clock_ms)
        session = call.session
        if session is None:
            return self._arrive_plain(call, call.scope, now_ms)
        number, entry = call.number, self.index.calls.sessions.get(session.scope)
        if number <= session.mark:
            return self._answer_now(call, answered(number, session.mark))
        if entry is not None:
            if number <= entry.mark:
                return self._answer_now(call, answered(number, entry.mark))
            known = entry.answer(number)
            if known is not None:
                return self._repeat(call, known)
        running = session.running.get(number)
        if running is not None:
            return self._join(call, running)
        if session.expires_ms <= now_ms:
            return self._expired(call, session.expires_ms)
        full = self._full(new_session=entry is None)
        if full is not None:
            return self._answer_now(call, full)
        session.running[number] = call
        self._running += 1
        return True

    def arrive_burst(self, burst: Burst, clock_ms: int) -> bool:
        """Admit all calls of a burst; False, and nothing is done: some of them are not usual."""
        session, numbers, count = burst.session, burst.numbers, len(burst)
        now_ms, first = self._now(clock_ms), min(numbers)
        entry = self.index.calls.sessions.get(session.scope)
        if entry is not None and not (
            first > entry.mark and entry.answers.keys().isdisjoint(numbers)
        ):
            return False
        fresh = dict.fromkeys(numbers, burst)
        if (
            first <= session.mark
            or len(fresh) < count
            or count > BATCH_RECORDS_MAX
            or not session.running.keys().isdisjoint(numbers)
            or session.expires_ms <= now_ms
            or self._full(count, new_session=entry is None) is not None
        ):
            return False
        burst.arrived, burst.now_ms = self._gate.begun, now_ms
        session.running.update(fresh)
        self._running += count
        return True

    def cut(self, burst: Burst, rest: Burst) -> None:
        """`rest` is a burst of its own from now on; it was the end of `burst`."""
        assert not burst.batch, "a finished burst stays one"
        burst.session.running.update(dict.fromkeys(rest.numbers, rest))
        if burst.joined is not None:  # Even if there are none: the two must not share a list.
            moved = frozenset(rest.numbers)
            rest.joined = [one for one in burst.joined if one[2] in moved]
            burst.joined = [one for one in burst.joined if one[2] not in moved]

    def split(self, burst: Burst, calls: Sequence[Pending]) -> None:
        """Let a burst go on as single calls, in its order; it is not finished."""
        assert not burst.batch, "a finished burst stays one"
        running, scope = burst.session.running, burst.session.scope
        for number, payload_hash, call in zip(burst.numbers, burst.hashes, calls, strict=True):
            call.session, call.scope, call.payload_hash = burst.session, scope, payload_hash
            call.arrived, call.now_ms = burst.arrived, burst.now_ms
            running[number] = call
        for sink, number, of, same in burst.joined or ():
            call = calls[burst.numbers.index(of)]
            call.joined = [*(call.joined or ()), (sink, number, same)]

    def _arrive_plain(self, call: Pending, scope: Scope, now_ms: int) -> bool:
        known = self.index.calls.plain.get(scope)
        if known is not None:
            return self._repeat(call, known.answer)
        running = self._plain.get(scope)
        if running is not None:
            return self._join(call, running)
        if call.expires_at_ms is not None and call.expires_at_ms <= now_ms:
            return self._expired(call, call.expires_at_ms)
        full = self._full()
        if full is not None:
            return self._answer_now(call, full)
        self._plain[scope] = call
        self._running += 1
        return True

    def _answer_now(self, call: Pending, value: object) -> bool:
        """Answer from what is committed; it leaves after a confirmation."""
        released = (call.sink, call.number, value)
        self._gate.hold(released, self._gate.committed, self._gate.begun)
        return False

    def _repeat(self, call: Pending, known: Remembered) -> bool:
        if known.payload_hash != call.payload_hash:
            return self._answer_now(call, other_payload())
        answer = Answer(
            version=known.version, payload=known.reply, error=known.error, repeated=True
        )
        return self._answer_now(call, answer)

    def _join(self, call: Pending, running: Pending | Burst) -> bool:
        """Wait with the first copy; a refusal waits too, for it tells that the copy exists."""
        if isinstance(running, Burst):
            same = running.join(call.sink, call.number, call.number, call.payload_hash)
            if running.batch:
                value: object = running.answer(call.number) if same else other_payload()
                self._gate.hold((call.sink, call.number, value), running.batch, self._gate.begun)
            return False
        same = running.payload_hash == call.payload_hash
        if running.batch:
            value = running.value if same else other_payload()
            released = (call.sink, call.number, value)
            self._gate.hold(released, running.batch, self._gate.begun)
        elif running.joined is None:
            running.joined = [(call.sink, call.number, same)]
        else:
            running.joined.append((call.sink, call.number, same))
        return False

    def _expired(self, call: Pending, expires_at_ms: int) -> bool:
        """Refuse for good; the log_time that judged is durable before the refusal leaves."""
        error = expired(expires_at_ms)
        self._filling[-1].wanted = True
        released = (call.sink, call.number, error)
        self._gate.hold(released, self._open_number, self._gate.begun)
        return False

    # ---- the end of a turn -----------------------------------------------------------------

    def finish_query(self, call: Pending, value: object) -> None:
        """Hold a query's value until all that it could have seen is durable."""
        del self._readers[call]
        released = (call.sink, call.number, value)
        self._gate.hold(released, self._last_number, call.arrived)

    def finish_change(
        self, call: Pending, record: Record, value: object, raw: msgspec.Raw | None = None
    ) -> bool:
        """Put a turn's record into the open batch; its answer leaves after the commit.

        False, and nothing is done: its changes do not go on from the objects' versions, which a
        log could never replay. `raw` is `codec.encode_record(record)` from a shell that has it
        already. Raises ResourceExhaustedError: the turn begins one object too many.
        """
        assert record.now_ms == call.now_ms, "a turn's time is the one it was given"
        if not self._goes_on(record):
            return False
        raw = codec.encode_record(record) if raw is None else raw
        assert len(raw) <= RECORD_BYTES_MAX, "the shell refuses larger turns"
        batch = self._room(raw, 1)
        batch.add(call, record, raw)
        call.value = value
        call.batch = number = self._open_number
        for change in record.changes:
            first = change.first_seq
            self._changed[change.object] = (first + len(change.events) - 1, number)
            if first == 1:
                batch.made += 1
                self._made += 1
        if call.joined is not None:
            batch.joined += _copies(call, value)
        return True

    def finish_burst(self, burst: Burst, record: BurstRecord, raw: msgspec.Raw) -> bool:
        """Put a burst's record into the open batch; its answers leave after the commit.

        False, and nothing is done: some of it does not go on from the objects' versions, or does
        not fit. `raw` is `codec.encode_record(record)`.
        """
        assert record.now_ms == burst.now_ms, "a turn's time is the one it was given"
        versions = self._versions_after(record)
        if versions is None or len(raw) > RECORD_BYTES_MAX:
            return False
        made = sum(before == 0 < after for before, after in versions)
        if made and len(self.index.objects) + self._made + made > self._limits.objects_max:
            return False
        batch = self._room(raw, len(burst))
        batch.add_burst(burst, record, raw)
        burst.record, burst.batch = record, self._open_number
        number, changed = burst.batch, self._changed
        for object, (before, after) in zip(record.objects, versions, strict=True):
            if after > before:
                changed[object] = (after, number)
        batch.made += made
        self._made += made
        for sink, asked, of, same in burst.joined or ():
            batch.joined.append((sink, asked, burst.answer(of) if same else other_payload()))
        return True

    def _versions_after(self, record: BurstRecord) -> list[tuple[int, int]] | None:
        """Return each object's version before and after; None: it does not go on from those."""
        before = list(map(self.version, record.objects))
        known = before.copy()
        columns = zip(record.object_index, record.versions, record.events, strict=True)
        for at, version, events in columns:
            if known[at] + len(events) != version:
                return None
            known[at] = version
        return list(zip(before, known, strict=True))

    def _room(self, raw: msgspec.Raw, count: int) -> OpenBatch:
        """Return the batch that takes a record of `count` turns."""
        batch = self._filling[-1]
        if not batch.takes(raw, count):
            batch = OpenBatch()
            self._filling.append(batch)
        return batch

    def _goes_on(self, record: Record) -> bool:
        """Whether the record builds on what the shard knows of every object in it."""
        home, version = record.object, record.version
        own = False
        for change in record.changes:
            object, first = change.object, change.first_seq
            last = first + len(change.events) - 1
            if first != self.version(object) + 1 or last < first:
                return False
            if first == 1 and len(self.index.objects) + self._made >= self._limits.objects_max:
                raise too_many("objects")
            if object is home or object == home:
                own = True
                if last != version:
                    return False
        return own or version == self.version(home)

    def abandon(self, call: Pending, error: AidevosError) -> None:
        """End a turn that left nothing; the deadline that it met was its first caller's alone."""
        if call.scope is None:
            del self._readers[call]
        else:
            self._ended(call)
        number, arrived = self._last_number, call.arrived
        self._gate.hold((call.sink, call.number, error), number, arrived)
        joined = given_up() if isinstance(error, DeadlineExceededError) else error
        for sink, place, _ in call.joined or ():
            self._gate.hold((sink, place, joined), number, arrived)

    def _ended(self, call: Pending) -> None:
        """The change is not under way any more: committed, or nothing came of it."""
        self._running -= 1
        session = call.session
        if session is None:
            assert call.scope is not None
            del self._plain[call.scope]
            return
        del session.running[call.number]
        if not session.streams:
            self._forget_session(session)

    def _burst_ended(self, burst: Burst) -> None:
        """All of it is committed."""
        session = burst.session
        self._running -= len(burst)
        for number in burst.numbers:
            del session.running[number]
        if not session.streams:
            self._forget_session(session)

    # ---- the log ---------------------------------------------------------------------------

    @property
    def can_append(self) -> bool:
        """Whether `flush` has something to append now."""
        first = self._filling[0]
        return self._flight is None and bool(first.records or first.wanted)

    def flush(self) -> Append | None:
        """Append what has gathered, unless an append is in flight or there is nothing."""
        if not self.can_append:
            return None
        first = self._filling[0]
        self._filling = self._filling[1:] or [OpenBatch()]
        batch = Batch(
            batch_id=f"{self.fence.epoch}.{self.fence.tail}.{self.fence.nonce[:12]}",
            log_time_ms=max(self._log_time_ms, self.fence.log_time_ms),
            record_count=first.count,
            body=msgspec.msgpack.encode(first.bodies),
        )
        self._flight = (self._gate.begin(), batch, first)
        checkpoint, self._checkpoint = self._checkpoint, None
        return Append(batch, checkpoint)

    def committed(self, fence: Fence) -> tuple[list[Recorded], list[Burst], list[Released]]:
        """Take the commit of the batch in flight; return its records and what may leave."""
        assert self._flight is not None, "nothing was in flight"
        ticket, batch, done = self._flight
        assert fence.last_batch == batch.batch_id, (fence, batch.batch_id)
        self._flight = None
        self.fence = fence
        self.index.apply(done.records, batch.log_time_ms)
        for call in done.calls:
            self._ended(call)
        for burst in done.bursts:
            self._burst_ended(burst)
        self._made -= done.made
        self._gate.commit(ticket)
        if len(self._changed) > CHANGED_MAX:
            self._forget_committed()
        return done.records, done.bursts, done.answers() + self._gate.release()

    def compact(self) -> None:
        """See `ShardIndex.compact`; calls may go on."""
        self._forget_committed()
        self.index.compact()

    def _forget_committed(self) -> None:
        """Let the index alone know the versions of what is committed."""
        committed = self._gate.committed
        self._changed = {
            object: known for object, known in self._changed.items() if known[1] > committed
        }

    def release(self) -> list[Released]:
        """Return what may leave now; asked for when turns have ended."""
        return self._gate.release()

    def begin_barrier(self) -> int | None:
        """Return the ticket of a barrier that begins now, if an answer waits for one alone.

        Confirm the epoch by a read that begins now; then call `confirmed` or `lost`.
        """
        return self._gate.begin() if self._gate.wants_barrier() else None

    def confirmed(self, ticket: int) -> list[Released]:
        """Take the end of a barrier that found the epoch unchanged; return what may leave."""
        self._gate.confirm(ticket)
        return self._gate.release()

    def lost(self) -> list[Released]:
        """Fenced or unknown: everything volatile is void, and nobody is told "failed"."""
        error = unknown()
        flight = [self._flight[2]] if self._flight else []
        waiting = [answer for batch in (*flight, *self._filling) for answer in batch.everyone()]
        waiting += self._gate.drop()
        for call in (*self._readers, *self._plain.values()):
            waiting += _waiting(call, call.number, error)
        for live in self._sessions.values():
            for number, running in live.running.items():
                waiting += _waiting(running, number, error)
        self._readers.clear()
        self._plain.clear()
        self._sessions.clear()
        return [(sink, number, error) for sink, number, _ in waiting]

    # ---- checkpoints -----------------------------------------------------------------------

    def checkpoint(self) -> CheckpointBody:
        """Return the index as of the committed tail, to be written down."""
        return self.index.body(self.fence.epoch, self.fence.last_hash)

    def name_checkpoint(self, name: CheckpointName) -> None:
        """Let a durable checkpoint ride on the next append; an idle shard appends one."""
        assert name.offset <= self.index.offset, "only what is committed"
        self._checkpoint = name
        self._filling[0].wanted = True

    # ---- what is known ---------------------------------------------------------------------

    def version(self, object: ObjectId) -> int:
        """Return the version that the next turn builds on, committed or not; 0: never made."""
        changed = self._changed.get(object)
        if changed is not None:
            return changed[0]
        return self.index.objects.version(object)

    def is_ahead(self, object: ObjectId) -> bool:
        """Whether the object has changes that are not committed."""
        changed = self._changed.get(object)
        return changed is not None and changed[1] > self._gate.committed

    @property
    def idle(self) -> bool:
        """Whether no append is in flight and nothing waits for one."""
        return self._flight is None and not self._filling[0].records

    @property
    def _open_number(self) -> int:
        """The number of the last batch that is filling."""
        return self._gate.committed + len(self._filling) + (self._flight is not None)

    @property
    def _last_number(self) -> int:
        """The number of the newest batch that holds anything a turn could have seen."""
        return self._open_number - (not self._filling[-1].records)

    def _now(self, clock_ms: int) -> int:
        """Return the log_time of this arrival: the clock, but never falling."""
        self._log_time_ms = max(self._log_time_ms, clock_ms)
        return self._log_time_ms

    def _full(self, count: int = 1, *, new_session: bool = False) -> AidevosError | None:
        calls, limits = self.index.calls, self._limits
        if (
            calls.count + self._running + count > limits.calls_max
            or calls.bytes >= limits.call_bytes_max
        ):
            return too_many("call records")
        if new_session and len(calls.sessions) >= limits.sessions_max:
            return too_many("sessions")
        return None


def _waiting(call: Pending | Burst, number: int, error: AidevosError) -> list[Released]:
    """Return who waits for a call that is in no batch yet."""
    if call.batch:
        return []
    if isinstance(call, Burst):
        copies = [(sink, asked) for sink, asked, of, _ in call.joined or () if of == number]
    else:
        copies = [(sink, asked) for sink, asked, _ in call.joined or ()]
    return [(call.sink, number, error), *((sink, asked, error) for sink, asked in copies)]


def _copies(call: Pending, value: object) -> list[Released]:
    return [
        (sink, number, value if same else other_payload())
        for sink, number, same in call.joined or ()
    ]
