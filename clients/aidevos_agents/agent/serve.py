"""Runs an agent against a server: lease, inbox, acks, redelivery, until told to stop.

A message is acked as started before it is handled and as done after; while it is handled the
delivery's lease is renewed. What fails is given back with its reason and comes again after a pause.
Whoever lost the agent's lease stops its work and asks for the lease anew.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict

from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.v1 import agents_pb2 as pb
from aidevos_agents.agent.base import BaseAgent
from aidevos_agents.agent.bugs import told
from aidevos_agents.agent.communication import (
    DELIVERY_LEASE_MS,
    Communication,
    new_process_id,
)
from aidevos_agents.agent.connection import Connection
from aidevos_agents.agent.message import Delivery, Message
from aidevos_agents.agent.race import race

PAUSE_S_MAX = 2.0
HANDLED_MAX = 1_000
"""Handled messages that are known by heart, for those whose last ack was lost."""

log = logging.getLogger("aidevos.agents")


async def serve_agent(
    agent: BaseAgent,
    server: str,
    token: str,
    stop: asyncio.Event | None = None,
    *,
    process_id: str = "",
    delivery_lease_ms: int = DELIVERY_LEASE_MS,
) -> None:
    """Work for `agent` until `stop` is set; the message at hand is finished first.

    A server that is away is asked again with growing pauses, for ever. `process_id` names this
    process among those that compete for the agent; by default a new name. A message whose process
    was killed comes again after `delivery_lease_ms`, 1,000 to 3,600,000.
    """
    async with Connection(server, token) as connection:
        line = Communication(
            connection,
            agent.agent_id,
            process_id or new_process_id(),
            delivery_lease_ms=delivery_lease_ms,
        )
        await AgentLoop(agent, line, stop or asyncio.Event()).run()


class AgentLoop:
    """The life of one agent in one process."""

    def __init__(self, agent: BaseAgent, line: Communication, stop: asyncio.Event) -> None:
        """Connect the agent to its line."""
        agent.communication = line
        self._agent = agent
        self._line = line
        self._stop = stop
        self._handled: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def run(self) -> None:
        """Serve terms of the lease until stopped."""
        while not self._stop.is_set():
            try:
                await self._term()
            except FailedPreconditionError as error:
                log.info("lease lost: %s", error)
            except AidevosError as error:
                if not error.retryable:
                    raise
                log.info("server away: %s", error)
        with contextlib.suppress(AidevosError):  # A server that is gone needs nothing back.
            await self._line.release()

    async def _term(self) -> None:
        lease_s = await race(self._registered(), self._stopped())
        if lease_s:
            await race(self._work(), self._renew(lease_s))

    async def _stopped(self) -> float:
        await self._stop.wait()
        return 0.0

    async def _registered(self) -> float:
        """Take the lease, waiting as long as another process has it; return its length."""
        while True:
            try:
                return await self._line.register(self._agent.role, self._agent.capabilities)
            except FailedPreconditionError as error:
                asked_s = int(error.metadata.get("retry_after_ms", "500")) / 1_000
                await asyncio.sleep(min(asked_s, PAUSE_S_MAX))

    async def _renew(self, lease_s: float) -> None:
        while True:
            await asyncio.sleep(lease_s / 3)
            epoch = self._line.epoch
            await self._line.register(self._agent.role, self._agent.capabilities)
            if self._line.epoch != epoch:
                raise FailedPreconditionError("another process held the lease in between")

    async def _work(self) -> None:
        while not self._stop.is_set():
            for delivery in await race(self._line.receive(), self._nothing_when_stopped()):
                await self._take(delivery)

    async def _nothing_when_stopped(self) -> tuple[Delivery, ...]:
        await self._stop.wait()
        return ()

    async def _take(self, delivery: Delivery) -> None:
        """Handle one delivery and say what came of it."""
        message = delivery.message
        key = (message.conversation_id, message.message_id)
        if key not in self._handled:
            await self._line.ack(message, pb.ACK_STATE_STARTED)
            reason = await race(self._handle(message), self._keep_started(message))
            if reason:
                await self._line.ack(message, pb.ACK_STATE_NACK, reason)
                return
            self._handled[key] = None
            while len(self._handled) > HANDLED_MAX:
                self._handled.popitem(last=False)
        await self._line.ack(message, pb.ACK_STATE_DONE)

    async def _handle(self, message: Message) -> str:
        """Return why it failed, or nothing. Boundary: a handler may raise whatever it likes."""
        try:
            await self._agent.handle(message)
        except AidevosError as error:
            return f"{error.reason}: {error.message}"
        except Exception as error:  # The author's bug is this message's failure, not the agent's.
            log.error("%s failed on %s: %s", self._agent.agent_id, message.message_id, told(error))
            return told(error)
        return ""

    async def _keep_started(self, message: Message) -> str:
        while True:
            await asyncio.sleep(self._line.delivery_lease_ms / 3_000)
            await self._line.ack(message, pb.ACK_STATE_STARTED)
