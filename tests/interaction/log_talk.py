"""The log machines (takeover, append, roll) against plain tables, with faults on the way."""

from collections.abc import Generator
from typing import Any

from aidevos.core.append import append
from aidevos.core.codec import encode_records
from aidevos.core.errors import AidevosError
from aidevos.core.fence import Committed, Fence, Fenced, Opened
from aidevos.core.record import Batch, Header
from aidevos.core.roll import roll
from aidevos.core.statements import TIMEOUT, Pause, ReadRows, TakeHeader
from aidevos.core.takeover import takeover
from aidevos.storage.tables import Tables

SHARD = 3
Machine = Generator[Any, Any, Any]


class LogTalk:
    """One store, one machine at a time. A fault hits the next statement of its name."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tables = Tables()
        self.fence: Fence | None = None
        self.faults: dict[str, str] = {}
        self.late: list[Any] = []
        self.nonces = (f"nonce-{number}" for number in range(1, 100))

    def do_open(self, owner: str) -> None:
        opened = self._drive(takeover(SHARD, owner, self.nonces))
        if isinstance(opened, Opened):
            self.fence = opened.fence
            offsets = [row.offset for row in opened.rows]
            self.said.append(f"opened epoch={opened.fence.epoch} rows={offsets}")

    def do_append(self, batch: str, log_time: str = "1000") -> None:
        assert self.fence is not None
        one = Batch(
            batch_id=batch,
            log_time_ms=int(log_time),
            record_count=0,
            body=encode_records(()),
        )
        outcome = self._drive(append(self.fence, one))
        match outcome:
            case Committed(fence):
                self.fence = fence
                self.said.append(f"committed tail={fence.tail}")
            case Fenced(epoch):
                self.said.append(f"fenced by epoch {epoch}")

    def do_roll(self) -> None:
        assert self.fence is not None
        outcome = self._drive(roll(self.fence))
        if isinstance(outcome, Fence):
            self.fence = outcome
            self.said.append(f"rolled segment={outcome.segment} base={outcome.base}")
        elif isinstance(outcome, Fenced):
            self.said.append(f"fenced by epoch {outcome.epoch}")

    def do_fault(self, on: str, what: str) -> None:
        """lost: not done, no answer. unheard: done, no answer. late: done after the next one."""
        self.faults[on] = what

    def do_rival(self, owner: str) -> None:
        """Another host takes the shard, between two of our statements or ours."""
        segment = max(segment for shard, segment in self.tables.headers if shard == SHARD)
        header = self.tables.headers[SHARD, segment]
        self.tables.apply(TakeHeader(SHARD, segment, header.epoch, owner, f"nonce-{owner}"))

    def do_drop(self, offset: str) -> None:
        """A row is gone, as after a disk that lied."""
        for rows in self.tables.rows.values():
            rows.pop(int(offset), None)

    def _drive(self, machine: Machine) -> Any:
        answer: Any = None
        while True:
            try:
                asked = machine.send(answer)
            except StopIteration as done:
                return done.value
            except AidevosError as error:
                self.said.append(f"! {error.reason}: {error.message}")
                return None
            answer = self._answer(asked)
            self.said.append(f"{told(asked)} -> {shown(answer)}")

    def _answer(self, asked: Any) -> Any:
        if isinstance(asked, Pause):
            return 100 * asked.attempt
        fault = self.faults.pop(type(asked).__name__, "")
        if fault == "rival":
            self.do_rival("rival")
        if fault == "late":
            self.late.append(asked)
        if fault in ("lost", "late"):
            return TIMEOUT
        answer = self.tables.apply(asked)
        while self.late:
            self.tables.apply(self.late.pop())
        return TIMEOUT if fault == "unheard" else answer


def told(asked: Any) -> str:
    """Return a statement in one line."""
    name = type(asked).__name__
    match asked:
        case Pause():
            return "Pause"
        case ReadRows(_, segment, start, end):
            return f"ReadRows {segment} [{start}, {end})"
    parts = [name]
    if hasattr(asked, "segment"):
        parts.append(str(asked.segment))
    for field in ("if_epoch", "if_tail", "if_last_batch", "owner", "nonce"):
        if hasattr(asked, field):
            parts.append(f"{field}={getattr(asked, field)}")
    return " ".join(parts)


def shown(answer: Any) -> str:
    """Return an answer in one line."""
    if isinstance(answer, Header):
        sealed = " sealed" if answer.sealed else ""
        return f"epoch={answer.epoch} tail={answer.tail} nonce={answer.nonce}{sealed}"
    if isinstance(answer, tuple):
        return f"rows {[row.offset for row in answer]}"
    return str(answer)
