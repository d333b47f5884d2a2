"""Answers what a turn asks about its group in the middle: one question at a time."""

import asyncio
import logging
from collections.abc import Collection

from aidevos_worker.frames import (
    FindObjects,
    GetObject,
    GotError,
    GotObject,
    GotObjects,
    Question,
)

from aidevos.core.errors import AidevosError, HandlerFailedError, NotFoundError
from aidevos.core.turn import GroupReader
from aidevos_host.worker_jobs import TurnJob
from aidevos_host.worker_live import LiveWorker

_log = logging.getLogger("aidevos.worker")


class GroupReads:
    """The reading that is under way for the turn in flight, if any."""

    def __init__(self, name: str) -> None:
        """`name` is what log lines call the service."""
        self.types: Collection[str] = ()
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def begin(self, worker: LiveWorker, job: TurnJob, question: Question) -> bool:
        """Begin to answer; False if a worker that keeps to the protocol could not ask this."""
        if self._task is not None and not self._task.done():
            return False
        if isinstance(question, FindObjects) and question.tenant != job.request.object.tenant:
            return False
        worker.watch.asked()
        self._task = asyncio.create_task(self._answer(worker, job, question))
        return True

    def cancel(self) -> None:
        """Stop reading: the worker that asked is no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _answer(self, worker: LiveWorker, job: TurnJob, question: Question) -> None:
        answer: GotObject | GotObjects | GotError
        try:
            answer = await self._read(job.group, question)
        except AidevosError as error:
            answer = GotError(error.to_record())
        except Exception:  # Boundary: the turn must end, whatever broke; the log says what.
            _log.exception("%s: reading the group of %s failed", self._name, job.name)
            bug = HandlerFailedError(f"the group of {job.name} cannot be read")
            answer = GotError(bug.to_record())
        self._task = None
        worker.watch.answered()
        worker.send([answer])

    async def _read(self, group: GroupReader, question: Question) -> GotObject | GotObjects:
        wanted = question.object.type if isinstance(question, GetObject) else question.type_name
        if wanted not in self.types:
            raise NotFoundError(f"{wanted} is not a type of this service", field="object_type")
        if isinstance(question, GetObject):
            return GotObject(await group.get(question.object))
        return GotObjects(await group.find(question.tenant, question.type_name))
