"""PipelineService: decodes, checks who calls, calls run, journal and deployer, encodes."""

from collections.abc import AsyncIterator

import msgspec

from aidevos.core.errors import NotFoundError
from aidevos.doors.grpc_serving import Context, Identity, stream, unary
from aidevos.system.deployment import Deployment
from aidevos.system.journal import Begun, Entry, ReasonerCall
from aidevos.system.names import TEXT_MAX, check_bound, deployment_of, run_of
from aidevos.system.run import Asked, Reason, Run
from aidevos.system.stages import StageState
from aidevos.v1 import pipeline_pb2 as pb
from aidevos.v1 import pipeline_pb2_grpc as rpc
from aidevos_controlplane import journal_wire, run_wire
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.deployer import Deployer
from aidevos_controlplane.runs import Runs
from aidevos_controlplane.who import who


class PipelineServicer(rpc.PipelineServiceServicer):
    """Wire adapter of PipelineService."""

    def __init__(
        self, objects: Objects, runs: Runs, deployer: Deployer, identity: Identity
    ) -> None:
        """Bind."""
        self._objects = objects
        self._runs = runs
        self._deployer = deployer
        self._identity = identity

    # ---- runs ------------------------------------------------------------------------------

    @unary
    async def StartRun(self, request: pb.StartRunRequest, context: Context) -> pb.StartRunResponse:
        """Start a run, or answer what there is of the very same spec."""
        who(self._identity, context).must_be_operator("start a run")
        begun = await self._runs.start(request)
        run = await self._run(begun.run_id) if begun.run_id else None
        deployment = await self._deployment(begun.app) if begun.app else None
        return pb.StartRunResponse(run=run, deployment=deployment, started=begun.started)

    @unary
    async def GetRun(self, request: pb.GetRunRequest, context: Context) -> pb.GetRunResponse:
        """Return a run."""
        who(self._identity, context)
        return pb.GetRunResponse(run=await self._run(request.run_id))

    @unary
    async def ListRuns(self, request: pb.ListRunsRequest, context: Context) -> pb.ListRunsResponse:
        """Return one page of runs, newest first."""
        who(self._identity, context)
        ids, token = await self._runs.page(
            request.page_size, request.page_token, open_only=request.open_only
        )
        runs = [await self._run(run_id) for run_id in ids]
        return pb.ListRunsResponse(runs=runs, next_page_token=token)

    @stream
    async def WatchRun(
        self, request: pb.WatchRunRequest, context: Context
    ) -> AsyncIterator[pb.WatchRunResponse]:
        """Stream a run's events until its last."""
        who(self._identity, context)
        async for stored in self._runs.watch(request.run_id, request.after):
            event = run_wire.event_to(stored)
            yield pb.WatchRunResponse(event=event)
            if run_wire.is_last(event):
                return

    @unary
    async def CancelRun(
        self, request: pb.CancelRunRequest, context: Context
    ) -> pb.CancelRunResponse:
        """End an open run."""
        who(self._identity, context).must_be_operator("cancel a run")
        check_bound(len(request.reason), TEXT_MAX, "reason", "characters")
        what = request.reason or "cancelled by an operator"
        reasons = (Reason(0, what, "build again when you like"),)
        await self._objects.command(
            run_of(request.run_id),
            "finish",
            Run.State,
            role="operator",
            outcome="cancelled",
            reasons=reasons,
        )
        return pb.CancelRunResponse(run=await self._run(request.run_id))

    @unary
    async def FinishRun(
        self, request: pb.FinishRunRequest, context: Context
    ) -> pb.FinishRunResponse:
        """End a run as an agent says, if its role may."""
        caller = who(self._identity, context)
        outcome, reasons = run_wire.finish_from(request)
        await self._objects.command(
            run_of(request.run_id),
            "finish",
            Run.State,
            role=caller.role,
            outcome=outcome,
            reasons=reasons,
        )
        return pb.FinishRunResponse(run=await self._run(request.run_id))

    @unary
    async def RecordStage(
        self, request: pb.RecordStageRequest, context: Context
    ) -> pb.RecordStageResponse:
        """Record that a stage or part began or ended."""
        caller = who(self._identity, context)
        what = run_wire.record_from(request)
        state = await self._objects.command(
            run_of(request.run_id), "record", StageState, role=caller.role, what=what
        )
        return pb.RecordStageResponse(stage=run_wire.stage_to(what.stage, state))

    # ---- journal ---------------------------------------------------------------------------

    @unary
    async def BeginCall(
        self, request: pb.BeginCallRequest, context: Context
    ) -> pb.BeginCallResponse:
        """Journal a reasoner call before it is made."""
        caller = who(self._identity, context)
        begin = journal_wire.begin_from(request, caller.principal)
        begun = await self._objects.command(
            run_of(request.run_id), "begin_call", Begun, role=caller.role, begin=begin
        )
        return pb.BeginCallResponse(
            state=journal_wire.CALLS[begun.state],
            entry=journal_wire.entry_to(request.run_id, begun.entry),
        )

    @unary
    async def EndCall(self, request: pb.EndCallRequest, context: Context) -> pb.EndCallResponse:
        """Journal a reasoner call's result."""
        caller = who(self._identity, context)
        end = journal_wire.end_from(request)
        entry = await self._objects.command(
            run_of(request.run_id), "end_call", Entry, role=caller.role, end=end
        )
        return pb.EndCallResponse(entry=journal_wire.entry_to(request.run_id, entry))

    @unary
    async def ListCalls(
        self, request: pb.ListCallsRequest, context: Context
    ) -> pb.ListCallsResponse:
        """Return one page of a run's journal."""
        who(self._identity, context)
        prefix = run_of(request.run_id).key.removesuffix("run") + "call/"
        page = await self._objects.page(
            "ReasonerCall", request.page_size, request.page_token, prefix=prefix
        )
        states = [
            await self._objects.state(view.object, ReasonerCall.State) for view in page.objects
        ]
        entries = [journal_wire.entry_to(request.run_id, state.entry) for state in states if state]
        return pb.ListCallsResponse(entries=entries, next_page_token=page.next_page_token)

    # ---- deployments -----------------------------------------------------------------------

    @unary
    async def Deploy(self, request: pb.DeployRequest, context: Context) -> pb.DeployResponse:
        """Deploy the tree that the evaluator passed."""
        caller = who(self._identity, context)
        deployment_of(request.app)
        asked = await self._objects.command(
            run_of(request.run_id),
            "ask_deploy",
            Asked,
            role=caller.role,
            app=request.app,
            tree=request.tree,
            evidence=tuple(request.evidence),
        )
        state = await self._deployer.deploy(request.run_id, request.app, asked)
        return pb.DeployResponse(deployment=journal_wire.deployment_to(request.app, state))

    @unary
    async def GetDeployment(
        self, request: pb.GetDeploymentRequest, context: Context
    ) -> pb.GetDeploymentResponse:
        """Return an app's deployment."""
        who(self._identity, context)
        return pb.GetDeploymentResponse(deployment=await self._deployment(request.app))

    @unary
    async def ListDeployments(
        self, request: pb.ListDeploymentsRequest, context: Context
    ) -> pb.ListDeploymentsResponse:
        """Return one page of deployments."""
        who(self._identity, context)
        where = {"spec": request.spec_sha256} if request.spec_sha256 else {}
        page = await self._objects.page(
            "Deployment", request.page_size, request.page_token, **where
        )
        states = [
            (view.object.key, await self._objects.state(view.object, Deployment.State))
            for view in page.objects
        ]
        return pb.ListDeploymentsResponse(
            deployments=[journal_wire.deployment_to(app, state) for app, state in states if state],
            next_page_token=page.next_page_token,
        )

    # ---- inside ----------------------------------------------------------------------------

    async def _run(self, run_id: str) -> pb.Run:
        try:
            view = await self._objects.view(run_of(run_id))
        except NotFoundError as error:
            raise NotFoundError(f"there is no run {run_id}", field="run_id") from error
        return run_wire.run_to(msgspec.json.decode(view.state, type=Run.State), view.version)

    async def _deployment(self, app: str) -> pb.Deployment:
        return journal_wire.deployment_to(app, await self._deployer.read(app))
