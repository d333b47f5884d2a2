"""Turns and folds that wait for a worker or are with it, in order; whom to blame when it dies."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from aidevos_worker.frames import Fold, Folded, RunTurn, TurnRan

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import GroupReader, Held, TurnRequest, TurnResult


@dataclass(slots=True, eq=False)
class TurnJob:
    """One turn that somebody waits for."""

    request: TurnRequest
    group: GroupReader
    future: "asyncio.Future[TurnResult]"
    attempts: int = 0

    def message(self, number: int) -> RunTurn:
        """Return what is sent."""
        return RunTurn(number, self.request)

    def fail(self, error: AidevosError) -> None:
        """End with an error: nothing of the turn is kept."""
        if not self.future.done():
            self.future.set_result(TurnResult(outcome="failed", error=error.to_record()))

    @property
    def name(self) -> str:
        """Type and method, for sentences."""
        return f"{self.request.object.type}.{self.request.method}"


@dataclass(slots=True, eq=False)
class FoldJob:
    """One fold that somebody waits for."""

    object: ObjectId
    held: Held
    future: "asyncio.Future[Held]"
    attempts: int = 0

    def message(self, number: int) -> Fold:
        """Return what is sent."""
        return Fold(number, self.object, self.held)

    def fail(self, error: AidevosError) -> None:
        """End with an error."""
        if not self.future.done():
            self.future.set_exception(error)

    @property
    def name(self) -> str:
        """What it is, for sentences."""
        return f"folding the events of {self.object}"


Job = TurnJob | FoldJob


@dataclass(slots=True)
class Jobs:
    """Jobs of one executor. Numbers are 1-based and never used again."""

    turns_max: int
    attempts_max: int
    waiting: deque[Job] = field(default_factory=deque)
    sent: dict[int, Job] = field(default_factory=dict)
    _last: int = 0

    def add(self, job: Job) -> None:
        """Enter a job; folds go first, for a turn under way may wait for one."""
        if isinstance(job, FoldJob):
            self.waiting.appendleft(job)
        else:
            self.waiting.append(job)

    def to_send(self) -> list[RunTurn | Fold]:
        """Return what may be sent now, and count it as sent.

        A turn that a worker died under goes alone, so that there is no doubt if it dies again.
        """
        return [self._send(self.waiting.popleft()) for _ in self._allowed()]

    def _allowed(self) -> Iterator[None]:
        alone = any(job.attempts > 0 for job in self.sent.values())
        while self.waiting:
            job = self.waiting[0]
            if job.future.cancelled():
                self.waiting.popleft()
                continue
            if isinstance(job, TurnJob):
                alone = alone or job.attempts > 0
                if len(self.sent) >= (1 if alone else self.turns_max):
                    return
            yield

    def _send(self, job: Job) -> RunTurn | Fold:
        self._last += 1
        self.sent[self._last] = job
        return job.message(self._last)

    def finish(self, answer: TurnRan | Folded) -> Job | None:
        """Take the job that `answer` is about; None if there is none of that number and kind."""
        job = self.sent.get(answer.number)
        if isinstance(job, TurnJob) is not isinstance(answer, TurnRan):
            return None
        return self.sent.pop(answer.number, None)

    def worker_died(self, begun: int, why: str) -> str:
        """Fail the job that was begun; the others wait again. Return the name of the one."""
        sent, self.sent = self.sent, {}
        alone = next(iter(sent)) if len(sent) == 1 else 0
        guilty = sent.pop(begun, None) or (self._worn_out(sent, alone))
        for job in reversed(sent.values()):
            job.attempts += 1
            if job.attempts >= self.attempts_max:
                job.fail(UnavailableError(f"{job.name}: its worker process {why} before it ran"))
            else:
                self.waiting.appendleft(job)
        if guilty is None:
            return ""
        guilty.fail(HandlerFailedError(f"{guilty.name} {why}; nothing was changed"))
        return guilty.name

    def _worn_out(self, sent: dict[int, Job], alone: int) -> Job | None:
        """Return the one job that was with the worker, if workers die under it again and again."""
        if alone and sent[alone].attempts > 0:
            return sent.pop(alone)
        return None

    def fail_all(self, error: AidevosError) -> None:
        """Fail everything that waits or is sent."""
        jobs = [*self.waiting, *self.sent.values()]
        self.waiting.clear()
        self.sent.clear()
        for job in jobs:
            job.fail(error)
