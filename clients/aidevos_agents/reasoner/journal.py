"""The journal of reasoner calls: each is written down before it is made, and its answer after."""

import secrets
from typing import Any

import msgspec

from aidevos.v1 import agents_pb2
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.wire import plain, to_struct
from aidevos_agents.reasoner.request import Kind, Request, Usage


class Begun(msgspec.Struct, frozen=True):
    """What the journal says before a call. With `result` the call was made: do not make it."""

    attempt_id: str
    attempts: int
    uncertain: bool
    result: dict[str, Any] | None


class Journal:
    """The calls of runs, kept by the server. One entry per (run, task, name)."""

    def __init__(self, connection: Connection) -> None:
        """Bind to a server."""
        self._connection = connection
        self._stub = connection.pipeline

    async def begin(self, request: Request[Any], kind: Kind) -> Begun:
        """Write down that the call is about to be made.

        Raises AlreadyExistsError if the entry was made for another question.
        """
        attempt_id = secrets.token_hex(8)
        answer = await self._connection.call(
            self._stub.BeginCall,
            pb.BeginCallRequest(
                run_id=request.run,
                task_id=request.task_id,
                name=request.task,
                attempt_id=attempt_id,
                request_sha256=request.sha256(),
                reasoner=kind,
                details=to_struct(request.details()),
            ),
        )
        completed = answer.state == pb.CALL_STATE_COMPLETED
        return Begun(
            attempt_id,
            answer.entry.attempts,
            answer.state == pb.CALL_STATE_UNCERTAIN,
            plain(answer.entry.result) if completed else None,
        )

    async def end(
        self, request: Request[Any], begun: Begun, result: dict[str, Any], usage: Usage
    ) -> dict[str, Any]:
        """Write down the answer; return the one that stays (the first, if there were two)."""
        answer = await self._connection.call(
            self._stub.EndCall,
            pb.EndCallRequest(
                run_id=request.run,
                task_id=request.task_id,
                name=request.task,
                attempt_id=begun.attempt_id,
                result=to_struct(result),
                cost=_cost(usage),
            ),
        )
        return dict(plain(answer.entry.result))


def _cost(usage: Usage) -> agents_pb2.Cost:
    return agents_pb2.Cost(
        amount="" if usage.amount == "0" else usage.amount,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        billed=usage.billed,
    )
