"""Drives one shard machine as a shell would, and keeps what left."""

from collections.abc import Iterable

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
)
from aidevos.core.fence import Fence
from aidevos.core.gate import Released
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.pending import LiveSession, Pending
from aidevos.core.record import Record, single
from aidevos.core.shard import Append, Limits, ShardMachine
from aidevos.core.turn import ChangeRecord, EventRecord

FENCE = Fence(
    shard=0,
    segment=0,
    epoch=1,
    tail=0,
    base=0,
    last_batch=None,
    last_hash=b"",
    log_time_ms=0,
    checkpoint=None,
    owner="a",
    nonce="nonce-of-one-attempt",
)
NOW = 1_000
CALLER = ("default", "anonymous")
COUNTER = ObjectId("default", "Counter", "a")


class Owner:
    """Drives one machine: says what a shell would say, and keeps what left."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.machine = ShardMachine(FENCE, ShardIndex(), limits)
        self.flushes = True
        self.calls: dict[int, Pending] = {}
        self.runs: list[int] = []
        self.left: dict[int, object] = {}
        self.appends: list[Append] = []
        self.barriers: list[int] = []

    def answer(self, number: int, value: object) -> None:
        assert number not in self.left, "one answer for one caller"
        self.left[number] = value

    def leave(self, released: Iterable[Released]) -> None:
        for sink, number, value in released:
            sink.answer(number, value)

    def look(self) -> None:
        self.leave(self.machine.release())
        append = self.machine.flush() if self.flushes else None
        if append is not None:
            self.appends.append(append)
        ticket = self.machine.begin_barrier()
        if ticket is not None:
            self.barriers.append(ticket)

    def confirm(self) -> None:
        self.leave(self.machine.confirmed(self.barriers[-1]))

    def call(
        self,
        token: int,
        id: str,
        *,
        payload: bytes = b"p",
        expires: int | None = None,
        now: int = NOW,
    ) -> None:
        call = self.calls[token] = Pending(self, token)
        call.scope = (*CALLER, id)
        call.payload_hash, call.expires_at_ms = payload, expires
        if self.machine.arrive_change(call, now):
            self.runs.append(token)
        else:
            self.look()

    def numbered(self, session: LiveSession, number: int, *, now: int = NOW) -> None:
        call = self.calls[number] = Pending(self, number)
        call.session, call.scope = session, session.scope
        if self.machine.arrive_change(call, now):
            self.runs.append(number)
        else:
            self.look()

    def turn(self, token: int, *, seq: int | None = None, key: str = "a") -> bool:
        """End a turn that emitted one event (or was refused, without `seq`)."""
        call = self.calls[token]
        object = ObjectId("default", "Counter", key)
        change = ChangeRecord(object, seq or 0, (EventRecord("Added", 1, b"{}"),))
        record = Record(
            principal="anonymous",
            object=object,
            method="add",
            call=call.record(),
            changes=(change,) if seq else (),
            version=seq or 0,
            reply=str(seq).encode(),
            now_ms=call.now_ms,
            seed=7,
        )
        answer = Answer(version=record.version, payload=record.reply)
        fits = self.machine.finish_change(call, record, answer)
        self.look()
        return fits

    def abandon(self, token: int, error: AidevosError) -> None:
        self.machine.abandon(self.calls[token], error)
        self.look()

    def query(self, token: int, value: object = "seen") -> None:
        call = Pending(self, token)
        self.machine.arrive_query(call, NOW)
        self.machine.finish_query(call, value)
        self.look()

    def commit(self) -> list[Record]:
        batch = self.appends[-1].batch
        fence = self.machine.fence
        after = msgspec.structs.replace(fence, tail=fence.tail + 1, last_batch=batch.batch_id)
        recorded, bursts, released = self.machine.committed(after)
        self.leave(one for burst in bursts for one in burst.answers())
        self.leave(released)
        self.look()
        return list(single(recorded))

    def committed_call(self, token: int, id: str, seq: int) -> None:
        self.call(token, id)
        self.turn(token, seq=seq)
        self.commit()
