"""What agents and the command line ask of the pipeline: stages, deployment, the end of a run."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from aidevos.core.errors import NotFoundError
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.wire import to_struct

REASONS_MAX = 1_000
REASON_CHARS_MAX = 2_000

PLAN, GENERATE, TEST, DEPLOY = pb.STAGE_PLAN, pb.STAGE_GENERATE, pb.STAGE_TEST, pb.STAGE_DEPLOY
RUNNING = pb.STAGE_OUTCOME_RUNNING
OK, FAILED, REFUSED = (
    pb.STAGE_OUTCOME_OK,
    pb.STAGE_OUTCOME_FAILED,
    pb.STAGE_OUTCOME_REFUSED,
)


class Reason(msgspec.Struct, frozen=True):
    """Why nothing was deployed: line of the spec (0: none), what is wrong, what to do."""

    line: int
    what: str
    do: str


class Runs:
    """The server's pipeline."""

    def __init__(self, connection: Connection) -> None:
        """Bind to a server."""
        self._connection = connection
        self._stub = connection.pipeline

    async def get(self, run: str) -> pb.Run:
        """Return a run. Raises NotFoundError."""
        answer = await self._connection.call(self._stub.GetRun, pb.GetRunRequest(run_id=run))
        return answer.run

    async def is_open(self, run: str) -> bool:
        """Whether the run is not finished."""
        return (await self.get(run)).outcome == pb.RUN_OUTCOME_OPEN

    async def record(  # noqa: PLR0913 (the request's fields)
        self,
        run: str,
        stage: "pb.Stage.ValueType",
        outcome: "pb.StageOutcome.ValueType",
        *,
        part: str = "",
        details: dict[str, Any] | None = None,
        evidence: Sequence[str] = (),
        tree: str = "",
    ) -> None:
        """Record that a stage, or a part of it, began or ended; always of the first attempt.

        There is no repair loop: a deterministic blueprint would make the same again.
        """
        request = pb.RecordStageRequest(
            run_id=run,
            stage=stage,
            outcome=outcome,
            part=part,
            details=to_struct(details) if details else None,
            evidence=evidence,
            tree=tree,
            attempt=1,
        )
        await self._connection.call(self._stub.RecordStage, request)

    async def deploy(self, run: str, app: str, tree: str, evidence: Sequence[str]) -> pb.Deployment:
        """Deploy the tree that was tested; return what serves now. Raises FailedPrecondition."""
        request = pb.DeployRequest(run_id=run, app=app, tree=tree, evidence=evidence)
        answer = await self._connection.call(self._stub.Deploy, request)
        return answer.deployment

    async def deployment(self, app: str) -> pb.Deployment | None:
        """Return an app's deployment, or None if it never had one."""
        request = pb.GetDeploymentRequest(app=app)
        try:
            answer = await self._connection.call(self._stub.GetDeployment, request)
        except NotFoundError:
            return None
        return answer.deployment

    async def finish(
        self, run: str, outcome: "pb.RunOutcome.ValueType", reasons: Iterable[Reason] = ()
    ) -> None:
        """End the run."""
        request = pb.FinishRunRequest(
            run_id=run,
            outcome=outcome,
            reasons=[
                pb.RunReason(line=r.line, what=r.what[:REASON_CHARS_MAX], do=r.do)
                for r in list(reasons)[:REASONS_MAX]
            ],
        )
        await self._connection.call(self._stub.FinishRun, request)

    async def watch(self, run: str, after: int = 0) -> AsyncIterator[pb.RunEvent]:
        """Yield the run's events after a sequence until the one that finished it."""
        request = pb.WatchRunRequest(run_id=run, after=after)
        async for item in self._connection.stream(self._stub.WatchRun, request):
            yield item.event
