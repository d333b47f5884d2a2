"""Asks the server for a run of a spec, follows it to its end, and says what came of it."""

import uuid

import msgspec
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.wire import plain
from aidevos_agents.artifacts import Artifacts
from aidevos_agents.roles.answers import PlanReport
from aidevos_agents.runs import Runs

from aidevos.core.errors import AidevosError
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_cli.build_view import BuildResult, View
from aidevos_cli.context import Server
from aidevos_cli.failures import CliError

PATIENCE_S = 20.0
STAGES = {
    pb.STAGE_PLAN: "plan",
    pb.STAGE_GENERATE: "generate",
    pb.STAGE_TEST: "test",
    pb.STAGE_DEPLOY: "deploy",
}
OUTCOMES = {
    pb.STAGE_OUTCOME_RUNNING: "running",
    pb.STAGE_OUTCOME_OK: "ok",
    pb.STAGE_OUTCOME_FAILED: "failed",
    pb.STAGE_OUTCOME_REFUSED: "refused",
}


async def build_on(server: Server, text: str, name: str, view: View) -> BuildResult:
    """Build the spec on a running server. Raises CliError."""
    async with Connection(server.grpc, server.token, patience_s=PATIENCE_S) as connection:
        try:
            return await Build(connection, server, view).run(text, name)
        except AidevosError as error:
            raise CliError(error.message, reason=error.reason) from error


class Build:
    """One build on one server."""

    def __init__(self, connection: Connection, server: Server, view: View) -> None:
        """Bind server and view."""
        self._connection = connection
        self._artifacts = Artifacts(connection)
        self._runs = Runs(connection)
        self._server = server
        self._view = view

    async def run(self, text: str, name: str) -> BuildResult:
        """Start the run, or find that it is done or under way, and follow it to its end."""
        request = pb.StartRunRequest(request_id=str(uuid.uuid4()), spec_text=text, spec_name=name)
        answer = await self._connection.call(self._connection.pipeline.StartRun, request)
        if answer.HasField("deployment") and not answer.HasField("run"):
            run = answer.deployment.current.run_id
            self._view.note(f"this very spec is deployed already, by {run}: nothing to build")
            return await self._result(run)
        run = answer.run.run_id
        if not answer.started:
            self._view.note(f"a run of this very spec is under way: {run} goes on")
        await self._follow(run)
        return await self._result(run)

    async def _follow(self, run: str) -> None:
        """Tell every event of the run until it is finished; a broken stream is taken up again."""
        seen, attempts = 0, 0
        while True:
            try:
                async for event in self._runs.watch(run, seen):
                    seen, attempts = event.sequence, 0
                    self._tell(event)
                    if event.kind == pb.RUN_EVENT_KIND_FINISHED:
                        return
            except AidevosError as error:
                attempts += 1
                if not error.retryable or attempts > 3:
                    raise
            await self._runs.get(run)  # Waits until the server answers again, or gives up.

    def _tell(self, event: pb.RunEvent) -> None:
        stage = STAGES.get(event.stage, "")
        match event.kind:
            case pb.RUN_EVENT_KIND_STAGE_BEGUN:
                self._view.stage_begun(stage)
            case pb.RUN_EVENT_KIND_STAGE_ENDED:
                self._view.stage_ended(stage, OUTCOMES[event.outcome], event.seconds)
            case pb.RUN_EVENT_KIND_PART_BEGUN | pb.RUN_EVENT_KIND_PART_ENDED:
                facts = plain(event.details) if event.HasField("details") else {}
                self._view.part(stage, event.part, OUTCOMES[event.outcome], facts)

    async def _result(self, run: str) -> BuildResult:
        """Return what the server holds of a finished run."""
        found = await self._runs.get(run)
        details = {STAGES[s.stage]: plain(s.details) for s in found.stages if s.HasField("details")}
        plan = details.get("plan", {})
        report = await self._report(plan.get("report", ""))
        return BuildResult(
            service=plan.get("app") or found.name,
            deployed=found.outcome == pb.RUN_OUTCOME_DEPLOYED,
            run=run,
            version=found.version,
            report=report,
            gates=details.get("test", {}).get("gates", []),
            reasons=[{"line": r.line, "what": r.what, "do": r.do} for r in found.reasons],
            server=self._server,
        )

    async def _report(self, sha256: str) -> PlanReport | None:
        if not sha256:
            return None
        return msgspec.json.decode(await self._artifacts.get(sha256), type=PlanReport)
