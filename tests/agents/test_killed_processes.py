"""kill -9 of agents, and of everything, in the middle of a build: it is late and nothing else."""

import asyncio
from pathlib import Path

import httpx
from agents_world import eventually
from servers import TODO, Asker, Server, asking, serving

from aidevos.v1 import agents_pb2 as mail
from aidevos.v1 import pipeline_pb2 as pb

BUILD_S = 120
CALLS = {
    "plan",
    "backend.generate",
    "frontend.generate",
    "security.generate",
    "devops.assemble",
    "evaluator.test",
}
VICTIMS = {
    (pb.RUN_EVENT_KIND_STAGE_BEGUN, pb.STAGE_PLAN, ""): "pm",
    (pb.RUN_EVENT_KIND_PART_BEGUN, pb.STAGE_GENERATE, "backend"): "backend",
    (pb.RUN_EVENT_KIND_PART_BEGUN, pb.STAGE_GENERATE, "frontend"): "frontend",
    (pb.RUN_EVENT_KIND_PART_BEGUN, pb.STAGE_GENERATE, "security"): "security",
    (pb.RUN_EVENT_KIND_PART_BEGUN, pb.STAGE_GENERATE, "devops"): "devops",
    (pb.RUN_EVENT_KIND_PART_BEGUN, pb.STAGE_TEST, "sequences"): "evaluator",
}


async def attempts(asker: Asker, run: str) -> dict[str, int]:
    request = mail.ListMessagesRequest(conversation_id=run)
    answer = await asker.connection.call(asker.connection.agents.ListMessages, request)
    return {r.message.message_id: r.receipts[0].attempts for r in answer.messages}


async def kill_on_the_way(asker: Asker, server: Server, run: str) -> set[str]:
    """Kill each role's process once in the middle of its work; return who was killed."""
    killed: set[str] = set()
    async for event in asker.runs.watch(run):
        victim = VICTIMS.get((event.kind, event.stage, event.part))
        if victim and victim not in killed and server.kill_agent(victim):
            killed.add(victim)
    return killed


async def test_every_agent_killed_once_in_its_stage_delays_the_run_and_nothing_more(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        async with asking(server) as asker, asyncio.timeout(BUILD_S):
            run = await asker.start(TODO.read_text())
            assert await kill_on_the_way(asker, server, run) == set(VICTIMS.values())
            assert (await asker.runs.get(run)).outcome == pb.RUN_OUTCOME_DEPLOYED
            calls = await asker.calls(run)
            assert set(calls) == CALLS
            assert {entry.state for entry in calls.values()} == {pb.CALL_STATE_COMPLETED}
            assert calls["evaluator.test"].attempts == 2
            delivered = await attempts(asker, run)
            assert delivered["start"] == 2
            assert delivered["evaluator.test"] == 2


async def test_a_build_is_finished_by_the_next_start_and_no_completed_call_is_made_again(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        async with asking(server) as asker, asyncio.timeout(BUILD_S):
            run = await asker.start(TODO.read_text())
            async for event in asker.runs.watch(run):
                if (event.stage, event.part) == (pb.STAGE_TEST, "boundaries"):
                    break
            before = await asker.calls(run)
        server.kill()
    with serving(tmp_path) as server:
        async with asking(server) as asker, asyncio.timeout(BUILD_S):
            async for event in asker.runs.watch(run):
                last = event
            assert last.run_outcome == pb.RUN_OUTCOME_DEPLOYED
            after = await asker.calls(run)
        assert set(after) == CALLS
        for task in CALLS - {"evaluator.test"}:
            assert after[task] == before[task], task
        assert (before["evaluator.test"].state, before["evaluator.test"].attempts) == (
            pb.CALL_STATE_UNCERTAIN,
            1,
        )
        assert after["evaluator.test"].state == pb.CALL_STATE_COMPLETED
        assert after["evaluator.test"].attempts == 2
        provenance = after["evaluator.test"].result["provenance"]
        assert provenance["uncertain"] is True
        async with httpx.AsyncClient(base_url=server.addresses["http"]) as client:
            assert (await client.get("/todo/api/todos")).json() == []


async def test_no_agent_runs_when_no_run_is_open(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        async with asking(server) as asker, asyncio.timeout(BUILD_S):
            run = await asker.start("# Nothing\n\n## Things\n\nThe moon is made of cheese.\n")
            async for event in asker.runs.watch(run):
                last = event
            assert last.run_outcome == pb.RUN_OUTCOME_REFUSED
            assert [reason.line for reason in last.reasons] == [5]

            async def gone() -> bool | None:
                return True if server.agent("pm") is None else None

            assert await eventually(gone)
