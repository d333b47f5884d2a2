"""BaseAgent: what every agent can do, and what a subclass says about how.

An agent works on one message at a time. Its process may be killed at any moment: the message comes
again, `process_task` runs again, and what it sends has the same message ids as before, so nothing
is said twice. Work that must not be done twice goes through the reasoning engine, whose journal
remembers completed calls.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from aidevos.core.errors import FailedPreconditionError
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.memory import AgentMemory
from aidevos_agents.agent.message import (
    RESULT,
    STANDARD,
    TASK,
    Message,
    NotATaskError,
    Outcome,
    Task,
    task_of,
)

DERIVED_CHARS_MAX = 50
"""Longer causes are hashed: derived ids stay below the 128 characters of a message_id."""
STATE_ID = "agent"
"""The name under which `save_state` keeps a state unless told otherwise."""


class BaseAgent:
    """One agent of a role. Override `process_task`, or `receive_message` for other talk."""

    def __init__(self, agent_id: str, role: str, capabilities: Sequence[str]) -> None:
        """Say who it is: `agent_id` is `<role>` or `<role>.<name>`."""
        self.agent_id = agent_id
        self.role = role
        self.capabilities = tuple(capabilities)
        self.memory = AgentMemory()
        self.state: dict[str, Any] = {}
        """The subclass's own; JSON values. Kept by `save_state` together with the memory."""
        self.communication: Communication | None = None
        self._handling: Message | None = None
        self._said = 0

    # ---- what a subclass says --------------------------------------------------------------

    async def process_task(self, task: Task) -> Outcome:
        """Do the task. Called again, with the same task, if the process dies on the way."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it processes tasks")

    async def receive_message(self, message: Message) -> None:
        """Handle one message; it is done when this returns and comes again when this raises.

        A task is processed and its outcome sent back; other messages are remembered.
        """
        if message.message_type != TASK:
            self.memory.remember(message.conversation_id, "fact", str(message.content))
            return
        try:
            outcome = await self.process_task(task_of(message))
        except NotATaskError as error:
            outcome = Outcome(ok=False, output={"reasons": [{"line": 0, "what": str(error)}]})
        await self.answer(message, outcome)

    # ---- what it can do --------------------------------------------------------------------

    async def send_message(  # noqa: PLR0913 (the message format's fields)
        self,
        recipient: str,
        content: Any,
        message_type: str = STANDARD,
        *,
        conversation_id: str = "",
        message_id: str = "",
        task_id: str = "",
        reply_to: str = "",
        evidence: Sequence[str] = (),
    ) -> Message:
        """Send a message; it is durable when this returns. Returns it as it was sent.

        While a message is handled its conversation and cause are taken over, and the message_id is
        derived from it: handling it again says the same again, not a second time.
        """
        cause = self._handling
        if cause is None and not (conversation_id and message_id):
            raise FailedPreconditionError(
                "outside of receive_message a message needs conversation_id and message_id"
            )
        message = Message(
            sender=self.agent_id,
            recipient=recipient,
            conversation_id=conversation_id or (cause.conversation_id if cause else ""),
            message_id=message_id or self._next_id(),
            message_type=message_type,
            content=content,
            reply_to=reply_to,
            causation_id=cause.message_id if cause else "",
            task_id=task_id or (cause.task_id if cause else ""),
            evidence=tuple(evidence),
        )
        await self._line().send(message)
        return message

    async def answer(self, message: Message, outcome: Outcome) -> None:
        """Send the outcome of a task to whoever asked for it."""
        await self.send_message(
            message.sender,
            {"ok": outcome.ok, **outcome.output},
            RESULT,
            message_id=f"{message.message_id}.result",
            reply_to=message.message_id,
            evidence=outcome.evidence,
        )

    async def save_state(self, state_id: str = STATE_ID) -> str:
        """Keep state and memory durably under a name; return the name."""
        kept = {"state": self.state, "memory": self.memory.dump()}
        await self._line().save(state_id, kept)
        return state_id

    async def load_state(self, state_id: str = STATE_ID) -> bool:
        """Bring state and memory back; False (and both empty) if none was saved."""
        kept = await self._line().load(state_id)
        self.state = kept["state"] if kept else {}
        self.memory.load(kept["memory"] if kept else {})
        return kept is not None

    # ---- used by `serve_agent` -------------------------------------------------------------

    async def handle(self, message: Message) -> None:
        """Run `receive_message` with `message` as the cause of what is sent meanwhile."""
        self._handling, self._said = message, 0
        try:
            await self.receive_message(message)
        finally:
            self._handling = None

    def _next_id(self) -> str:
        """Return an id that is the same each time that this message is handled."""
        assert self._handling is not None
        self._said += 1
        cause = self._handling.message_id
        if len(cause) > DERIVED_CHARS_MAX:
            cause = hashlib.sha256(cause.encode()).hexdigest()[:32]
        return f"{cause}.{self.agent_id}.{self._said}"

    def _line(self) -> Communication:
        if self.communication is None:
            raise FailedPreconditionError(
                f"{self.agent_id} is not connected: run it with serve_agent(agent, server, token)"
            )
        return self.communication
