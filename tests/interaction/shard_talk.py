"""The shard machine and its shell: calls arrive, turns end, batches commit, answers leave."""

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.core.fence import Fence
from aidevos.core.ids import ObjectId
from aidevos.core.index import ShardIndex
from aidevos.core.record import CallRecord, ChangeRecord, Record
from aidevos.core.shard import Append, Barrier, Effect, Gather, Release, Run, ShardMachine
from aidevos.core.turn import EventRecord

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


class ShardTalk:
    """One machine; tokens are told by name."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.machine = ShardMachine(FENCE, ShardIndex())
        self.names: dict[int, str] = {}
        self.calls: dict[int, tuple[str, bytes, int | None, int]] = {}
        self.version = 0
        self.append: Append | None = None
        self.barriers: list[int] = []

    def do_call(
        self, name: str, id: str, clock: str, payload: str = "x", expires: str = ""
    ) -> None:
        token = self._token(name)
        until = int(expires) if expires else None
        self.calls[token] = (id, payload.encode(), until, int(clock))
        key = ("default", "anonymous", id, 1)
        self._show(self.machine.arrive_change(token, key, payload.encode(), until, int(clock)))

    def do_query(self, name: str, clock: str) -> None:
        self._show(self.machine.arrive_query(self._token(name), int(clock)))

    def do_finish(self, name: str, refuse: str = "") -> None:
        """End a change: with one event, or refused without any."""
        token = self._named(name)
        id, digest, expires, clock = self.calls[token]
        error = FailedPreconditionError(refuse).to_record() if refuse else None
        changes = () if refuse else (self._change(),)
        record = Record(
            tenant="default",
            principal="anonymous",
            object=THING,
            method="add",
            call=CallRecord(id, 1, digest, expires),
            changes=changes,
            version=self.version,
            error=error,
            now_ms=clock,
            seed=0,
        )
        answer = Answer(version=self.version, error=error)
        self._show(self.machine.finish_change(token, record, answer))

    def do_show(self, name: str) -> None:
        """End a query: with the version that it saw."""
        answer = Answer(version=self.version)
        self._show(self.machine.finish_query(self._named(name), answer))

    def do_commit(self) -> None:
        """The batch in flight is durable."""
        assert self.append is not None
        fence, batch = self.machine.fence, self.append.batch
        self.append = None
        after = Fence(
            **{
                **{field: getattr(fence, field) for field in fence.__slots__},
                "tail": fence.tail + 1,
                "last_batch": batch.batch_id,
                "log_time_ms": batch.log_time_ms,
            }
        )
        self._show(self.machine.committed(after)[1])

    def do_confirm(self) -> None:
        """The oldest barrier found the epoch unchanged."""
        self._show(self.machine.confirmed(self.barriers.pop(0)))

    def do_lose(self) -> None:
        self._show(self.machine.lost())

    def _change(self) -> ChangeRecord:
        self.version += 1
        return ChangeRecord(THING, self.version, (EventRecord("Added", 1, b"{}"),))

    def _token(self, name: str) -> int:
        token = len(self.names) + 1
        self.names[token] = name
        return token

    def _named(self, name: str) -> int:
        return next(token for token, known in self.names.items() if known == name)

    def _show(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Run(token, now_ms):
                    self.said.append(f"run {self.names[token]} now={now_ms}")
                case Release(token, value):
                    self.said.append(f"answer {self.names[token]}: {shown(value)}")
                case Append():
                    self.append = effect
                    count, time = effect.batch.record_count, effect.batch.log_time_ms
                    self.said.append(f"append records={count} log_time={time}")
                case Barrier(ticket):
                    self.barriers.append(ticket)
                    self.said.append("barrier")
                case Gather():
                    self._show(self.machine.flush())


def shown(value: object) -> str:
    if isinstance(value, AidevosError):
        return value.reason
    assert isinstance(value, Answer)
    refused = f" refused {value.error.reason}" if value.error else ""
    return f"version {value.version}{refused}{' repeated' if value.repeated else ''}"
