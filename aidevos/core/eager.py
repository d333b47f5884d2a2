"""Drives a coroutine inline until it really waits: mostly what it awaits is there. Pure."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Suspended(Generic[T]):
    """A coroutine that waits; await this to drive it to its end."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:
        """`waits_for`: what the coroutine yielded."""
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, T]:
        """Hand on what it waits for, and what comes back, until it returns or raises."""
        step: Callable[[], Any]
        waits_for = self._waits_for
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:  # Cancelled, or the wait failed: its own to handle.
                step = _throwing(self._coroutine, error)
            else:
                step = _sending(self._coroutine, sent)
            try:
                waits_for = step()
            except StopIteration as done:
                value: T = done.value
                return value


def begin(coroutine: Coroutine[Any, Any, T]) -> T | Suspended[T]:
    """Return what the coroutine returns, if it does so without waiting; else what is left of it.

    Raises what it raises. Must be called in the loop on which it would wait.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    return Suspended(coroutine, waits_for)


def _throwing(coroutine: Coroutine[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: coroutine.throw(error)


def _sending(coroutine: Coroutine[Any, Any, Any], value: Any) -> Callable[[], Any]:
    return lambda: coroutine.send(value)
