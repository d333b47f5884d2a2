"""pm leads a run by messages alone: here everybody else is played by scripts."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents_world import PATIENCE_S, World, eventually, running
from aidevos_agents.agent import BaseAgent, Outcome, Task
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.serve import AgentLoop
from aidevos_agents.artifacts import Artifacts
from aidevos_agents.roles.table import make_agent
from aidevos_agents.runs import Runs
from servers import TODO

from aidevos.v1 import pipeline_pb2 as pb

MAKERS = ("backend", "frontend", "security")


class Scripted(BaseAgent):
    """Answers every task the same."""

    def __init__(self, role: str, outcome: Outcome) -> None:
        super().__init__(role, role, [])
        self.outcome = outcome
        self.asked: list[Task] = []

    async def process_task(self, task: Task) -> Outcome:
        self.asked.append(task)
        return self.outcome


def no(what: str, **more: Any) -> Outcome:
    return Outcome(ok=False, output={"reasons": [{"line": 0, "what": what, "do": "x"}], **more})


@asynccontextmanager
async def pm(world: World) -> AsyncIterator[None]:
    """The real pm, with a token of its own."""
    token = f"token-of-{uuid.uuid4()}"
    world.tokens.add(token, "agent:pm:one")
    stop = asyncio.Event()
    async with Connection(world.server, token) as connection:
        agent = make_agent("pm", connection)
        loop = asyncio.create_task(AgentLoop(agent, Communication(connection, "pm"), stop).run())
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(loop, PATIENCE_S)


CONTRADICTION = """
Scenario: a long title
  When I add a todo with title "Buy milk"
  Then it is refused because "title" is too long
```"""


async def played(
    world: World, spec: str = TODO.read_text(), **outcomes: Outcome
) -> tuple[pb.Run, dict[str, Scripted]]:
    """Start a run of todo.md with everybody but pm scripted; return how it ended."""
    tree = await Artifacts(world.connection).put_tree({"app.json": b"{}"})
    made = {role: Outcome(ok=True, output={"tree": tree}) for role in (*MAKERS, "devops")}
    players = {role: Scripted(role, outcome) for role, outcome in (made | outcomes).items()}
    for player in players.values():
        world.run(player)
    async with pm(world):
        request = pb.StartRunRequest(request_id=str(uuid.uuid4()), spec_text=spec)
        stub = world.connection.pipeline
        run = (await world.connection.call(stub.StartRun, request)).run.run_id

        async def ended() -> pb.Run | None:
            found = await Runs(world.connection).get(run)
            return found if found.outcome != pb.RUN_OUTCOME_OPEN else None

        return await eventually(ended), players


async def test_a_scenario_that_the_spec_contradicts_stops_the_run_before_anything_is_made() -> None:
    spec = TODO.read_text().rstrip().removesuffix("```") + CONTRADICTION
    async with running() as world:
        run, players = await played(world, spec)
    assert run.outcome == pb.RUN_OUTCOME_REFUSED
    (reason,) = run.reasons
    assert spec.splitlines()[reason.line - 1].strip().startswith("Then it is refused")
    assert "the spec answers: add is done" in reason.what
    assert not any(player.asked for player in players.values())


async def test_gates_that_fail_end_the_run_refused_and_nothing_is_deployed() -> None:
    async with running() as world:
        run, players = await played(world, evaluator=no("gate contract: 404", refused=True))
        assert run.outcome == pb.RUN_OUTCOME_REFUSED
        assert [reason.what for reason in run.reasons] == ["gate contract: 404"]
        assert [task.name for task in players["devops"].asked] == ["assemble"]
        assert run.version == 0


async def test_a_maker_that_cannot_ends_the_run_failed_with_its_reason() -> None:
    async with running() as world:
        run, players = await played(world, frontend=no("frontend failed at generate: KeyError"))
        assert run.outcome == pb.RUN_OUTCOME_FAILED
        assert [reason.what for reason in run.reasons] == ["frontend failed at generate: KeyError"]
        assert players["devops"].asked == []


async def test_a_stage_gets_hashes_and_small_facts_and_nothing_else() -> None:
    async with running() as world:
        _, players = await played(world, evaluator=no("enough", refused=True))
        (made,) = {tuple(sorted(players[role].asked[0].input)) for role in MAKERS}
        assert made == ("lines", "model")
        (assembled,) = players["devops"].asked
        assert set(assembled.input) == {"lines", "model", "trees", "version"}
        assert set(assembled.input["trees"]) == set(MAKERS)
        (tested,) = players["evaluator"].asked
        assert set(tested.input) == {"model", "tree"}
        for task in (*(players[role].asked[0] for role in MAKERS), tested):
            assert all(len(value) == 64 for value in task.input.values()), task
