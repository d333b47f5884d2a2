"""What all roles of the team share: artifacts, the pipeline, a blueprint reasoner, task methods."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar

from aidevos.core.errors import HandlerFailedError
from aidevos_agents.agent.base import BaseAgent
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.message import TASK, Message, Outcome, Task
from aidevos_agents.artifacts import Artifacts
from aidevos_agents.reasoner.engine import ReasoningEngine
from aidevos_agents.reasoner.journal import Journal
from aidevos_agents.reasoner.kinds import Blueprint
from aidevos_agents.reasoner.request import Request, Response
from aidevos_agents.runs import Reason, Runs

T = TypeVar("T")
LEADERS = ("pm", "operator")
"""Whose tasks a role takes."""
OUR_FAULT = (
    "this is a fault of aidevos, not of the spec: please report it with the spec and the output "
    "of `aidevos runs RUN`"
)


class RoleAgent(BaseAgent):
    """An agent of the team. Each task has a method; each thought a blueprint function."""

    role_name: ClassVar[str]
    does: ClassVar[tuple[str, ...]]
    """Capabilities, as the registry shows them."""

    def __init__(self, connection: Connection) -> None:
        """Bind to a server."""
        super().__init__(self.role_name, self.role_name, self.does)
        self.artifacts = Artifacts(connection)
        self.runs = Runs(connection)
        self.reasoning = ReasoningEngine(Journal(connection), [Blueprint(self.blueprints())])

    def tasks(self) -> Mapping[str, Callable[[Task], Awaitable[Outcome]]]:
        """Return the method of each task that this role takes."""
        return {}

    def blueprints(self) -> Mapping[str, Callable[[Request[Any]], Awaitable[Any]]]:
        """Return the function behind each question that this role asks its reasoner."""
        return {}

    async def receive_message(self, message: Message) -> None:
        """Handle a message of a run that is open; what belongs to a finished one is over.

        Tasks of others than those who lead are refused: done for another role, the work would be
        done with rights that the other has not.
        """
        if message.message_type == TASK and message.sender not in LEADERS:
            what = f"{self.role} takes tasks from {' and '.join(LEADERS)}, not {message.sender}"
            await self.answer(message, failed(what, "ask pm"))
        elif await self.runs.is_open(message.conversation_id):
            await super().receive_message(message)

    async def process_task(self, task: Task) -> Outcome:
        """Run the task's method; what the blueprint cannot do is the outcome, with the reason."""
        method = self.tasks().get(task.name)
        if method is None:
            return failed(f"{self.role} does not do {task.name!r}")
        try:
            return await method(task)
        except HandlerFailedError as error:
            return failed(error.message)

    async def think(self, task: Task, question: str, answer: type[T]) -> Response[T]:
        """Ask the blueprint one question about the task's input."""
        request = Request(
            run=task.run,
            task_id=task.id,
            role=self.role,
            task=question,
            input=task.input,
            answer=answer,
        )
        return await self.reasoning.complete(request)


def failed(what: str, do: str = OUR_FAULT) -> Outcome:
    """Return the outcome of a task that cannot be done."""
    reason = Reason(line=0, what=what, do=do)
    return Outcome(ok=False, output={"reasons": [{"line": 0, "what": reason.what, "do": do}]})
