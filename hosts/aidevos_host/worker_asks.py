"""What a host asks a worker beside turns, rarely: to fold events, and what states it holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aidevos_worker.frames import ASKED, AskStates, Fold, Folded, States

from aidevos.core.errors import AidevosError, HandlerFailedError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held


@dataclass(slots=True, eq=False)
class FoldJob:
    """One fold that somebody waits for."""

    message: Fold
    future: "asyncio.Future[Held]"
    attempts: int = 0

    def fail(self, error: AidevosError) -> None:
        """End with an error."""
        if not self.future.done():
            self.future.set_exception(error)

    def settle(self, folded: Folded) -> None:
        """End with what the worker made of it."""
        if folded.held is None:
            known = folded.error is not None and folded.error.reason in AidevosError.by_reason
            bug = HandlerFailedError(f"folding the events of {self.message.object} failed")
            self.fail(AidevosError.from_record(folded.error) if known and folded.error else bug)
        elif not self.future.done():
            self.future.set_result(folded.held)


@dataclass(slots=True, eq=False)
class StatesJob:
    """One question for states."""

    message: AskStates
    future: "asyncio.Future[list[Held | None]]"
    found: list[Held | None] = field(default_factory=list)

    def add(self, found: Sequence[Held | None]) -> bool:
        """Take the next ones; False if there are more than were asked for."""
        self.found += found
        if len(self.found) == len(self.message.objects) and not self.future.done():
            self.future.set_result(self.found)
        return len(self.found) <= len(self.message.objects)

    def give_up(self) -> None:
        """The worker is gone: what was not told is held no more."""
        missing = len(self.message.objects) - len(self.found)
        if not self.future.done():
            self.future.set_result([*self.found, *[None] * missing])


class Asks:
    """Questions that wait or are with a worker, by number."""

    def __init__(self, attempts_max: int) -> None:
        """Begin empty."""
        self._attempts_max = attempts_max
        self._number = 0
        self._folds: dict[int, FoldJob] = {}
        self._states: dict[int, StatesJob] = {}
        self.unsent: list[Fold] = []

    def __len__(self) -> int:
        return len(self._folds) + len(self._states)

    def fold(self, object: ObjectId, held: Held) -> "asyncio.Future[Held]":
        """Ask for a fold; it is `unsent`."""
        self._number += 1
        message = Fold(self._number, object, held)
        future: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        self._folds[self._number] = FoldJob(message, future)
        self.unsent.append(message)
        return future

    def states(
        self, objects: Sequence[ObjectId]
    ) -> "tuple[AskStates, asyncio.Future[list[Held | None]]]":
        """Ask for states; the caller sends the message in its place."""
        self._number += 1
        message = AskStates(self._number, list(objects))
        future: asyncio.Future[list[Held | None]] = asyncio.get_running_loop().create_future()
        self._states[self._number] = StatesJob(message, future)
        return message, future

    def answered(self, answer: Folded | States) -> bool:
        """Take an answer; False if a worker that keeps to the protocol could not give it."""
        if isinstance(answer, Folded):
            fold = self._folds.pop(answer.number, None)
            if fold is not None:
                fold.settle(answer)
            return fold is not None
        states = self._states.get(answer.number)
        if states is None or not states.add(answer.found):
            return False
        if states.future.done():
            del self._states[answer.number]
        return True

    def worker_died(self, begun: int, why: str) -> str:
        """Ask again for folds, but for the one that was begun: return its name, if any."""
        for states in self._states.values():
            states.give_up()
        self._states.clear()
        guilty = self._folds.pop(begun & ~ASKED, None) if begun & ASKED else None
        for number, job in list(self._folds.items()):
            job.attempts += 1
            if job.attempts >= self._attempts_max:
                error = UnavailableError(f"folding {job.message.object}: its worker process {why}")
                self._folds.pop(number).fail(error)
        self.unsent = [job.message for job in self._folds.values()]
        if guilty is None:
            return ""
        name = f"folding the events of {guilty.message.object}"
        guilty.fail(HandlerFailedError(f"{name} {why}; nothing was changed"))
        return name

    def fail_all(self, error: AidevosError) -> None:
        """Fail everything: no worker will answer."""
        for states in self._states.values():
            states.give_up()
        for job in self._folds.values():
            job.fail(error)
        self._states.clear()
        self._folds.clear()
        self.unsent.clear()
