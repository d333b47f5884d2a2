"""pm: compiles the spec, refuses what is not understood, and leads the run by messages.

plan -> backend, frontend and security at once -> devops assembles -> evaluator tests -> devops
deploys. What pm knows of a run is kept by the platform before it acts on it, and every message
that it sends has a fixed id, so that it may be killed between any two steps.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import msgspec

from aidevos.core.errors import HandlerFailedError
from aidevos.v1 import pipeline_pb2 as pb
from aidevos_agents.agent.message import RESULT, TASK, Message, Task
from aidevos_agents.reasoner.request import Request
from aidevos_agents.roles.answers import Plan, PlanReport, Progress
from aidevos_agents.roles.base import OUR_FAULT, RoleAgent
from aidevos_agents.roles.planning import compiled, next_version
from aidevos_agents.runs import FAILED, GENERATE, OK, PLAN, REFUSED, RUNNING, Reason

RUN_START = "run_start"
LEADER = "operator"
MAKERS = ("backend", "frontend", "security")

log = logging.getLogger("aidevos.agents")


class ProjectManager(RoleAgent):
    """Plans a run and leads it to its end."""

    role_name = "pm"
    does: ClassVar[tuple[str, ...]] = ("plan", "coordinate")

    def blueprints(self) -> Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]:
        """Return what its reasoner knows."""
        return {"plan": lambda request: compiled(self.artifacts, request.input["spec"])}

    async def receive_message(self, message: Message) -> None:
        """Take the next step of the run that the message belongs to."""
        run = message.conversation_id
        if not _may_say(message):
            log.warning("refused: %s may not say %s", message.sender, message.message_id)
            return
        if not await self.runs.is_open(run):
            return
        await self.load_state(run)
        progress = msgspec.convert(self.state, Progress)
        if message.message_type == RUN_START:
            await self._start_or_fail(message, progress)
        elif message.message_type == RESULT and not message.content["ok"]:
            await self._fail(message)
        elif message.message_type == RESULT:
            await self._go_on(message, progress)

    # ---- plan ------------------------------------------------------------------------------

    async def _start_or_fail(self, message: Message, progress: Progress) -> None:
        run = message.conversation_id
        try:
            await self._start(message, progress)
        except HandlerFailedError as error:
            await self.runs.record(run, PLAN, FAILED, details={"reason": error.message})
            reason = Reason(0, error.message, OUR_FAULT)
            await self.runs.finish(run, pb.RUN_OUTCOME_FAILED, [reason])

    async def _start(self, message: Message, progress: Progress) -> None:
        run = message.conversation_id
        await self.runs.record(run, PLAN, RUNNING)
        task = Task(id="plan", name="plan", run=run, input={"spec": message.content["spec"]})
        plan = (await self.think(task, "plan", Plan)).output
        report = msgspec.json.decode(await self.artifacts.get(plan.report), type=PlanReport)
        reasons = report.reasons
        if not reasons and not progress.version:
            progress.version, reasons = await next_version(self, plan)
        details = {"app": plan.app, "report": plan.report, "model": plan.model}
        if reasons:
            await self.runs.record(run, PLAN, REFUSED, details=details, evidence=[plan.report])
            await self.runs.finish(run, pb.RUN_OUTCOME_REFUSED, reasons)
            return
        progress.plan = plan
        await self._keep(run, progress)
        await self.runs.record(run, PLAN, OK, details=details, evidence=[plan.report, plan.model])
        await self.runs.record(run, GENERATE, RUNNING)
        for role in MAKERS:
            await self._ask(run, role, "generate", {"model": plan.model, "lines": plan.lines})

    # ---- generate, test, deploy ------------------------------------------------------------

    async def _go_on(self, message: Message, progress: Progress) -> None:
        """Take in what a task came to, keep it, and ask for what is next."""
        run, content, plan = message.conversation_id, message.content, progress.plan
        assert plan is not None  # Tasks are sent only after the plan was kept.
        match message.reply_to:
            case "devops.assemble":
                progress.tree = content["tree"]
                await self._keep(run, progress)
                await self.runs.record(run, GENERATE, OK, tree=progress.tree)
                await self._ask(
                    run, "evaluator", "test", {"model": plan.model, "tree": progress.tree}
                )
            case "evaluator.test":
                progress.report = content["report"]
                await self._keep(run, progress)
                await self._deploy_or_refuse(run, progress)
            case "devops.deploy":
                await self.runs.finish(run, pb.RUN_OUTCOME_DEPLOYED)
            case _:
                await self._take_part(message, progress)

    async def _deploy_or_refuse(self, run: str, progress: Progress) -> None:
        """Ask for the deployment, unless what was deployed in between is in the way."""
        assert progress.plan is not None
        _, reasons = await next_version(self, progress.plan)
        if reasons:
            await self.runs.finish(run, pb.RUN_OUTCOME_REFUSED, reasons)
        else:
            await self._ask(run, "devops", "deploy", _deployment(progress))

    async def _take_part(self, message: Message, progress: Progress) -> None:
        run, plan = message.conversation_id, progress.plan
        assert plan is not None
        progress.parts[message.sender] = message.content["tree"]
        await self._keep(run, progress)
        if set(progress.parts) == set(MAKERS):
            await self._ask(
                run,
                "devops",
                "assemble",
                {
                    "model": plan.model,
                    "lines": plan.lines,
                    "trees": progress.parts,
                    "version": progress.version,
                },
            )

    async def _fail(self, message: Message) -> None:
        """End the run: nothing is tried again, a deterministic blueprint would do the same."""
        reasons = [
            Reason(given.get("line", 0), given["what"], given.get("do", OUR_FAULT))
            for given in message.content["reasons"]
        ]
        run = message.conversation_id
        for reason in reasons:
            self.memory.remember(run, "failure", reason.what, message.evidence)
        outcome = pb.RUN_OUTCOME_FAILED
        if message.content.get("refused"):
            outcome = pb.RUN_OUTCOME_REFUSED
        await self.runs.finish(run, outcome, reasons)

    # ---- inside ----------------------------------------------------------------------------

    async def _keep(self, run: str, progress: Progress) -> None:
        self.state = msgspec.to_builtins(progress)
        await self.save_state(run)

    async def _ask(self, run: str, role: str, task: str, given: dict[str, Any]) -> None:
        name = f"{role}.{task}"
        content = {"task": task, "input": given}
        await self.send_message(
            role, content, TASK, conversation_id=run, message_id=name, task_id=name
        )


def _may_say(message: Message) -> bool:
    """Whether it is for the sender to say: runs begin at operators, and a role tells its own."""
    if message.message_type == RUN_START:
        return message.sender == LEADER
    return message.sender == message.reply_to.partition(".")[0]


def _deployment(progress: Progress) -> dict[str, Any]:
    assert progress.plan is not None
    return {"app": progress.plan.app, "tree": progress.tree, "report": progress.report}
