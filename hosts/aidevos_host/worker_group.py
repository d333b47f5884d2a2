"""Answers what a turn asks about its group in the middle: one question at a time."""

import asyncio
import logging
from collections.abc import Callable, Collection

from aidevos_worker.frames import (
    FindObjects,
    GetObject,
    GotError,
    GotObject,
    GotObjects,
    Question,
)

from aidevos.core import eager
from aidevos.core.errors import AidevosError, HandlerFailedError, NotFoundError
from aidevos.core.turn import GroupReader, Turn
from aidevos_host.worker_live import LiveWorker
from aidevos_host.worker_sent import name_of

_log = logging.getLogger("aidevos.worker")

Answer = GotObject | GotObjects | GotError


class GroupReads:
    """The reading that is under way for the turn in flight, if any."""

    def __init__(self, name: str, send: Callable[[LiveWorker, Answer], None]) -> None:
        """`name` is what log lines call the service; `send` sends what is to go before, too."""
        self._send = send
        self.types: Collection[str] = ()
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def begin(self, worker: LiveWorker, turn: Turn, question: Question) -> bool:
        """Begin to answer; False if a worker that keeps to the protocol could not ask this.

        What the host has at hand is answered on the spot.
        """
        if self._task is not None and not self._task.done():
            return False
        if isinstance(question, FindObjects) and question.tenant != turn.request.object.tenant:
            return False
        answer = eager.begin(self._answer(turn, question))
        if isinstance(answer, eager.Suspended):
            worker.watch.asked()
            self._task = asyncio.ensure_future(self._send_later(worker, answer))
        else:
            self._send(worker, answer)
        return True

    def cancel(self) -> None:
        """Stop reading: the worker that asked is no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _send_later(self, worker: LiveWorker, rest: eager.Suspended[Answer]) -> None:
        answer = await rest
        self._task = None
        worker.watch.answered()
        self._send(worker, answer)

    async def _answer(self, turn: Turn, question: Question) -> Answer:
        try:
            return await self._read(turn.group, question)
        except AidevosError as error:
            return GotError(error.to_record())
        except Exception:  # Boundary: the turn must end, whatever broke; the log says what.
            name = name_of(turn)
            _log.exception("%s: reading the group of %s failed", self._name, name)
            bug = HandlerFailedError(f"the group of {name} cannot be read")
            return GotError(bug.to_record())

    async def _read(self, group: GroupReader, question: Question) -> GotObject | GotObjects:
        wanted = question.object.type if isinstance(question, GetObject) else question.type_name
        if wanted not in self.types:
            raise NotFoundError(f"{wanted} is not a type of this service", field="object_type")
        if isinstance(question, GetObject):
            return GotObject(await group.get(question.object))
        return GotObjects(await group.find(question.tenant, question.type_name))
