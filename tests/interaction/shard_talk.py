"""The shard machine and its shell: calls arrive, turns end, batches commit, answers leave."""

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, FailedPreconditionError, HandlerFailedError
from aidevos.core.fence import Fence
from aidevos.core.gate import Released
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.pending import LiveSession, Pending
from aidevos.core.record import Record
from aidevos.core.shard import Append, ShardMachine
from aidevos.core.turn import ChangeRecord, EventRecord

THING = ObjectId("default", "Thing", "a")
FENCE = Fence(
    shard=3,
    segment=0,
    epoch=1,
    tail=0,
    base=0,
    last_batch=None,
    last_hash=bytes(32),
    log_time_ms=0,
    checkpoint=None,
    owner="a",
    nonce="nonce",
)


class Named:
    """Who waits: what it is answered is told under its name."""

    def __init__(self, said: list[str], name: str) -> None:
        self.said = said
        self.name = name

    def answer(self, number: int, value: object) -> None:
        self.said.append(f"answer {self.name}: {shown(value)}")


class ShardTalk:
    """One machine; calls and sessions are told by name."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.machine = ShardMachine(FENCE, ShardIndex())
        self.calls: dict[str, Pending] = {}
        self.sessions: dict[str, LiveSession] = {}
        self.version = 0
        self.append: Append | None = None
        self.barriers: list[int] = []

    def do_call(
        self, name: str, id: str, clock: str, payload: str = "x", expires: str = ""
    ) -> None:
        call = self._pending(name, payload)
        call.scope = ("default", "anonymous", id)
        call.expires_at_ms = int(expires) if expires else None
        self._arrive(name, call, int(clock))

    def do_open(self, id: str, expires: str) -> None:
        """One stream of a session begins."""
        scope = ("default", "anonymous", id)
        try:
            self.sessions[id] = self.machine.open_session(scope, int(expires))
        except AidevosError as error:
            self.said.append(f"refused: {error.reason}")

    def do_close(self, id: str) -> None:
        """One stream of a session ends."""
        self.machine.close_session(self.sessions[id])

    def do_mark(self, id: str, mark: str) -> None:
        """The client has all answers up to `mark`."""
        self.machine.set_mark(self.sessions[id], int(mark))

    def do_number(self, name: str, session: str, number: str, clock: str) -> None:
        """A numbered call of a session."""
        call = self._pending(name, "x", int(number))
        call.session = self.sessions[session]
        call.scope = call.session.scope
        self._arrive(name, call, int(clock))

    def do_query(self, name: str, clock: str) -> None:
        call = self._pending(name, "")
        self.machine.arrive_query(call, int(clock))
        self.said.append(f"run {name} now={call.now_ms}")

    def do_finish(self, name: str, refuse: str = "", version: str = "") -> None:
        """End a change: with one event (perhaps of a stale version), or refused without any."""
        call = self.calls[name]
        error = FailedPreconditionError(refuse).to_record() if refuse else None
        after = int(version) if version else self.version + (not refuse)
        changes = () if refuse else (_change(after),)
        record = Record(
            principal="anonymous",
            object=THING,
            method="add",
            call=call.record(),
            changes=changes,
            version=after,
            error=error,
            now_ms=call.now_ms,
            seed=0,
        )
        if self.machine.finish_change(call, record, Answer(version=after, error=error)):
            self.version = after
            self._look()
        else:
            self.said.append(f"does not go on: run {name} again")

    def do_abandon(self, name: str) -> None:
        """A turn failed: nothing of it is kept."""
        self.machine.abandon(self.calls[name], HandlerFailedError("it failed"))
        self._look()

    def do_show(self, name: str) -> None:
        """End a query: with the version that it saw."""
        self.machine.finish_query(self.calls[name], Answer(version=self.version))
        self._look()

    def do_commit(self) -> None:
        """The batch in flight is durable."""
        assert self.append is not None
        batch, self.append = self.append.batch, None
        fence = self.machine.fence
        after = msgspec.structs.replace(
            fence,
            tail=fence.tail + 1,
            last_batch=batch.batch_id,
            log_time_ms=batch.log_time_ms,
        )
        self._leave(self.machine.committed(after)[2])
        self._look()

    def do_confirm(self) -> None:
        """The oldest barrier found the epoch unchanged."""
        self._leave(self.machine.confirmed(self.barriers.pop(0)))

    def do_lose(self) -> None:
        self._leave(self.machine.lost())

    def do_known(self) -> None:
        """What the index remembers of calls."""
        calls = self.machine.index.calls
        for scope, entry in calls.sessions.items():
            numbers = sorted(entry.answers)
            self.said.append(f"session {scope[2]} mark={entry.mark} answers={numbers}")
        self.said.append(f"answers remembered: {calls.count}")

    def _pending(self, name: str, payload: str, number: int = 1) -> Pending:
        call = self.calls[name] = Pending(Named(self.said, name), number)
        call.payload_hash = payload.encode()
        return call

    def _arrive(self, name: str, call: Pending, clock: int) -> None:
        if self.machine.arrive_change(call, clock):
            self.said.append(f"run {name} now={call.now_ms}")
        else:
            self._look()

    def _look(self) -> None:
        """What a shell does after turns: answers leave, a barrier and an append begin."""
        self._leave(self.machine.release())
        append = self.machine.flush()
        if append is not None:
            self.append = append
            count, time = append.batch.record_count, append.batch.log_time_ms
            self.said.append(f"append records={count} log_time={time}")
        ticket = self.machine.begin_barrier()
        if ticket is not None:
            self.barriers.append(ticket)
            self.said.append("barrier")

    def _leave(self, released: list[Released]) -> None:
        for sink, number, value in released:
            sink.answer(number, value)


def _change(version: int) -> ChangeRecord:
    return ChangeRecord(THING, version, (EventRecord("Added", 1, b"{}"),))


def shown(value: object) -> str:
    if isinstance(value, AidevosError):
        return value.reason
    assert isinstance(value, Answer)
    refused = f" refused {value.error.reason}" if value.error else ""
    return f"version {value.version}{refused}{' repeated' if value.repeated else ''}"
