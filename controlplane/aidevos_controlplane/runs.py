"""Runs: starting, finding and following them, and telling which are open."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aidevos.core.errors import AidevosError, InvalidArgumentError, NotFoundError
from aidevos.doors.port import StoredEvent
from aidevos.doors.streams import until
from aidevos.system.conversation import Receipted
from aidevos.system.message import Draft
from aidevos.system.names import (
    OPERATOR,
    check_bound,
    check_sha256,
    conversation_id_of,
    conversation_of,
    run_of,
)
from aidevos.system.run import Finished, RunStart
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_controlplane.artifacts import Artifacts
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.clock import Clock
from aidevos_controlplane.mailroom import Mailroom

FIRST = "pm"
"""The role that is told of a new run."""
START = "start"
MARKDOWN = "text/markdown"
AGAIN_MS = 200
PAGE_MAX = 1_000

log = logging.getLogger("aidevos.runs")


@dataclass(frozen=True, slots=True)
class Begun:
    """What StartRun came to: a run, or an app that was made from the very same spec."""

    run_id: str = ""
    app: str = ""
    started: bool = False


class Runs:
    """All runs. `on_open(run_ids)` is told which are open, whenever that changes."""

    def __init__(
        self, objects: Objects, artifacts: Artifacts, mailroom: Mailroom, clock: Clock
    ) -> None:
        """Bind."""
        self._objects = objects
        self._artifacts = artifacts
        self._mailroom = mailroom
        self._clock = clock
        self._starting = asyncio.Lock()
        self._closing = asyncio.Event()
        self._followed: dict[str, asyncio.Task[None]] = {}
        self.on_open: Callable[[frozenset[str]], None] = lambda run_ids: None

    async def load(self) -> None:
        """Follow the runs that are open."""
        for view in await self._objects.all("Run", open=True):
            self._follow(conversation_id_of(view.object))

    async def close(self) -> None:
        """Follow no more; end those who watch with UnavailableError."""
        self._closing.set()
        tasks = list(self._followed.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, request: pb.StartRunRequest) -> Begun:
        """Start a run, unless one of that request_id, or of that very spec, is there."""
        _check(request)
        run_id = run_id_of(request.request_id)
        async with self._starting:
            if not await self._objects.exists(run_of(run_id)):
                spec = await self._spec(request)
                there = None if request.again else await self._same_spec(spec)
                if there is not None:
                    return there
                await self._begin(run_id, spec, request)
                return Begun(run_id=run_id, started=True)
        self._follow(run_id)  # A repeat: the first answer may have been lost before this.
        return Begun(run_id=run_id)

    async def page(self, size: int, token: str, *, open_only: bool) -> tuple[list[str], str]:
        """Return ids of one page of runs, newest first, and the token of the next."""
        views = await (
            self._objects.all("Run", open=True) if open_only else self._objects.all("Run")
        )
        newest = sorted(views, key=lambda view: (-view.created_ms, view.object.key))
        ids = [conversation_id_of(view.object) for view in newest]
        if token and token not in ids:
            raise InvalidArgumentError("page_token is not one that a list gave", field="page_token")
        first = ids.index(token) + 1 if token else 0
        page = ids[first : first + min(size or 100, PAGE_MAX)]
        return page, page[-1] if page and page[-1] != ids[-1] else ""

    async def watch(self, run_id: str, after: int) -> AsyncIterator[StoredEvent]:
        """Yield a run's events after a sequence, then each new one. Raises NotFoundError."""
        if not await self._objects.exists(run_of(run_id)):
            raise NotFoundError(f"there is no run {run_id}", field="run_id")
        events = self._objects.watch(run_of(run_id), after)
        async for event in until(self._closing, events):
            yield event

    # ---- inside ----------------------------------------------------------------------------

    async def _spec(self, request: pb.StartRunRequest) -> str:
        if request.WhichOneof("source") == "spec_text":
            return await self._artifacts.put(request.spec_text.encode(), MARKDOWN)
        check_sha256(request.spec_sha256, "spec_sha256")
        await self._artifacts.get(request.spec_sha256)
        return request.spec_sha256

    async def _same_spec(self, spec: str) -> Begun | None:
        for view in await self._objects.all("Deployment", spec=spec):
            return Begun(app=view.object.key)
        for view in await self._objects.all("Run", spec=spec, open=True):
            return Begun(run_id=conversation_id_of(view.object))
        return None

    async def _begin(self, run_id: str, spec: str, request: pb.StartRunRequest) -> None:
        """Make the run and send its first message: one commit."""
        start = RunStart(run_id, spec, request.spec_name, request.name, request.request_id)
        content = {
            "run_id": run_id,
            "spec": spec,
            "name": request.name,
            "spec_name": request.spec_name,
        }
        draft = Draft(
            sender=OPERATOR,
            message_id=START,
            message_type="run_start",
            content=content,
            correlation_id=run_id,
            task_id="plan",
        )
        await self._objects.command(
            conversation_of(run_id),
            "start_run",
            Receipted,
            start=start,
            draft=draft,
            recipient=FIRST,
        )
        self._mailroom.arrived(run_id, (FIRST,))
        self._follow(run_id)

    def _follow(self, run_id: str) -> None:
        if run_id in self._followed:
            return
        task = asyncio.ensure_future(self._until_finished(run_id))
        self._followed[run_id] = task
        task.add_done_callback(lambda _: self._unfollow(run_id))
        self._tell()

    def _unfollow(self, run_id: str) -> None:
        self._followed.pop(run_id, None)
        self._tell()

    def _tell(self) -> None:
        self.on_open(frozenset(self._followed))

    async def _until_finished(self, run_id: str) -> None:
        """Return when the run is finished, whoever finished it and whatever interrupts."""
        after = 0
        while True:
            try:
                async for event in self._objects.watch(run_of(run_id), after):
                    after = event.sequence
                    if event.type == Finished.__name__:
                        return
            except AidevosError as error:
                if not error.retryable:
                    log.error("run cannot be followed: run=%s: %s", run_id, error)
                    return
                await self._clock.sleep(AGAIN_MS)


def run_id_of(request_id: str) -> str:
    """Return the id of the run that this request starts: the same one, for ever."""
    return f"run-{hashlib.sha256(request_id.encode()).hexdigest()[:16]}"


def _check(request: pb.StartRunRequest) -> None:
    printable = request.request_id.isascii() and request.request_id.isprintable()
    if not (1 <= len(request.request_id) <= 128 and printable):
        raise InvalidArgumentError(
            "request_id: 1 to 128 printable ASCII characters", field="request_id"
        )
    if not request.WhichOneof("source"):
        raise InvalidArgumentError("a run needs spec_text or spec_sha256", field="spec_text")
    check_bound(len(request.spec_name), 200, "spec_name", "characters")
    check_bound(len(request.name), 63, "name", "characters")
