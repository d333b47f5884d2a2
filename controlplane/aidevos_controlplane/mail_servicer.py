"""AgentService: decodes, checks who may act for which agent, calls the objects, encodes."""

import asyncio

from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos.doors.grpc_serving import Context, Identity, unary
from aidevos.system.agent import Agent, Grant, SavedState
from aidevos.system.conversation import Receipted
from aidevos.system.inbox import Acknowledged
from aidevos.system.message import Draft
from aidevos.system.names import OPERATOR, agent_of, conversation_of, inbox_of
from aidevos.v1 import agents_pb2 as pb
from aidevos.v1 import agents_pb2_grpc as rpc
from aidevos_controlplane import mail_wire as wire
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.mail_history import Filter, MailHistory
from aidevos_controlplane.mailroom import Mailroom, Wanted
from aidevos_controlplane.values import from_struct, time_to, to_struct
from aidevos_controlplane.who import Who, who

PULL_MAX = 100
WAIT_MS_MAX = 60_000
LEASE_MS_MIN, LEASE_MS_DEFAULT, LEASE_MS_MAX = 1_000, 60_000, 3_600_000
ANSWER_MS = 250
"""A wait ends so long before the caller's deadline, or its deliveries would be lost on it."""
PAGE_MAX = 500


class AgentServicer(rpc.AgentServiceServicer):
    """Wire adapter of AgentService."""

    def __init__(self, objects: Objects, mailroom: Mailroom, identity: Identity) -> None:
        """Bind."""
        self._objects = objects
        self._mailroom = mailroom
        self._identity = identity
        self._history = MailHistory(objects)

    # ---- agents ----------------------------------------------------------------------------

    @unary
    async def RegisterAgent(
        self, request: pb.RegisterAgentRequest, context: Context
    ) -> pb.RegisterAgentResponse:
        """Give or renew an agent's lease."""
        caller = who(self._identity, context)
        caller.must_act_for(request.agent_id)
        grant = await self._objects.command(
            agent_of(request.agent_id),
            "register",
            Grant,
            agent_id=request.agent_id,
            role=_role(request, caller),
            capabilities=tuple(request.capabilities),
            process=_process(request, caller),
        )
        self._mailroom.granted(request.agent_id, grant.epoch)
        return pb.RegisterAgentResponse(lease_epoch=grant.epoch, lease_ms=grant.lease_ms)

    @unary
    async def ReleaseAgent(
        self, request: pb.ReleaseAgentRequest, context: Context
    ) -> pb.ReleaseAgentResponse:
        """Take a lease back."""
        who(self._identity, context).must_act_for(request.agent_id)
        await self._objects.command(
            agent_of(request.agent_id), "release", type(None), epoch=request.lease_epoch
        )
        return pb.ReleaseAgentResponse()

    @unary
    async def ListAgents(
        self, request: pb.ListAgentsRequest, context: Context
    ) -> pb.ListAgentsResponse:
        """Return one page of agents."""
        who(self._identity, context)
        page = await self._objects.page("Agent", request.page_size, request.page_token)
        states = [await self._objects.state(view.object, Agent.State) for view in page.objects]
        return pb.ListAgentsResponse(
            agents=[wire.agent_to(state) for state in states if state and state.agent_id],
            next_page_token=page.next_page_token,
        )

    @unary
    async def SaveState(
        self, request: pb.SaveStateRequest, context: Context
    ) -> pb.SaveStateResponse:
        """Keep a state of an agent."""
        who(self._identity, context).must_act_for(request.agent_id)
        version = await self._objects.command(
            agent_of(request.agent_id),
            "save_state",
            int,
            epoch=request.lease_epoch,
            state_id=request.state_id,
            value=from_struct(request.state),
        )
        return pb.SaveStateResponse(version=version)

    @unary
    async def LoadState(
        self, request: pb.LoadStateRequest, context: Context
    ) -> pb.LoadStateResponse:
        """Return a saved state."""
        who(self._identity, context).must_act_for(request.agent_id)
        saved = await self._objects.query(
            agent_of(request.agent_id), "load_state", SavedState, state_id=request.state_id
        )
        return pb.LoadStateResponse(
            state=to_struct(saved.value), version=saved.version, saved=time_to(saved.time_ms)
        )

    # ---- mail ------------------------------------------------------------------------------

    @unary
    async def SendMessage(
        self, request: pb.SendMessageRequest, context: Context
    ) -> pb.SendMessageResponse:
        """Store one message for one recipient."""
        message = request.message
        who(self._identity, context).must_act_for(message.sender)
        sent = await self._send(message, (message.recipient,), broadcast=False)
        return pb.SendMessageResponse(
            seq=sent.seq,
            hash=sent.hash,
            timestamp=time_to(sent.accepted_ms),
            repeated=sent.repeated,
        )

    @unary
    async def Broadcast(
        self, request: pb.BroadcastRequest, context: Context
    ) -> pb.BroadcastResponse:
        """Store one message for many recipients."""
        message = request.message
        who(self._identity, context).must_act_for(message.sender)
        named = tuple(request.recipients)
        recipients = named or await self._everybody_but(message.sender)
        sent = await self._send(message, recipients, broadcast=True, everybody=not named)
        return pb.BroadcastResponse(
            seq=sent.seq,
            hash=sent.hash,
            timestamp=time_to(sent.accepted_ms),
            repeated=sent.repeated,
            recipients=sent.recipients,
        )

    @unary
    async def ReceiveMessages(
        self, request: pb.ReceiveMessagesRequest, context: Context
    ) -> pb.ReceiveMessagesResponse:
        """Deliver from an agent's inbox, waiting for the first message."""
        who(self._identity, context).must_act_for(request.agent_id)
        wanted = _wanted(request, context)
        await self._objects.query(
            agent_of(wanted.agent_id), "check_lease", type(None), epoch=wanted.epoch
        )
        found = await self._mailroom.receive(wanted)
        if found is None:
            return pb.ReceiveMessagesResponse()
        conversation_id, pulled = found
        reads = (self._history.read(conversation_id, name) for name, _ in pulled.deliveries)
        states = await asyncio.gather(*reads)
        deliveries = [
            pb.Delivery(
                message=wire.message_to(state), attempt=attempt, lease_ends=time_to(pulled.until_ms)
            )
            for state, (_, attempt) in zip(states, pulled.deliveries, strict=True)
        ]
        return pb.ReceiveMessagesResponse(deliveries=deliveries)

    @unary
    async def AckMessage(
        self, request: pb.AckMessageRequest, context: Context
    ) -> pb.AckMessageResponse:
        """Take how far a recipient is."""
        who(self._identity, context).must_act_for(request.agent_id)
        held = await self._objects.command(
            inbox_of(request.conversation_id, request.agent_id),
            "ack",
            Acknowledged,
            message_id=request.message_id,
            epoch=request.lease_epoch,
            state=wire.said_from(request.state),
            reason=request.reason,
        )
        if held.again_ms:
            self._mailroom.again(request.agent_id, request.conversation_id, held.again_ms)
        return pb.AckMessageResponse(state=wire.STATES[held.state], again=time_to(held.again_ms))

    @unary
    async def ListMessages(
        self, request: pb.ListMessagesRequest, context: Context
    ) -> pb.ListMessagesResponse:
        """Return one page of messages with their receipts."""
        who(self._identity, context)
        filter = Filter(request.conversation_id, request.agent_id, request.task_id)
        size = min(request.page_size or 100, PAGE_MAX)
        states, token = await self._history.page(filter, size, request.page_token)
        return pb.ListMessagesResponse(
            messages=[wire.record_to(state) for state in states], next_page_token=token
        )

    # ---- inside ----------------------------------------------------------------------------

    async def _send(
        self,
        message: pb.Message,
        recipients: tuple[str, ...],
        *,
        broadcast: bool,
        everybody: bool = False,
    ) -> Receipted:
        draft: Draft = wire.draft_from(message)
        try:
            sent = await self._objects.command(
                conversation_of(message.conversation_id),
                "send",
                Receipted,
                draft=draft,
                recipients=recipients,
                broadcast=broadcast,
                all=everybody,
            )
        except AidevosError as error:
            if error.retryable:  # Perhaps stored: whoever waits looks for itself.
                self._mailroom.arrived(message.conversation_id, recipients)
            raise
        self._mailroom.arrived(message.conversation_id, sent.recipients)
        return sent

    async def _everybody_but(self, sender: str) -> tuple[str, ...]:
        views = await self._objects.all("Agent")
        states = [await self._objects.state(view.object, Agent.State) for view in views]
        names = (state.agent_id for state in states if state is not None)
        return tuple(name for name in names if name not in ("", sender))


def _wanted(request: pb.ReceiveMessagesRequest, context: Context) -> Wanted:
    lease_ms = request.lease_ms or LEASE_MS_DEFAULT
    if not LEASE_MS_MIN <= lease_ms <= LEASE_MS_MAX:
        raise InvalidArgumentError(
            f"lease_ms: {LEASE_MS_MIN} to {LEASE_MS_MAX}, or 0", field="lease_ms"
        )
    if request.max_messages > PULL_MAX:
        raise InvalidArgumentError(f"max_messages: at most {PULL_MAX}", field="max_messages")
    left = context.time_remaining()
    longest = WAIT_MS_MAX if left is None else max(0, int(left * 1_000) - ANSWER_MS)
    return Wanted(
        agent_id=request.agent_id,
        epoch=request.lease_epoch,
        limit=request.max_messages or 1,
        lease_ms=lease_ms,
        wait_ms=min(request.wait_ms, longest, WAIT_MS_MAX),
    )


def _role(request: pb.RegisterAgentRequest, caller: Who) -> str:
    role = request.role or (request.agent_id.partition(".")[0])
    if not caller.is_operator and role != caller.role:
        raise InvalidArgumentError(f"role: your token is of {caller.role}", field="role")
    if role == OPERATOR:
        raise InvalidArgumentError("role: an agent is no operator", field="role")
    return role


def _process(request: pb.RegisterAgentRequest, caller: Who) -> str:
    process = request.process_id or caller.process
    if not caller.is_operator and process != caller.process:
        raise InvalidArgumentError(
            "process_id: leave it empty, your token names your process", field="process_id"
        )
    return process
