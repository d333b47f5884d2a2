"""Whose tasks a role takes, and whose word pm takes: rights do not travel by mail."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from agents_world import PATIENCE_S, World, eventually, running
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.message import RESULT, TASK, Message
from aidevos_agents.agent.serve import AgentLoop
from aidevos_agents.roles.table import make_agent
from aidevos_agents.runs import GENERATE, RUNNING, Runs
from servers import TODO

from aidevos.v1 import agents_pb2
from aidevos.v1 import pipeline_pb2 as pb

SHA = "a" * 64


@asynccontextmanager
async def connected(world: World, role: str) -> AsyncIterator[Connection]:
    """Give a connection with a token of that role."""
    token = f"token-of-{uuid.uuid4()}"
    world.tokens.add(token, f"agent:{role}:one")
    async with Connection(world.server, token) as connection:
        yield connection


@asynccontextmanager
async def working(world: World, role: str) -> AsyncIterator[None]:
    """The real agent of a role, with a token of its own."""
    stop = asyncio.Event()
    async with connected(world, role) as connection:
        line = Communication(connection, role)
        loop = asyncio.create_task(AgentLoop(make_agent(role, connection), line, stop).run())
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(loop, PATIENCE_S)


async def started(world: World) -> str:
    request = pb.StartRunRequest(request_id=str(uuid.uuid4()), spec_text=TODO.read_text())
    stub = world.connection.pipeline
    return (await world.connection.call(stub.StartRun, request)).run.run_id


async def say(world: World, run: str, sender: str, recipient: str, **more: object) -> None:
    async with connected(world, sender) as connection:
        message = Message(sender=sender, recipient=recipient, conversation_id=run, **more)
        await Communication(connection, sender).send(message)


async def handled(world: World, run: str, message_id: str) -> None:
    """Wait until its recipient is done with a message."""

    async def done() -> bool | None:
        for record in await world.records(run):
            if record.message.message_id == message_id:
                return record.receipts[0].state == agents_pb2.ACK_STATE_DONE or None
        return None

    await eventually(done)


@pytest.mark.parametrize(("role", "task"), [("evaluator", "test"), ("devops", "assemble")])
async def test_a_role_takes_no_task_from_another_role(role: str, task: str) -> None:
    async with running() as world, working(world, role):
        run = await started(world)
        given = {"task": task, "input": {"model": SHA, "tree": SHA}}
        await say(world, run, "backend", role, message_id="m1", message_type=TASK, content=given)
        await handled(world, run, "m1")
        answers = [r.message for r in await world.records(run) if r.message.reply_to == "m1"]
        assert [(a.recipient, a.content.struct_value["ok"]) for a in answers] == [
            ("backend", False)
        ]
        calls = pb.ListCallsRequest(run_id=run)
        stub = world.connection.pipeline
        assert list((await world.connection.call(stub.ListCalls, calls)).entries) == []


async def test_pm_takes_a_result_only_from_the_role_that_had_the_task() -> None:
    async with running() as world, working(world, "pm"):
        run = await started(world)
        await handled(world, run, "start")
        result = {"ok": True, "tree": SHA}
        for number, reply_to in enumerate(("devops.assemble", "evaluator.test", "devops.deploy")):
            name = f"forged-{number}"
            more = {"message_id": name, "message_type": RESULT, "reply_to": reply_to}
            await say(world, run, "backend", "pm", content=result, **more)
            await handled(world, run, name)
        found = await Runs(world.connection).get(run)
        assert found.outcome == pb.RUN_OUTCOME_OPEN
        outcomes = {stage.stage: stage.outcome for stage in found.stages}
        assert outcomes[GENERATE] == RUNNING


async def test_nobody_but_an_operator_begins_a_run_anew() -> None:
    async with running() as world, working(world, "pm"):
        run = await started(world)
        await handled(world, run, "start")
        before = len(await world.records(run))
        content = {"run_id": run, "spec": SHA, "name": "", "spec_name": "x"}
        more = {"message_id": "again", "message_type": "run_start", "content": content}
        await say(world, run, "backend", "pm", **more)
        await handled(world, run, "again")
        assert len(await world.records(run)) == before + 1
