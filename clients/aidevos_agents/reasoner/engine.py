"""The reasoning engine of an agent: asks a reasoner, through the journal, and checks the answer.

After a crash a completed call is never made again: its recorded answer is the answer. A call whose
end is not known is `uncertain`: a deterministic one is made again under the same entry, any other
is refused, because it may have been paid for.
"""

import time
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

import msgspec

from aidevos.core.errors import FailedPreconditionError, HandlerFailedError, UnimplementedError
from aidevos_agents.reasoner.journal import Begun
from aidevos_agents.reasoner.kinds import HUMAN, MODEL, NotHere, Reasoner
from aidevos_agents.reasoner.request import (
    Kind,
    Provenance,
    Request,
    Response,
    Usage,
    sha256_of,
)

T = TypeVar("T")
FREE: frozenset[Kind] = frozenset(("blueprint", "replay"))
"""Kinds whose calls cost nothing and give the same answer each time."""


class CallLog(Protocol):
    """Where calls are journaled; see `Journal`."""

    async def begin(self, request: Request[Any], kind: Kind) -> Begun:
        """Write down a call before it is made."""
        ...

    async def end(
        self, request: Request[Any], begun: Begun, result: dict[str, Any], usage: Usage
    ) -> dict[str, Any]:
        """Write down its answer; return the one that stays."""
        ...


class ReasoningEngine:
    """Asks reasoners of the four kinds; MODEL and HUMAN refuse unless one is given."""

    def __init__(self, journal: CallLog, reasoners: Iterable[Reasoner]) -> None:
        """Take the journal and at most one reasoner per kind."""
        self._journal = journal
        known: dict[Kind, Reasoner] = {"model": MODEL, "human": HUMAN}
        self._reasoners = known | {reasoner.kind: reasoner for reasoner in reasoners}

    async def complete(self, request: Request[T], kind: Kind = "blueprint") -> Response[T]:
        """Return the answer, from the journal if the call was completed before.

        Raises UnimplementedError for a kind that is not here (nothing is journaled then),
        FailedPreconditionError for an uncertain call that may have been paid for.
        """
        reasoner = self._reasoners.get(kind)
        if reasoner is None:
            raise UnimplementedError(f"this agent has no reasoner of kind {kind}")
        if isinstance(reasoner, NotHere):
            await reasoner.think(request)
        begun = await self._journal.begin(request, kind)
        result = begun.result
        if result is None:
            result = await self._ask(reasoner, request, begun)
        return msgspec.convert(result, Response[request.answer])  # type: ignore[name-defined]

    async def _ask(self, reasoner: Reasoner, request: Request[T], begun: Begun) -> dict[str, Any]:
        if begun.uncertain and reasoner.kind not in FREE:
            raise FailedPreconditionError(
                f"call {request.task} of {request.task_id} is uncertain: it was begun, its end is "
                "not known and it may have been paid for; start the run again to ask anew"
            )
        started = time.monotonic()
        output = msgspec.to_builtins(await reasoner.think(request))
        _check(output, request)
        usage = Usage(seconds=round(time.monotonic() - started, 3))
        provenance = Provenance(
            kind=reasoner.kind,
            engine=reasoner.engine,
            version=reasoner.version,
            request_sha256=request.sha256(),
            output_sha256=sha256_of(output),
            attempts=begun.attempts,
            uncertain=begun.uncertain,
        )
        response = {"output": output, "usage": usage, "provenance": provenance}
        return await self._journal.end(request, begun, msgspec.to_builtins(response), usage)


def _check(output: Any, request: Request[Any]) -> None:
    try:
        msgspec.convert(output, request.answer)
    except msgspec.ValidationError as error:
        raise HandlerFailedError(
            f"the answer to {request.task} does not fit its schema: {error}"
        ) from error
