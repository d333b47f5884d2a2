"""Runs, journal and deployments through real servicers: nothing claimed, nothing done twice."""

import asyncio
import json
from typing import Any

import pytest
from control_world import Client, World, refused
from google.protobuf.json_format import MessageToDict
from test_mail import Agent

from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from aidevos.v1 import agents_pb2
from aidevos.v1 import artifacts_pb2 as files
from aidevos.v1 import pipeline_pb2 as pb

SPEC = "# Todo\n\nA list.\n"
SHA = "a" * 64
RUNNING, OK, FAILED = (
    pb.STAGE_OUTCOME_RUNNING,
    pb.STAGE_OUTCOME_OK,
    pb.STAGE_OUTCOME_FAILED,
)
STAGES = (pb.STAGE_PLAN, pb.STAGE_GENERATE, pb.STAGE_TEST)
WHO = {pb.STAGE_PLAN: "pm", pb.STAGE_GENERATE: "pm", pb.STAGE_TEST: "evaluator"}


async def start(world: World, request_id: str = "r1", **more: Any) -> Any:
    more = more or {"spec_text": SPEC}
    request = pb.StartRunRequest(request_id=request_id, spec_name="todo.md", **more)
    return await world.operator.call(world.operator.pipeline.StartRun, request)


async def put(client: Client, content: bytes) -> str:
    request = files.PutArtifactRequest(content=content)
    answer = await client.call(client.artifacts.PutArtifact, request)
    return str(answer.artifact.sha256)


async def tree(world: World, *extra: str, name: str = "todo") -> str:
    """Store a bundle and return its tree."""
    app = await put(world.operator, json.dumps({"name": name, "extra": extra}).encode())
    return await put(
        world.operator, json.dumps({"files": dict.fromkeys(("app.json", *extra), app)}).encode()
    )


async def record(
    world: World, run: str, stage: Any, outcome: Any, role: str = "", **more: Any
) -> Any:
    client = world.agent(role or WHO[stage])
    request = pb.RecordStageRequest(run_id=run, stage=stage, outcome=outcome, **more)
    return (await client.call(client.pipeline.RecordStage, request)).stage


async def passed(world: World, run: str, bundle: str, evidence: str = SHA) -> None:
    """Bring a run to a test stage that ended well for `bundle`."""
    for stage in STAGES:
        await record(world, run, stage, RUNNING, attempt=1)
        proof = {"tree": bundle, "evidence": [evidence]} if stage == pb.STAGE_TEST else {}
        await record(world, run, stage, OK, attempt=1, **proof)


async def deploy(world: World, run: str, bundle: str, role: str = "devops", **more: Any) -> Any:
    client = world.agent(role)
    request = pb.DeployRequest(
        run_id=run, app=more.pop("app", "todo"), tree=bundle, evidence=[more.pop("proof", SHA)]
    )
    return (await client.call(client.pipeline.Deploy, request)).deployment


async def finish(world: World, run: str, outcome: Any, role: str = "devops", *why: str) -> Any:
    client = world.agent(role)
    reasons = [pb.RunReason(line=1, what=what, do="say it otherwise") for what in why]
    request = pb.FinishRunRequest(run_id=run, outcome=outcome, reasons=reasons)
    return (await client.call(client.pipeline.FinishRun, request)).run


async def get(world: World, run: str) -> Any:
    request = pb.GetRunRequest(run_id=run)
    return (await world.operator.call(world.operator.pipeline.GetRun, request)).run


# ---- runs ----------------------------------------------------------------------------------


async def test_a_started_run_has_told_pm(world: World) -> None:
    started = await start(world)
    assert (started.started, started.run.outcome) == (True, pb.RUN_OUTCOME_OPEN)
    pm = await Agent(world, "pm").register()
    [delivery] = await pm.receive()
    message = MessageToDict(delivery.message)
    assert (message["sender"], message["messageType"]) == ("operator", "run_start")
    assert message["content"] == {
        "run_id": started.run.run_id,
        "spec": started.run.spec,
        "name": "",
        "spec_name": "todo.md",
    }
    request = files.GetArtifactRequest(sha256=started.run.spec)
    answer = await pm.client.call(pm.client.artifacts.GetArtifact, request)
    assert answer.content == SPEC.encode()


async def test_a_repeated_start_is_the_same_run_for_ever(world: World) -> None:
    first = await start(world)
    await world.again()
    world.clock.advance(3_600_000)
    again = await start(world)
    assert (again.run.run_id, again.started) == (first.run.run_id, False)
    listed = await world.operator.call(world.operator.pipeline.ListRuns, pb.ListRunsRequest())
    assert [run.run_id for run in listed.runs] == [first.run.run_id]


async def test_the_same_spec_joins_the_open_run(world: World) -> None:
    first = await start(world, "r1")
    second = await start(world, "r2")
    other = await start(world, "r3", spec_text="# Shop\n")
    assert (second.run.run_id, second.started) == (first.run.run_id, False)
    assert other.started


async def test_a_deployed_spec_is_answered_with_its_deployment(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    await deploy(world, run, bundle)
    await finish(world, run, pb.RUN_OUTCOME_DEPLOYED)
    again = await start(world, "r2")
    assert (again.HasField("run"), again.started) == (False, False)
    assert (again.deployment.app, again.deployment.current.version) == ("todo", 1)
    more = pb.StartRunRequest(request_id="r3", spec_text=SPEC, again=True)
    anew = await world.operator.call(world.operator.pipeline.StartRun, more)
    assert anew.started


async def test_a_watched_run_shows_what_was_measured_and_ends(world: World) -> None:
    run = (await start(world)).run.run_id
    await record(world, run, pb.STAGE_PLAN, RUNNING)
    world.clock.advance(1_500)
    details = {"coverage": {"sentences": 3}}
    await record(world, run, pb.STAGE_PLAN, OK, details=details)
    watching = asyncio.create_task(watched(world, run, 0))
    await finish(world, run, pb.RUN_OUTCOME_REFUSED, "pm", "unclear")
    events = await asyncio.wait_for(watching, 5)
    assert [event.kind for event in events] == [
        pb.RUN_EVENT_KIND_STARTED,
        pb.RUN_EVENT_KIND_STAGE_BEGUN,
        pb.RUN_EVENT_KIND_STAGE_ENDED,
        pb.RUN_EVENT_KIND_FINISHED,
    ]
    assert events[2].seconds == 1.5
    assert MessageToDict(events[2].details) == {"coverage": {"sentences": 3.0}}
    assert events[3].reasons[0].what == "unclear"
    assert [event.sequence for event in await watched(world, run, 2)] == [3, 4]


async def watched(world: World, run: str, after: int) -> list[Any]:
    request = pb.WatchRunRequest(run_id=run, after=after)
    answers = world.operator.stream(world.operator.pipeline.WatchRun, request)
    return [answer.event async for answer in answers]


async def test_stages_come_in_order_and_repeats_change_nothing(world: World) -> None:
    run = (await start(world)).run.run_id
    early = await refused(record(world, run, pb.STAGE_GENERATE, RUNNING))
    assert isinstance(early, FailedPreconditionError)
    for _ in range(2):
        await record(world, run, pb.STAGE_PLAN, RUNNING, attempt=1)
    for _ in range(2):
        stage = await record(world, run, pb.STAGE_PLAN, OK, attempt=1)
    late = await record(world, run, pb.STAGE_PLAN, RUNNING, attempt=1)
    assert (stage.outcome, stage.attempt, late.outcome) == (OK, 1, OK)
    assert (await get(world, run)).sequence == 3


async def test_another_attempt_makes_what_was_tested_void(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    await record(world, run, pb.STAGE_GENERATE, RUNNING, attempt=2)
    assert isinstance(await refused(deploy(world, run, bundle)), FailedPreconditionError)
    stages = (await get(world, run)).stages
    assert [(s.outcome, s.attempt) for s in stages][1:3] == [(RUNNING, 2), (0, 1)]


async def test_evidence_of_a_failed_test_deploys_nothing(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    await record(world, run, pb.STAGE_TEST, RUNNING, attempt=2)
    await record(world, run, pb.STAGE_TEST, FAILED, attempt=2, tree=bundle, evidence=[SHA])
    assert isinstance(await refused(deploy(world, run, bundle)), FailedPreconditionError)


async def test_parts_show_progress(world: World) -> None:
    run = (await start(world)).run.run_id
    await record(world, run, pb.STAGE_PLAN, RUNNING)
    await record(world, run, pb.STAGE_PLAN, OK)
    await record(world, run, pb.STAGE_GENERATE, RUNNING)
    part = {"role": "backend", "part": "backend"}
    await record(world, run, pb.STAGE_GENERATE, RUNNING, **part)
    world.clock.advance(250)
    for _ in range(2):
        await record(world, run, pb.STAGE_GENERATE, OK, tree=SHA, **part)
    await finish(world, run, pb.RUN_OUTCOME_FAILED, "backend", "no")
    part_ended = (await watched(world, run, 0))[-2]
    assert (part_ended.kind, part_ended.part) == (pb.RUN_EVENT_KIND_PART_ENDED, "backend")
    assert (part_ended.seconds, part_ended.tree) == (0.25, SHA)


@pytest.mark.parametrize(
    ("stage", "role"),
    [
        (pb.STAGE_PLAN, "backend"),
        (pb.STAGE_GENERATE, "backend"),
        (pb.STAGE_TEST, "pm"),
        (pb.STAGE_TEST, "backend"),
        (pb.STAGE_DEPLOY, "pm"),
    ],
)
async def test_a_role_records_only_what_is_its_own(world: World, stage: Any, role: str) -> None:
    run = (await start(world)).run.run_id
    error = await refused(record(world, run, stage, RUNNING, role))
    assert isinstance(error, PermissionDeniedError)


async def test_only_operators_start_and_cancel(world: World) -> None:
    run = (await start(world)).run.run_id
    pm = world.agent("pm")
    request = pb.StartRunRequest(request_id="x", spec_text=SPEC)
    for client in (pm, world.nobody):
        error = await refused(client.call(client.pipeline.StartRun, request))
        assert isinstance(error, PermissionDeniedError)
    cancel = pb.CancelRunRequest(run_id=run)
    denied = await refused(pm.call(pm.pipeline.CancelRun, cancel))
    assert isinstance(denied, PermissionDeniedError)
    cancelled = await world.operator.call(world.operator.pipeline.CancelRun, cancel)
    assert cancelled.run.outcome == pb.RUN_OUTCOME_CANCELLED
    late = await refused(record(world, run, pb.STAGE_PLAN, RUNNING))
    assert isinstance(late, FailedPreconditionError)


async def test_a_run_whose_message_is_given_up_fails_with_the_reason(world: World) -> None:
    run = (await start(world)).run.run_id
    pm = await Agent(world, "pm").register()
    await pm.receive()
    request = agents_pb2.AckMessageRequest(
        agent_id="pm",
        lease_epoch=pm.epoch,
        conversation_id=run,
        message_id="start",
        state=agents_pb2.ACK_STATE_DEAD,
        reason="cannot read it",
    )
    await pm.client.call(pm.client.mail.AckMessage, request)
    ended = await get(world, run)
    assert ended.outcome == pb.RUN_OUTCOME_FAILED
    assert "cannot read it" in ended.reasons[0].what


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"spec_sha256": "zz"}, "spec_sha256"),
        ({"spec_name": "n" * 201, "spec_text": "x"}, "spec_name"),
        ({}, "spec_text"),
        ({"spec_text": "x" * 700_001}, "content"),
    ],
)
async def test_a_start_that_is_wrong_names_its_field(
    world: World, change: dict[str, Any], field: str
) -> None:
    request = pb.StartRunRequest(**{"request_id": "r1", **change})
    error = await refused(world.operator.call(world.operator.pipeline.StartRun, request))
    assert isinstance(error, InvalidArgumentError)
    assert error.violations[0].field == field


async def test_an_unknown_run_is_not_there(world: World) -> None:
    assert isinstance(await refused(get(world, "run-0")), NotFoundError)
    assert isinstance(await refused(watched(world, "run-0", 0)), NotFoundError)
    stage = await refused(record(world, "run-0", pb.STAGE_PLAN, RUNNING))
    assert isinstance(stage, NotFoundError)


# ---- journal -------------------------------------------------------------------------------


async def begin(world: World, run: str, attempt: str, request: str = SHA, role: str = "pm") -> Any:
    client = world.agent(role, attempt)
    begin = pb.BeginCallRequest(
        run_id=run,
        task_id="plan",
        name="compile",
        attempt_id=attempt,
        request_sha256=request,
        reasoner="blueprint",
    )
    return await client.call(client.pipeline.BeginCall, begin)


async def end_call(
    world: World, run: str, attempt: str, result: dict[str, Any], role: str = "pm"
) -> Any:
    client = world.agent(role, attempt)
    end = pb.EndCallRequest(
        run_id=run, task_id="plan", name="compile", attempt_id=attempt, result=result
    )
    return (await client.call(client.pipeline.EndCall, end)).entry


async def test_a_completed_call_is_never_made_again(world: World) -> None:
    run = (await start(world)).run.run_id
    assert (await begin(world, run, "a1")).state == pb.CALL_STATE_BEGUN
    assert (await begin(world, run, "a1")).state == pb.CALL_STATE_BEGUN
    await end_call(world, run, "a1", {"model": "m"})
    await world.again()
    after = await begin(world, run, "a2")
    assert after.state == pb.CALL_STATE_COMPLETED
    assert dict(after.entry.result) == {"model": "m"}
    calls = await world.operator.call(
        world.operator.pipeline.ListCalls, pb.ListCallsRequest(run_id=run)
    )
    assert [(e.name, e.state, e.attempts) for e in calls.entries] == [
        ("compile", pb.CALL_STATE_COMPLETED, 1)
    ]


async def test_a_call_that_was_under_way_at_a_crash_is_uncertain(world: World) -> None:
    run = (await start(world)).run.run_id
    await begin(world, run, "a1")
    await world.again()
    after = await begin(world, run, "a2")
    assert (after.state, after.entry.attempts) == (pb.CALL_STATE_UNCERTAIN, 2)
    assert after.entry.principal == "agent:pm:a2"
    assert dict((await end_call(world, run, "a2", {"n": 2})).result) == {"n": 2.0}
    assert dict((await end_call(world, run, "a1", {"n": 1})).result) == {"n": 2.0}


async def test_an_entry_answers_only_the_request_it_was_made_for(world: World) -> None:
    run = (await start(world)).run.run_id
    await begin(world, run, "a1")
    await end_call(world, run, "a1", {"n": 1})
    assert isinstance(await refused(begin(world, run, "a2", "b" * 64)), AlreadyExistsError)
    unknown = await refused(end_call(world, "run-1", "a1", {}))
    assert isinstance(unknown, NotFoundError)


async def test_no_role_can_answer_a_call_of_another(world: World) -> None:
    run = (await start(world)).run.run_id
    await begin(world, run, "b1", role="backend")
    await end_call(world, run, "b1", {"ok": "forged"}, role="backend")
    assert (await begin(world, run, "p1")).state == pb.CALL_STATE_BEGUN
    forged = await refused(end_call(world, run, "p1", {"ok": "forged"}, role="security"))
    assert isinstance(forged, NotFoundError)
    assert dict((await end_call(world, run, "p1", {"ok": "true"})).result) == {"ok": "true"}


# ---- deployments ---------------------------------------------------------------------------


async def test_what_the_evaluator_passed_is_deployed(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    deployed = await deploy(world, run, bundle)
    again = await deploy(world, run, bundle)
    assert (deployed.current.version, deployed.current.tree) == (1, bundle)
    assert deployed == again
    assert world.installer.calls == [("todo", 1)]
    assert MessageToDict(deployed.current.summary)["title"] == "Todo"
    assert (await finish(world, run, pb.RUN_OUTCOME_DEPLOYED)).version == 1


async def test_nothing_is_deployed_that_was_not_passed(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle, other = await tree(world), await tree(world, "other.py")
    assert isinstance(await refused(deploy(world, run, bundle)), FailedPreconditionError)
    await passed(world, run, bundle)
    for call in (
        deploy(world, run, other),
        deploy(world, run, bundle, proof="b" * 64),
        finish(world, run, pb.RUN_OUTCOME_DEPLOYED),
    ):
        assert isinstance(await refused(call), FailedPreconditionError)
    for role in ("backend", "pm", "evaluator"):
        denied = await refused(deploy(world, run, bundle, role))
        assert isinstance(denied, PermissionDeniedError)
    assert world.installer.calls == []


async def test_a_bundle_that_does_not_load_leaves_the_version_before(world: World) -> None:
    first = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, first, bundle)
    await deploy(world, first, bundle)
    second = (await start(world, "r2", spec_text="# Todo 2\n")).run.run_id
    broken = await tree(world, "broken.py")
    await passed(world, second, broken)
    error = await refused(deploy(world, second, broken))
    assert (error.reason, error.message) == ("FAILED_PRECONDITION", "it does not load")
    request = pb.GetDeploymentRequest(app="todo")
    answer = await world.operator.call(world.operator.pipeline.GetDeployment, request)
    versions = [(v.version, v.state, v.reason) for v in answer.deployment.versions]
    assert versions == [
        (2, pb.DEPLOYMENT_STATE_FAILED, "it does not load"),
        (1, pb.DEPLOYMENT_STATE_INSTALLED, ""),
    ]
    assert answer.deployment.current.version == 1
    assert world.installer.served == {"todo": 1}


async def test_a_bundle_of_another_name_is_refused_before_it_serves(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world, name="shop")
    await passed(world, run, bundle)
    error = await refused(deploy(world, run, bundle))
    assert "names the app shop" in error.message
    assert world.installer.calls == []


async def test_an_intent_without_a_result_is_finished_at_the_next_start(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    world.installer.go.clear()
    deploying = asyncio.create_task(deploy(world, run, bundle))
    await asyncio.wait_for(world.installer.entered.wait(), 5)
    await world.again()
    with pytest.raises((asyncio.CancelledError, AidevosError)):
        await deploying
    assert world.installer.served == {"todo": 1}
    deployed = await deploy(world, run, bundle)
    assert (deployed.current.version, len(deployed.versions)) == (1, 1)
    assert (await finish(world, run, pb.RUN_OUTCOME_DEPLOYED)).version == 1


async def test_what_is_current_serves_again_after_a_crash(world: World) -> None:
    run = (await start(world)).run.run_id
    bundle = await tree(world)
    await passed(world, run, bundle)
    await deploy(world, run, bundle)
    await world.again()
    assert world.installer.calls == [("todo", 1)]
    listing = await world.plane.registry.discover({"app": "todo"})
    assert [found.service.version for found in listing] == ["1"]


# ---- artifacts -----------------------------------------------------------------------------


async def test_an_artifact_is_what_its_hash_says(world: World) -> None:
    content = bytes(range(256)) * 2_734 + b"\0" * 96
    assert len(content) == 700_000
    sha256 = await put(world.operator, content)
    assert await put(world.operator, content) == sha256
    await world.again()
    answer = await world.operator.call(
        world.operator.artifacts.GetArtifact, files.GetArtifactRequest(sha256=sha256)
    )
    assert answer.content == content
    too_large = await refused(put(world.operator, content + b"x"))
    assert isinstance(too_large, InvalidArgumentError)
    wrong = files.PutArtifactRequest(content=b"x", sha256=SHA)
    error = await refused(world.operator.call(world.operator.artifacts.PutArtifact, wrong))
    assert error.violations[0].field == "sha256"
    listed = await world.operator.call(
        world.operator.artifacts.ListArtifacts, files.ListArtifactsRequest()
    )
    assert [(a.sha256, a.size) for a in listed.artifacts] == [(sha256, 700_000)]
