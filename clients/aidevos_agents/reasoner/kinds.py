"""The four kinds of reasoners. BLUEPRINT and REPLAY work here, MODEL and HUMAN say why they do not.

A reasoner answers with plain JSON values; the engine checks them against the question's schema.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from aidevos.core.errors import (
    AidevosError,
    HandlerFailedError,
    NotFoundError,
    UnimplementedError,
)
from aidevos.version import VERSION
from aidevos_agents.agent.bugs import told
from aidevos_agents.reasoner.request import Kind, Request

Blueprints = Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]


class Reasoner(Protocol):
    """Something that answers questions. Raises AidevosError when it cannot."""

    kind: Kind
    engine: str
    version: str

    async def think(self, request: Request[Any]) -> Any:
        """Return the output as a value of the type that the question asks for.

        Cancel: no answer; whether it was paid for is not known.
        """
        ...


class Blueprint:
    """Deterministic: the same question gets the same answer, from a function of the project."""

    kind: Kind = "blueprint"
    engine = "aidevos blueprint"
    version = VERSION

    def __init__(self, functions: Blueprints) -> None:
        """Take one function per task name."""
        self._functions = functions

    async def think(self, request: Request[Any]) -> Any:
        """Run the task's function. Raises HandlerFailedError for what trying again cannot help."""
        function = self._functions.get(request.task)
        if function is None:
            raise UnimplementedError(
                f"the blueprint of {request.role} has no answer to {request.task!r}"
            )
        try:
            return await function(request)
        except AidevosError as error:
            if error.retryable:
                raise
            raise _failed(request, error.message) from error
        except Exception as error:  # A bug in the function: told, because it would come again.
            raise _failed(request, told(error)) from error


def _failed(request: Request[Any], why: str) -> HandlerFailedError:
    return HandlerFailedError(f"{request.role} failed at {request.task}: {why}")


class Replay:
    """Answers from a record of earlier calls, by the question's hash; never makes one up."""

    kind: Kind = "replay"
    engine = "aidevos replay"
    version = VERSION

    def __init__(self, answers: Mapping[str, Any]) -> None:
        """Take the recorded outputs by `Request.sha256()`."""
        self._answers = answers

    async def think(self, request: Request[Any]) -> Any:
        """Return the recorded output. Raises NotFoundError."""
        try:
            return self._answers[request.sha256()]
        except KeyError:
            raise NotFoundError(
                f"no answer to this question ({request.role}, {request.task}) was recorded: "
                "record one with another kind of reasoner first"
            ) from None


class NotHere:
    """A kind that is specified and not built in: it refuses, and says what to use instead."""

    engine = "none"
    version = VERSION

    def __init__(self, kind: Kind, reason: str) -> None:
        """Say which kind, and why not."""
        self.kind = kind
        self._reason = reason

    async def think(self, request: Request[Any]) -> Any:
        """Refuse."""
        raise UnimplementedError(f"reasoner {self.kind}: {self._reason}; use blueprint")


MODEL = NotHere("model", "no language model is connected in this version")
HUMAN = NotHere("human", "questions to people are not delivered in this version")
