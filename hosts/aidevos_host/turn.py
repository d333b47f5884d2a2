"""One turn on this host: load, check, run in the executor, hand record and answer to the shard.

A refused turn is recorded like an answer. A failed turn leaves nothing: its error is told, its
identity is forgotten, and a retry runs it again.
"""

from dataclasses import dataclass

import msgspec

from aidevos.core import codec
from aidevos.core.call import Answer, Call
from aidevos.core.errors import (
    AidevosError,
    DeadlineExceededError,
    ErrorRecord,
    FailedPreconditionError,
    HandlerFailedError,
    NotFoundError,
    VersionConflictError,
)
from aidevos.core.ids import ObjectId
from aidevos.core.record import RECORD_BYTES_MAX, CallRecord, ChangeRecord, Record
from aidevos.core.turn import Changed, Held, TurnRequest, TurnResult
from aidevos_host.catalog import Catalog, TypeEntry
from aidevos_host.revive import load, load_many
from aidevos_host.shard import Shard


@dataclass(frozen=True, slots=True)
class GroupView:
    """How the turn in flight reads its group (core/turn.GroupReader)."""

    shard: Shard
    catalog: Catalog
    home: ObjectId

    async def get(self, object: ObjectId) -> Held:
        """Return what is held of one object of the group."""
        if object.group != self.home.group:
            raise FailedPreconditionError(
                f"{object} is not in the group of {self.home}: only objects with the same "
                "{tag} in their key can be read or changed in one turn"
            )
        return await load(self.shard, self.catalog, object)

    async def find(self, tenant: str, type_name: str) -> list[tuple[ObjectId, Held]]:
        """Return all objects of a type in the group, oldest first."""
        assert tenant == self.home.tenant, "a group is of one tenant"
        objects = self.shard.members.of(self.home.group, type_name)
        held = await load_many(self.shard, self.catalog, objects)
        return list(zip(objects, held, strict=True))


class Turns:
    """Runs turns of one call on one shard. `change` and `query` are the shard's `Turn`s."""

    def __init__(
        self, shard: Shard, catalog: Catalog, entry: TypeEntry, call: Call, payload_hash: bytes
    ) -> None:
        """Bind the call to what runs it."""
        self._payload_hash = payload_hash
        self._shard = shard
        self._catalog = catalog
        self._entry = entry
        self._call = call

    async def change(self, token: int, now_ms: int) -> None:
        """Run a command; its record and answer go to the machine."""
        machine = self._shard.machine
        try:
            held, result, seed = await self._run(now_ms)
            if not self._shard.alive:
                return
            record = self._record(held, result, now_ms, seed)
            raw = self._encoded(record)
            machine.check_room(record)
        except AidevosError as error:
            if self._shard.alive:
                self._shard.finish(machine.abandon(token, error))
            return
        self._keep(result.changes)
        answer = Answer(version=record.version, payload=record.reply, error=record.error)
        self._shard.finish(machine.finish_change(token, record, answer, raw))

    async def query(self, token: int, now_ms: int) -> None:
        """Run a query; its value goes to the gate."""
        machine = self._shard.machine
        try:
            held, result, _ = await self._run(now_ms)
            assert not result.changes, "a query changes nothing"
        except AidevosError as error:
            if self._shard.alive:
                self._shard.finish(machine.abandon(token, error))
            return
        answer = Answer(version=held.version, payload=result.reply, error=result.error)
        if self._shard.alive:
            self._shard.finish(machine.finish_query(token, answer))

    async def _run(self, now_ms: int) -> tuple[Held, TurnResult, int]:
        call, deadline = self._call, self._call.deadline_ms
        if deadline is not None and self._shard.ports.monotonic_ms() >= deadline:
            raise DeadlineExceededError("the deadline passed before the turn began: not applied")
        held = await load(self._shard, self._catalog, call.object)
        seed = self._shard.ports.seed()
        refusal = _refusal(call, held)
        if refusal is not None:
            return held, TurnResult(outcome="refused", error=refusal.to_record()), seed
        request = TurnRequest(
            object=call.object,
            method=call.method,
            payload=call.payload,
            principal=call.principal,
            now_ms=now_ms,
            seed=seed,
            held=held,
        )
        view = GroupView(self._shard, self._catalog, call.object)
        result = await self._entry.service.executor.run(request, view)
        if result.outcome == "failed":
            raise AidevosError.from_record(result.error or _nameless(call))
        return held, result, seed

    def _record(self, held: Held, result: TurnResult, now_ms: int, seed: int) -> Record:
        call = self._call
        assert call.id is not None
        changes = tuple(self._change_record(changed) for changed in result.changes)
        own = next((c for c in changes if c.object == call.object), None)
        return Record(
            tenant=call.object.tenant,
            principal=call.principal,
            object=call.object,
            method=call.method,
            call=CallRecord(
                call.id.session, call.id.number, self._payload_hash, call.id.expires_at_ms
            ),
            changes=changes,
            version=held.version + (len(own.events) if own else 0),
            reply=result.reply,
            error=result.error,
            now_ms=now_ms,
            seed=seed,
            traceparent=call.traceparent,
        )

    def _encoded(self, record: Record) -> msgspec.Raw:
        """Return the record as it is stored; what cannot be stored fails its turn alone."""
        where = f"{record.object}.{record.method}"
        try:
            raw = codec.encode_record(record)
        except (OverflowError, TypeError, UnicodeEncodeError) as error:
            self._shard.ports.report_bug(error)
            raise HandlerFailedError(
                f"{where}: its outcome cannot be stored: {error}; nothing was changed"
            ) from error
        if len(raw) > RECORD_BYTES_MAX:
            raise HandlerFailedError(
                f"{where}: reply and events have {len(raw)} bytes, at most {RECORD_BYTES_MAX} "
                "are kept in one turn; nothing was changed"
            )
        return raw

    def _change_record(self, changed: Changed) -> ChangeRecord:
        first = self._shard.version(changed.object) + 1
        return ChangeRecord(changed.object, first, changed.events, changed.deleted, changed.index)

    def _keep(self, changes: tuple[Changed, ...]) -> None:
        """Let the next turn see what this one did, committed or not."""
        now = self._shard.ports.monotonic_ms()
        for changed in changes:
            held = Held(
                version=self._shard.version(changed.object) + len(changed.events),
                state=changed.state,
                state_version=changed.state_version,
                deleted=changed.deleted,
            )
            self._shard.residents.put(changed.object, held, now)
            self._shard.members.note(changed.object, exists=not changed.deleted)


def _refusal(call: Call, held: Held) -> AidevosError | None:
    """Return the platform's own no that depends on the state; it is recorded like a handler's."""
    if call.must_exist and not held.exists:
        return NotFoundError(f"{call.object} is not there", field="key")
    expected = call.expected_version
    if expected is not None and expected != held.version:
        return VersionConflictError(
            f"{call.object} is at version {held.version}, not {expected}: read it again",
            expected=expected,
            actual=held.version,
        )
    return None


def _nameless(call: Call) -> ErrorRecord:
    return HandlerFailedError(f"{call.object}.{call.method} failed").to_record()
