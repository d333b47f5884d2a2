"""Reads runs and their journals from the server, as rows."""

from typing import Any

from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.wire import plain
from aidevos_agents.runs import Runs

from aidevos.v1 import pipeline_pb2 as pb
from aidevos_cli.moments import iso, seconds
from aidevos_cli.output import Row

RUNS_SHOWN = 50
CALLS_SHOWN = 1_000


async def list_runs(connection: Connection) -> list[Row]:
    """Return the newest runs, one row each."""
    request = pb.ListRunsRequest(page_size=RUNS_SHOWN)
    answer = await connection.call(connection.pipeline.ListRuns, request)
    return [_summary(run) | {"stages": _how_far(run)} for run in answer.runs]


async def read_run(connection: Connection, run: str) -> Row:
    """Return everything of one run: stages, reasoner calls, reasons. Raises NotFoundError."""
    found = await Runs(connection).get(run)
    request = pb.ListCallsRequest(run_id=run, page_size=CALLS_SHOWN)
    calls = await connection.call(connection.pipeline.ListCalls, request)
    return _summary(found) | {
        "spec": found.spec,
        "stages": [_stage(stage) for stage in found.stages if stage.attempt],
        "calls": [_call(entry) for entry in calls.entries],
        "reasons": [{"line": r.line, "what": r.what, "do": r.do} for r in found.reasons],
    }


def _name(kind: Any, number: int, prefix: str) -> str:
    """Return a proto enum value's name without its prefix, as people write it."""
    return str(kind.Name(number)).removeprefix(prefix).lower()


def _summary(run: pb.Run) -> Row:
    return {
        "run": run.run_id,
        "spec_name": run.spec_name,
        "app": _app(run),
        "outcome": _name(pb.RunOutcome, run.outcome, "RUN_OUTCOME_"),
        "version": run.version or None,
        "started": iso(run.started),
        "finished": iso(run.finished),
        "seconds": seconds(run.started, run.finished),
    }


def _app(run: pb.Run) -> str | None:
    """Return the app's name: the deployed one, else the one that was planned."""
    planned = (plain(stage.details).get("app") for stage in run.stages if stage.attempt)
    return run.name or next((app for app in planned if app), None)


def _how_far(run: pb.Run) -> str:
    return " ".join(
        f"{_name(pb.Stage, stage.stage, 'STAGE_')}:"
        f"{_name(pb.StageOutcome, stage.outcome, 'STAGE_OUTCOME_')}"
        for stage in run.stages
        if stage.attempt
    )


def _stage(stage: pb.StageRecord) -> Row:
    return {
        "stage": _name(pb.Stage, stage.stage, "STAGE_"),
        "outcome": _name(pb.StageOutcome, stage.outcome, "STAGE_OUTCOME_"),
        "attempt": stage.attempt,
        "seconds": round(stage.seconds, 3),
        "tree": stage.tree or None,
        "evidence": list(stage.evidence),
        "details": plain(stage.details) if stage.HasField("details") else {},
    }


def _call(entry: pb.JournalEntry) -> Row:
    return {
        "task": entry.task_id,
        "call": entry.name,
        "state": _name(pb.CallState, entry.state, "CALL_STATE_"),
        "attempts": entry.attempts,
        "reasoner": entry.reasoner,
        "seconds": seconds(entry.begun, entry.ended),
        "by": entry.principal,
        "request_sha256": entry.request_sha256,
        "result": plain(entry.result) if entry.HasField("result") else None,
    }
