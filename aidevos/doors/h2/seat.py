"""Drives a handler inline until it really suspends; one that does goes on in a real task.

Most calls end without ever waiting, and a task for each would cost more than they do. But what a
handler calls may ask for its task (`asyncio.timeout` does): so a task stands ready, is the
current one while a handler runs inline, and takes over the handler that suspends. One that was
not needed is there for the next call.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, NoReturn, Protocol

Handler = Coroutine[Any, Any, Any]


class Outcome(Protocol):
    """Who is told what a handler came to."""

    def answered(self, result: Any) -> None:
        """It returned."""

    def failed(self, error: BaseException) -> None:
        """It raised, or was cancelled."""


class Seats:
    """The seats of one event loop: at most one stands ready."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handlers see the context variables of who makes this."""
        self._loop = loop
        self._base = copy_context()
        self._values = tuple(self._base.items())
        self._ready: Seat | None = None

    def run(self, handler: Handler, outcome: Outcome) -> "Seat | None":
        """Run `handler`; return its seat if it goes on later, None if `outcome` was told."""
        seat, self._ready = self._ready, None
        if seat is None:
            seat = Seat(self._loop, self._base.copy())
        running = asyncio.current_task(self._loop)
        if running is not None:  # Bytes that were not brought by the loop itself.
            _leave_task(self._loop, running)
        try:
            suspended = seat.run(handler, outcome)
        finally:
            if running is not None:
                _enter_task(self._loop, running)
        if suspended:
            return seat
        if seat.is_like(self._values):
            self._ready = seat
        else:
            seat.cancel()
        return None

    def close(self) -> None:
        """Let go of the seat that stands ready."""
        if self._ready is not None:
            self._ready.cancel()
            self._ready = None


class Seat(Coroutine[Any, Any, None]):
    """A task's coroutine that begins with a handler of which the first part has run."""

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """Make the task; it waits for a handler."""
        self._loop = loop
        self._context = context
        self._handler: Handler | None = None
        self._outcome: Outcome | None = None
        self._handed = False
        self._waiting: asyncio.Future[Any] | None = None
        self._parked: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = loop.create_task(self, context=context)

    def is_like(self, values: tuple[tuple[ContextVar[Any], Any], ...]) -> bool:
        """Whether the handler left no cancellation and no context variables but `values`."""
        assert self._task is not None
        context = self._context
        return (
            len(context) == len(values)
            and not self._task.cancelling()
            and all(context.get(variable) is value for variable, value in values)
        )

    def run(self, handler: Handler, outcome: Outcome) -> bool:
        """Run the first part; return whether the task has to run the rest."""
        task = self._task
        assert task is not None
        _enter_task(self._loop, task)
        try:
            waiting = self._context.run(handler.send, None)
        except StopIteration as stop:
            result = stop.value
        except BaseException as error:  # Whatever it is, the outcome's owner decides.
            _leave_task(self._loop, task)
            outcome.failed(error)
            return False
        else:
            _leave_task(self._loop, task)
            self._hand_over(handler, outcome, waiting)
            return True
        _leave_task(self._loop, task)
        outcome.answered(result)
        return False

    def cancel(self) -> None:
        """Cancel the task, and so the handler that it runs."""
        if self._task is not None:
            self._task.cancel()

    def _hand_over(self, handler: Handler, outcome: Outcome, waiting: Any) -> None:
        self._handler, self._outcome = handler, outcome
        self._waiting, self._handed = waiting, True
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    # ---- as the task sees it -----------------------------------------------------------------

    def send(self, value: Any) -> Any:
        """Return what the task shall wait for next."""
        if self._handed:
            self._handed = False
            return self._waiting
        if self._handler is None:
            return self._park()
        try:
            return self._handler.send(value)
        except BaseException as error:
            self._end(error)

    def throw(self, error: Any, *_: Any) -> Any:
        """Let the handler have what it waited for fail with, or its cancellation."""
        if self._handler is None:
            raise error
        if self._handed:  # Cancelled before the task was there: pass it on, as a task does.
            self._handed = False
            if self._waiting is not None and self._waiting.cancel():
                return self._waiting
        try:
            return self._handler.throw(error)
        except BaseException as raised:
            self._end(raised)

    def close(self) -> None:
        """Close the handler."""
        if self._handler is not None:
            self._handler.close()

    def __await__(self) -> NoReturn:
        """Only a task runs this."""
        raise TypeError("a seat belongs to its task")

    def _park(self) -> "asyncio.Future[None]":
        self._parked = self._loop.create_future()
        self._parked._asyncio_future_blocking = True  # As its `__await__` would.
        return self._parked

    def _end(self, error: BaseException) -> NoReturn:
        """Tell the outcome; the task itself ends well. Only what ends processes is raised."""
        outcome, self._task, self._waiting = self._outcome, None, None
        assert outcome is not None
        if isinstance(error, StopIteration):
            outcome.answered(error.value)
        else:
            outcome.failed(error)
        raise StopIteration
