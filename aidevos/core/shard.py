"""One shard's owner, sans I/O: admission, at most once, group commit, gate (PROTOCOL.md 4-7).

    arrive -> Run -> finish_change -> Gather -> flush -> Append -> committed -> Release
                  -> finish_query | abandon -> Release, perhaps after a Barrier

Inputs are method calls, effects are returned in order. `token` is the shell's number for one
waiting caller. Invariants, asserted here and in simulation: one append in flight; a call is in
at most one of index, open turns and unreleased batches; nothing is released before its batch.
"""

from dataclasses import dataclass, field

import msgspec

from aidevos.core import codec
from aidevos.core.call import Answer
from aidevos.core.checkpoint import CheckpointBody, Remembered
from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    DeadlineExceededError,
    ExpiredError,
    OutcomeUnknownError,
    ResourceExhaustedError,
    UnavailableError,
)
from aidevos.core.fence import Fence
from aidevos.core.gate import Gate
from aidevos.core.ids import ObjectId
from aidevos.core.index import CallKey, ShardIndex
from aidevos.core.record import (
    BATCH_BYTES_MAX,
    BATCH_RECORDS_MAX,
    RECORD_BYTES_MAX,
    Batch,
    CheckpointName,
    Record,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Run the turn of `token`; `now_ms` is its time, for ever."""

    token: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Release:
    """`value` may leave: an Answer, what a query gave, or an AidevosError to raise."""

    token: int
    value: object


@dataclass(frozen=True, slots=True)
class Append:
    """Append `batch`; then call `committed` or `lost`. One at a time."""

    batch: Batch
    checkpoint: CheckpointName | None


@dataclass(frozen=True, slots=True)
class Barrier:
    """Confirm the epoch by a read that begins now; then call `confirmed(ticket)` or `lost`."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Gather:
    """Records wait: call `flush` soon; what finishes until then shares the append."""


Effect = Run | Release | Append | Barrier | Gather


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one shard."""

    calls_max: int = 200_000
    """Call records remembered; one more change is refused until some expire."""
    call_bytes_max: int = 64 << 20
    """Bytes of the answers in them; beyond it the next change is refused until some expire."""
    objects_max: int = 2_000_000
    """Objects in the find index; a new object beyond it is refused."""


@dataclass(slots=True)
class _Turn:
    """A call that was admitted: who waits for it, and since when."""

    arrived: int
    key: CallKey | None
    payload_hash: bytes
    tokens: list[int]
    now_ms: int
    refused: list[int] = field(default_factory=list)
    """Callers that brought the same id with another payload."""
    batch: int = 0
    """The batch that carries it, once its turn is finished."""
    value: object = None
    """What the turn came to, for copies that join between its end and its commit."""


@dataclass(slots=True)
class _Open:
    """A batch that fills while another is in flight."""

    records: list[Record] = field(default_factory=list)
    bodies: list[msgspec.Raw] = field(default_factory=list)
    size: int = 8
    wanted: bool = False
    """True when it must be written even without records (log_time, checkpoint)."""

    def takes(self, raw: msgspec.Raw) -> bool:
        """Whether one more record still fits into one row."""
        return len(self.records) < BATCH_RECORDS_MAX and self.size + len(raw) <= BATCH_BYTES_MAX

    def add(self, record: Record, raw: msgspec.Raw) -> None:
        """Put one record at the end."""
        self.records.append(record)
        self.bodies.append(raw)
        self.size += len(raw)


class ShardMachine:
    """The owner of one shard between one takeover and the loss of the shard."""

    def __init__(self, fence: Fence, index: ShardIndex, limits: Limits | None = None) -> None:
        """Begin right after takeover; `index` holds exactly what the log holds."""
        assert index.offset == fence.tail, (index.offset, fence.tail)
        self.fence = fence
        self.index = index
        self._limits = limits or Limits()
        self._gate = Gate()
        self._turns: dict[int, _Turn] = {}
        self._by_key: dict[CallKey, _Turn] = {}
        self._filling = [_Open()]
        self._flight: tuple[int, Batch, list[Record]] | None = None
        self._checkpoint: CheckpointName | None = None
        self._log_time_ms = index.log_time_ms
        self._ahead: dict[ObjectId, int] = {}
        """Versions of objects that are changed but not committed."""

    # ---- admission -------------------------------------------------------------------------

    def arrive_query(self, token: int, clock_ms: int) -> list[Effect]:
        """Admit a query (or any reader): it runs and its value waits at the gate."""
        turn = _Turn(self._gate.begun, None, b"", [token], self._now(clock_ms))
        self._turns[token] = turn
        return [Run(token, turn.now_ms)]

    def arrive_change(
        self,
        token: int,
        key: CallKey,
        payload_hash: bytes,
        expires_at_ms: int | None,
        clock_ms: int,
    ) -> list[Effect]:
        """Admit a change, or answer it: known, in flight, expired, or the shard is full."""
        known = self.index.calls.get(key)
        if known is not None:
            return self._repeat(token, known, payload_hash)
        running = self._by_key.get(key)
        if running is not None:
            return self._join(token, running, payload_hash)
        now_ms = self._now(clock_ms)
        if expires_at_ms is not None and expires_at_ms <= now_ms:
            return self._expired(token, expires_at_ms)
        if self._calls_are_full:
            return [Release(token, _full("call records"))]
        turn = _Turn(self._gate.begun, key, payload_hash, [token], now_ms)
        self._turns[token] = self._by_key[key] = turn
        return [Run(token, now_ms)]

    def _repeat(self, token: int, known: Remembered, payload_hash: bytes) -> list[Effect]:
        value: object = Answer(
            version=known.version, payload=known.reply, error=known.error, repeated=True
        )
        if known.call.payload_hash != payload_hash:
            value = _other_payload()
        self._gate.hold(token, value, batch=self._gate.committed, arrived=self._gate.begun)
        return self._after_hold()

    def _join(self, token: int, running: _Turn, payload_hash: bytes) -> list[Effect]:
        """Wait with the first copy; a refusal waits too, for it tells that the copy exists."""
        same = running.payload_hash == payload_hash
        if not running.batch:
            (running.tokens if same else running.refused).append(token)
            return []
        value = running.value if same else _other_payload()
        self._gate.hold(token, value, batch=running.batch, arrived=self._gate.begun)
        return []

    def _expired(self, token: int, expires_at_ms: int) -> list[Effect]:
        """Refuse for good; the log_time that judged is durable before the refusal leaves."""
        error = ExpiredError(
            f"the call expired at {expires_at_ms} and was not applied; it never will be: "
            "make a new call with a new request_id",
            field="expires_at",
        )
        self._filling[-1].wanted = True
        self._gate.hold(token, error, batch=self._open_number, arrived=self._gate.begun)
        return self._gather_if_idle()

    # ---- the end of a turn -----------------------------------------------------------------

    def finish_query(self, token: int, value: object) -> list[Effect]:
        """Hold a query's value until all that it could have seen is durable."""
        turn = self._turns.pop(token)
        assert turn.key is None, "a change ends with finish_change"
        self._gate.hold(token, value, batch=self._last_number, arrived=turn.arrived)
        return self._after_hold()

    def check_room(self, record: Record) -> None:
        """Raise ResourceExhaustedError if `record` would begin one object too many."""
        known = self.index.objects
        if len(known) + len(self._ahead) < self._limits.objects_max:
            return
        if any(change.object not in known for change in record.changes):
            raise _full("objects")

    def finish_change(
        self, token: int, record: Record, value: object, raw: msgspec.Raw | None = None
    ) -> list[Effect]:
        """Put a turn's record into the open batch; its answer leaves after the commit.

        Without an append in flight it asks to Gather; else the commit in flight asks, at its end.
        `raw` is `codec.encode_record(record)` from a shell that has it already.
        """
        turn = self._turns[token]
        assert turn.key is not None, "a query ends with finish_query"
        assert record.now_ms == turn.now_ms, "a turn's time is the one it was given"
        raw = codec.encode_record(record) if raw is None else raw
        assert len(raw) <= RECORD_BYTES_MAX, "the shell refuses larger turns"
        self._run_ahead(record)
        del self._turns[token]
        if not self._filling[-1].takes(raw):
            self._filling.append(_Open())
        self._filling[-1].add(record, raw)
        turn.batch, turn.value = self._open_number, value
        for waiting in turn.tokens:
            self._gate.hold(waiting, value, batch=turn.batch, arrived=turn.arrived)
        for waiting in turn.refused:
            self._gate.hold(waiting, _other_payload(), batch=turn.batch, arrived=turn.arrived)
        return self._gather_if_idle()

    def abandon(self, token: int, error: AidevosError) -> list[Effect]:
        """End a turn that left nothing; the deadline that it met was its first caller's alone."""
        turn = self._turns.pop(token)
        if turn.key is not None:
            del self._by_key[turn.key]
        joined = _given_up() if isinstance(error, DeadlineExceededError) else error
        for waiting in (*turn.tokens, *turn.refused):
            value = error if waiting == token else joined
            self._gate.hold(waiting, value, batch=self._last_number, arrived=turn.arrived)
        return self._after_hold()

    # ---- the log ---------------------------------------------------------------------------

    def flush(self) -> list[Effect]:
        """Append what has gathered, unless an append is in flight or there is nothing."""
        if not self._can_append:
            return []
        first = self._filling[0]
        self._filling = self._filling[1:] or [_Open()]
        batch = Batch(
            batch_id=f"{self.fence.epoch}.{self.fence.tail}.{self.fence.nonce[:12]}",
            log_time_ms=max(self._log_time_ms, self.fence.log_time_ms),
            record_count=len(first.records),
            body=msgspec.msgpack.encode(first.bodies),
        )
        self._flight = (self._gate.begin(), batch, first.records)
        checkpoint, self._checkpoint = self._checkpoint, None
        return [Append(batch, checkpoint)]

    def committed(self, fence: Fence) -> tuple[tuple[Record, ...], list[Effect]]:
        """Take the commit of the batch in flight; return its records and what may leave."""
        assert self._flight is not None, "nothing was in flight"
        ticket, batch, records = self._flight
        assert fence.last_batch == batch.batch_id, (fence, batch.batch_id)
        self._flight = None
        self.fence = fence
        self.index.apply(records, batch.log_time_ms)
        for record in records:
            self._by_key.pop(call_key(record), None)
            self._caught_up(record)
        ready = self._gate.confirm(ticket, committed=self._gate.committed + 1)
        effects: list[Effect] = [Release(held.token, held.value) for held in ready]
        return tuple(records), effects + self._gather_if_idle() + self._barrier_if_wanted()

    def confirmed(self, ticket: int) -> list[Effect]:
        """Take the end of a barrier that found the epoch unchanged."""
        ready = self._gate.confirm(ticket)
        return [Release(held.token, held.value) for held in ready]

    def lost(self) -> list[Effect]:
        """Fenced or unknown: everything volatile is void, and nobody is told "failed"."""
        waiting = [held.token for held in self._gate.drop()]
        waiting += [
            token for turn in self._turns.values() for token in (*turn.tokens, *turn.refused)
        ]
        self._turns.clear()
        self._by_key.clear()
        error = OutcomeUnknownError(
            "the shard moved while the call was under way; it may or may not be applied: "
            "retry with the same request_id",
            retry_after_ms=50,
        )
        return [Release(token, error) for token in waiting]

    # ---- checkpoints -----------------------------------------------------------------------

    def checkpoint(self) -> CheckpointBody:
        """Return the index as of the committed tail, to be written down."""
        return self.index.body(self.fence.epoch, self.fence.last_hash)

    def name_checkpoint(self, name: CheckpointName) -> list[Effect]:
        """Let a durable checkpoint ride on the next append; an idle shard appends one."""
        assert name.offset <= self.index.offset, "only what is committed"
        self._checkpoint = name
        self._filling[0].wanted = True
        return self._gather_if_idle()

    @property
    def idle(self) -> bool:
        """Whether no append is in flight and nothing waits for one."""
        return self._flight is None and not self._filling[0].records

    # ---- inside ----------------------------------------------------------------------------

    def _run_ahead(self, record: Record) -> None:
        """Check sequences *before* the log keeps them: a wrong one could never be replayed."""
        for change in record.changes:
            committed = self.index.objects.version(change.object)
            version = self._ahead.get(change.object, committed)
            assert change.first_seq == version + 1, (change.object, version, change.first_seq)
            self._ahead[change.object] = version + len(change.events)

    def _caught_up(self, record: Record) -> None:
        """Forget what is committed now."""
        for change in record.changes:
            if self._ahead.get(change.object) == self.index.objects.version(change.object):
                del self._ahead[change.object]

    @property
    def _calls_are_full(self) -> bool:
        count = len(self.index.calls) + len(self._by_key)
        limits = self._limits
        return count >= limits.calls_max or self.index.call_bytes >= limits.call_bytes_max

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

    def _after_hold(self) -> list[Effect]:
        ready: list[Effect] = [Release(held.token, held.value) for held in self._gate.release()]
        return ready + self._barrier_if_wanted()

    def _barrier_if_wanted(self) -> list[Effect]:
        return [Barrier(self._gate.begin())] if self._gate.wants_barrier() else []

    def _gather_if_idle(self) -> list[Effect]:
        """Ask for a flush, if it could append now; with an append in flight its commit asks."""
        return [Gather()] if self._can_append else []

    @property
    def _can_append(self) -> bool:
        first = self._filling[0]
        return self._flight is None and bool(first.records or first.wanted)


def call_key(record: Record) -> CallKey:
    """Return the scope and identity under which a record's call is remembered."""
    return (record.tenant, record.principal, record.call.session, record.call.number)


def _other_payload() -> AidevosError:
    return AlreadyExistsError(
        "this request_id was used before with another payload; use a new one for a new call",
        field="request_id",
    )


def _given_up() -> AidevosError:
    return UnavailableError(
        "the copy of this call that would have run had a shorter deadline; not applied: retry",
        retry_after_ms=20,
    )


def _full(what: str) -> AidevosError:
    return ResourceExhaustedError(
        f"the shard is full: too many {what}; retry later", retry_after_ms=1_000
    )
