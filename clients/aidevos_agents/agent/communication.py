"""An agent's line to the platform: registering, its inbox, acks, what it sends, states it keeps."""

import secrets
from typing import Any

from aidevos.core.errors import NotFoundError
from aidevos.v1 import agents_pb2 as pb
from aidevos_agents.agent import wire
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.message import Delivery, Message

WAIT_MS = 20_000
"""How long the server holds a question for messages when the inbox is empty."""
DELIVERY_LEASE_MS = 4_000
"""A killed process's message comes again after this; while it is worked on it is renewed."""


class Communication:
    """One agent's calls to AgentService; every call carries the epoch of its lease."""

    def __init__(
        self,
        connection: Connection,
        agent_id: str,
        process_id: str = "",
        *,
        delivery_lease_ms: int = DELIVERY_LEASE_MS,
    ) -> None:
        """Bind to a connection. `process_id` is empty for a token that names its process."""
        self.delivery_lease_ms = delivery_lease_ms
        self._connection = connection
        self._stub = connection.agents
        self.agent_id = agent_id
        self.process_id = process_id
        self.epoch = 0

    async def register(self, role: str, capabilities: tuple[str, ...]) -> float:
        """Take or renew the agent's lease; return its length in seconds.

        Raises FailedPreconditionError while another process holds it.
        """
        request = pb.RegisterAgentRequest(
            agent_id=self.agent_id,
            role=role,
            capabilities=capabilities,
            process_id=self.process_id,
        )
        answer = await self._connection.call(self._stub.RegisterAgent, request)
        self.epoch = answer.lease_epoch
        return answer.lease_ms / 1_000

    async def release(self) -> None:
        """Give the lease back."""
        request = pb.ReleaseAgentRequest(agent_id=self.agent_id, lease_epoch=self.epoch)
        await self._connection.call(self._stub.ReleaseAgent, request)

    async def receive(self) -> tuple[Delivery, ...]:
        """Return the next message, or nothing when none came for a while."""
        request = pb.ReceiveMessagesRequest(
            agent_id=self.agent_id,
            lease_epoch=self.epoch,
            max_messages=1,
            wait_ms=WAIT_MS,
            lease_ms=self.delivery_lease_ms,
        )
        answer = await self._connection.call(self._stub.ReceiveMessages, request)
        return tuple(wire.delivery_from_wire(delivery) for delivery in answer.deliveries)

    async def ack(self, message: Message, state: "pb.AckState.ValueType", reason: str = "") -> None:
        """Say how far the agent is with a delivered message; an event."""
        request = pb.AckMessageRequest(
            agent_id=self.agent_id,
            lease_epoch=self.epoch,
            conversation_id=message.conversation_id,
            message_id=message.message_id,
            state=state,
            reason=reason[:2_000],
        )
        await self._connection.call(self._stub.AckMessage, request)

    async def done(self, message: Message) -> None:
        """Say that a delivered message is done: it never comes again."""
        await self.ack(message, pb.ACK_STATE_DONE)

    async def send(self, message: Message) -> None:
        """Store the message and put it into the recipient's inbox; accepted when this returns."""
        request = pb.SendMessageRequest(message=wire.message_to_wire(message))
        await self._connection.call(self._stub.SendMessage, request)

    async def broadcast(self, message: Message, recipients: tuple[str, ...] = ()) -> None:
        """Store one message for many; none named means every registered agent but this one."""
        request = pb.BroadcastRequest(message=wire.message_to_wire(message), recipients=recipients)
        await self._connection.call(self._stub.Broadcast, request)

    async def save(self, state_id: str, state: dict[str, Any]) -> None:
        """Keep a state under a name."""
        request = pb.SaveStateRequest(
            agent_id=self.agent_id,
            lease_epoch=self.epoch,
            state_id=state_id,
            state=wire.to_struct(state),
        )
        await self._connection.call(self._stub.SaveState, request)

    async def load(self, state_id: str) -> dict[str, Any] | None:
        """Return the newest state of that name, or None if none was saved."""
        request = pb.LoadStateRequest(agent_id=self.agent_id, state_id=state_id)
        try:
            answer = await self._connection.call(self._stub.LoadState, request)
        except NotFoundError:
            return None
        return dict(wire.plain(answer.state))


def new_process_id() -> str:
    """Return a name for this process among those that compete for an agent."""
    return secrets.token_hex(8)
