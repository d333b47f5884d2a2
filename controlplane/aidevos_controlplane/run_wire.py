"""Messages of pipeline.proto about runs <-> the values of the system's objects."""

from collections.abc import Callable
from typing import cast

import msgspec

from aidevos.core.errors import InvalidArgumentError
from aidevos.doors.port import StoredEvent
from aidevos.system import run as runs
from aidevos.system import stages
from aidevos.system.run import Reason, Run
from aidevos.system.run_rules import STAGES, Outcome, RunOutcome, Stage
from aidevos.system.stages import Record, StageState
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_controlplane.values import from_struct, time_to, to_struct

_Fill = Callable[[pb.RunEvent, object], None]

_STAGES: dict[Stage, "pb.Stage.ValueType"] = {
    "plan": pb.STAGE_PLAN,
    "generate": pb.STAGE_GENERATE,
    "test": pb.STAGE_TEST,
    "deploy": pb.STAGE_DEPLOY,
}
_OUTCOMES: dict[Outcome | None, "pb.StageOutcome.ValueType"] = {
    None: pb.STAGE_OUTCOME_UNSPECIFIED,
    "running": pb.STAGE_OUTCOME_RUNNING,
    "ok": pb.STAGE_OUTCOME_OK,
    "failed": pb.STAGE_OUTCOME_FAILED,
    "refused": pb.STAGE_OUTCOME_REFUSED,
}
_RUN_OUTCOMES: dict[RunOutcome, "pb.RunOutcome.ValueType"] = {
    "open": pb.RUN_OUTCOME_OPEN,
    "deployed": pb.RUN_OUTCOME_DEPLOYED,
    "refused": pb.RUN_OUTCOME_REFUSED,
    "failed": pb.RUN_OUTCOME_FAILED,
    "cancelled": pb.RUN_OUTCOME_CANCELLED,
}
_STAGE_FROM = {number: stage for stage, number in _STAGES.items()}
_OUTCOME_FROM = {number: outcome for outcome, number in _OUTCOMES.items() if outcome}
_RUN_OUTCOME_FROM = {number: outcome for outcome, number in _RUN_OUTCOMES.items()}


def record_from(request: pb.RecordStageRequest) -> Record:
    """Return what is to be recorded; InvalidArgumentError names a missing field."""
    stage, outcome = _STAGE_FROM.get(request.stage), _OUTCOME_FROM.get(request.outcome)
    if stage is None:
        raise InvalidArgumentError("stage: PLAN, GENERATE, TEST or DEPLOY", field="stage")
    if outcome is None:
        raise InvalidArgumentError("outcome: RUNNING, OK, FAILED or REFUSED", field="outcome")
    return Record(
        stage=stage,
        outcome=outcome,
        part=request.part,
        details=from_struct(request.details),
        evidence=tuple(request.evidence),
        tree=request.tree,
        attempt=request.attempt,
    )


def finish_from(request: pb.FinishRunRequest) -> tuple[RunOutcome, tuple[Reason, ...]]:
    """Return how a run is to end; InvalidArgumentError for no outcome of that request."""
    outcome = _RUN_OUTCOME_FROM.get(request.outcome)
    if outcome not in ("deployed", "refused", "failed"):
        raise InvalidArgumentError("outcome: DEPLOYED, REFUSED or FAILED", field="outcome")
    return outcome, tuple(Reason(r.line, r.what, r.do) for r in request.reasons)


def run_to(state: Run.State, sequence: int) -> pb.Run:
    """Return a run as it is sent."""
    return pb.Run(
        run_id=state.start.run_id,
        spec=state.spec,
        spec_name=state.start.spec_name,
        name=state.name,
        outcome=_RUN_OUTCOMES[state.outcome],
        reasons=_reasons_to(state.reasons),
        stages=[stage_to(name, state.stages.get(name, StageState())) for name in STAGES],
        version=state.version,
        started=time_to(state.started_ms),
        finished=time_to(state.finished_ms),
        sequence=sequence,
    )


def stage_to(name: Stage, state: StageState) -> pb.StageRecord:
    """Return a stage as it is sent."""
    seconds = (state.ended_ms - state.begun_ms) / 1_000 if state.ended_ms else 0.0
    return pb.StageRecord(
        stage=_STAGES[name],
        outcome=_OUTCOMES[state.outcome],
        attempt=state.attempt,
        begun=time_to(state.begun_ms),
        ended=time_to(state.ended_ms),
        seconds=seconds,
        evidence=state.evidence,
        details=to_struct(state.details),
        tree=state.tree,
    )


def event_to(stored: StoredEvent) -> pb.RunEvent:
    """Return one event of a run's history as it is sent."""
    event = pb.RunEvent(sequence=stored.sequence, time=time_to(stored.time_ms))
    kind, fill = _EVENTS[stored.type]
    fill(event, msgspec.json.decode(stored.body, type=kind))
    return event


def is_last(event: pb.RunEvent) -> bool:
    """Whether nothing follows it."""
    return event.kind == pb.RUN_EVENT_KIND_FINISHED


def _reasons_to(reasons: tuple[Reason, ...]) -> list[pb.RunReason]:
    return [pb.RunReason(line=r.line, what=r.what, do=r.do) for r in reasons]


def _started(event: pb.RunEvent, body: runs.Started) -> None:
    event.kind = pb.RUN_EVENT_KIND_STARTED


def _stage_begun(event: pb.RunEvent, body: stages.StageBegun) -> None:
    event.kind = pb.RUN_EVENT_KIND_STAGE_BEGUN
    event.stage, event.attempt = _STAGES[body.stage], body.attempt
    event.outcome = pb.STAGE_OUTCOME_RUNNING


def _part_begun(event: pb.RunEvent, body: stages.PartBegun) -> None:
    event.kind = pb.RUN_EVENT_KIND_PART_BEGUN
    event.stage, event.attempt = _STAGES[body.stage], body.attempt
    event.part, event.outcome = body.part, pb.STAGE_OUTCOME_RUNNING


def _stage_ended(event: pb.RunEvent, body: stages.StageEnded) -> None:
    event.kind = pb.RUN_EVENT_KIND_STAGE_ENDED
    _ended(event, body)


def _part_ended(event: pb.RunEvent, body: stages.PartEnded) -> None:
    event.kind = pb.RUN_EVENT_KIND_PART_ENDED
    event.part = body.part
    _ended(event, body)


def _ended(event: pb.RunEvent, body: stages.StageEnded | stages.PartEnded) -> None:
    event.stage, event.attempt = _STAGES[body.stage], body.attempt
    event.outcome, event.seconds, event.tree = _OUTCOMES[body.outcome], body.seconds, body.tree
    event.evidence.extend(body.evidence)
    event.details.CopyFrom(to_struct(body.details))


def _deploy_asked(event: pb.RunEvent, body: runs.DeployAsked) -> None:
    event.kind, event.tree = pb.RUN_EVENT_KIND_DEPLOY_ASKED, body.tree


def _deployed(event: pb.RunEvent, body: runs.Deployed) -> None:
    event.kind, event.version = pb.RUN_EVENT_KIND_DEPLOYED, body.version


def _finished(event: pb.RunEvent, body: runs.Finished) -> None:
    event.kind = pb.RUN_EVENT_KIND_FINISHED
    event.run_outcome = _RUN_OUTCOMES[body.outcome]
    event.reasons.extend(_reasons_to(body.reasons))


_EVENTS = {
    kind.__name__: (kind, cast(_Fill, fill))
    for kind, fill in (
        (runs.Started, _started),
        (stages.StageBegun, _stage_begun),
        (stages.StageEnded, _stage_ended),
        (stages.PartBegun, _part_begun),
        (stages.PartEnded, _part_ended),
        (runs.DeployAsked, _deploy_asked),
        (runs.Deployed, _deployed),
        (runs.Finished, _finished),
    )
}
