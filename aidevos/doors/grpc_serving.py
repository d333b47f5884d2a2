"""What every servicer needs: who calls until when, and how refusals become statuses.

A servicer decodes, calls, encodes. Wrap each of its methods in `unary` or `stream`; raise
AidevosError only. Anything else is a bug: the caller gets an opaque sentence, the log the rest.
"""

import functools
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import grpc

from aidevos.core.errors import AidevosError, ErrorRecord
from aidevos.doors.grpc_interface import ServicerContext
from aidevos.runtime.status import to_status
from aidevos.runtime.tokens import Tokens

Context = ServicerContext
S = TypeVar("S")
Q = TypeVar("Q")
R = TypeVar("R")

_log = logging.getLogger("aidevos.grpc")
OPAQUE = ErrorRecord(
    "INTERNAL", "the server has a bug; its log has the details. Nothing is known about the outcome"
)
"""What is told of any bug."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; `deadline_ms` is host-monotonic, None without a deadline."""

    principal: str
    deadline_ms: int | None
    traceparent: str


class Identity:
    """Reads callers from a context: `authorization`, `traceparent`, the gRPC deadline."""

    def __init__(self, tokens: Tokens, monotonic_ms: Callable[[], int] | None = None) -> None:
        """Trust no listener until the door says that it is a loopback one."""
        self.loopback = False
        self._tokens = tokens
        self.monotonic_ms = monotonic_ms or _monotonic_ms

    def caller(self, context: Context) -> Caller:
        """Return who calls. Raises UnauthenticatedError."""
        authorization, traceparent = None, ""
        for name, value in context.invocation_metadata() or ():
            if name == "authorization":
                authorization = str(value)
            elif name == "traceparent":
                traceparent = str(value)
        principal = self._tokens.principal(authorization, loopback=self.loopback)
        left = context.time_remaining()
        deadline = None if left is None else self.monotonic_ms() + int(left * 1_000)
        return Caller(principal, deadline, traceparent)


def unary(
    method: Callable[[S, Q, Context], Awaitable[R]],
) -> Callable[[S, Q, Context], Coroutine[Any, Any, R]]:
    """Let a unary method refuse by raising."""

    @functools.wraps(method)
    async def answer(self: S, request: Q, context: Context) -> R:
        try:
            return await method(self, request, context)
        except AidevosError as error:
            await refuse(context, error)
        except Exception as error:  # The process's edge: nothing of a bug may reach a user.
            await _report(context, error)

    return answer


def stream(
    method: Callable[[S, Q, Context], AsyncIterator[R]],
) -> Callable[[S, Q, Context], AsyncIterator[R]]:
    """Let a method that streams its answers refuse by raising."""

    @functools.wraps(method)
    async def answers(self: S, request: Q, context: Context) -> AsyncIterator[R]:
        try:
            async for item in method(self, request, context):
                yield item
        except AidevosError as error:
            await refuse(context, error)
        except Exception as error:  # The process's edge, as in `unary`.
            await _report(context, error)

    return answers


def refusal(record: ErrorRecord) -> AidevosError:
    """Return the error of a recorded refusal: final, however it sounds; a repeat gets it again."""
    error = AidevosError.from_record(record)
    return error.with_metadata(final="true") if error.retryable else error


async def refuse(context: Context, error: AidevosError) -> NoReturn:
    """End the call with the status of `error`."""
    await _abort(context, error.to_record())


async def _report(context: Context, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    _log.error("unexpected error", exc_info=error)
    await _abort(context, OPAQUE)


async def _abort(context: Context, record: ErrorRecord) -> NoReturn:
    code, message, trailers = to_status(record)
    await context.abort(code, message, trailers)
    raise AssertionError("abort raises")


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
