"""Messages of pipeline.proto about the journal and deployments <-> the system's values."""

from aidevos.system.deployment import Deployment, Version, VersionState
from aidevos.system.journal import Begin, CallState, End, Entry
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_controlplane.mail_wire import cost_from, cost_to
from aidevos_controlplane.values import from_struct, time_to, to_struct

CALLS: dict[CallState, "pb.CallState.ValueType"] = {
    "begun": pb.CALL_STATE_BEGUN,
    "completed": pb.CALL_STATE_COMPLETED,
    "uncertain": pb.CALL_STATE_UNCERTAIN,
}
_VERSIONS: dict[VersionState, "pb.DeploymentState.ValueType"] = {
    "intended": pb.DEPLOYMENT_STATE_INTENDED,
    "installed": pb.DEPLOYMENT_STATE_INSTALLED,
    "failed": pb.DEPLOYMENT_STATE_FAILED,
}


def begin_from(request: pb.BeginCallRequest, principal: str) -> Begin:
    """Return a call that is about to be made."""
    return Begin(
        task_id=request.task_id,
        name=request.name,
        attempt_id=request.attempt_id,
        request_sha256=request.request_sha256,
        reasoner=request.reasoner,
        by=principal,
        details=from_struct(request.details),
    )


def end_from(request: pb.EndCallRequest) -> End:
    """Return the result of a call."""
    return End(
        task_id=request.task_id,
        name=request.name,
        attempt_id=request.attempt_id,
        result=from_struct(request.result),
        cost=cost_from(request.cost) if request.HasField("cost") else None,
    )


def entry_to(run_id: str, entry: Entry) -> pb.JournalEntry:
    """Return a journal entry as it is sent."""
    done = entry.result is not None
    return pb.JournalEntry(
        run_id=run_id,
        task_id=entry.task_id,
        name=entry.name,
        state=pb.CALL_STATE_COMPLETED if done else pb.CALL_STATE_UNCERTAIN,
        attempts=len(entry.attempts),
        reasoner=entry.reasoner,
        request_sha256=entry.request_sha256,
        result=None if entry.result is None else to_struct(entry.result),
        cost=cost_to(entry.cost),
        begun=time_to(entry.begun_ms),
        ended=time_to(entry.ended_ms),
        principal=entry.by,
    )


def deployment_to(app: str, state: Deployment.State) -> pb.Deployment:
    """Return an app's deployment as it is sent."""
    return pb.Deployment(
        app=app,
        current=_version_to(state.current) if state.current else None,
        versions=[_version_to(version) for version in reversed(state.versions)],
    )


def _version_to(version: Version) -> pb.DeployedVersion:
    return pb.DeployedVersion(
        version=version.number,
        tree=version.tree,
        spec=version.spec,
        run_id=version.run_id,
        state=_VERSIONS[version.state],
        reason=version.reason,
        evidence=version.evidence,
        intended=time_to(version.intended_ms),
        ended=time_to(version.ended_ms),
        summary=to_struct(version.summary),
    )
