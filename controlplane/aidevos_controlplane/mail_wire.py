"""Messages of agents.proto <-> the values of the system's objects. Pure translation."""

from typing import Literal, cast

from aidevos.core.errors import InvalidArgumentError
from aidevos.system.agent import Agent
from aidevos.system.message import (
    AckState,
    AgentMessage,
    Attachment,
    Cost,
    Draft,
    Receipt,
)
from aidevos.v1 import agents_pb2 as pb
from aidevos_controlplane.values import from_struct, from_value, time_to, to_struct, to_value

STATES: dict[AckState, "pb.AckState.ValueType"] = {
    "accepted": pb.ACK_STATE_ACCEPTED,
    "delivered": pb.ACK_STATE_DELIVERED,
    "started": pb.ACK_STATE_STARTED,
    "done": pb.ACK_STATE_DONE,
    "nack": pb.ACK_STATE_NACK,
    "dead": pb.ACK_STATE_DEAD,
}
Said = Literal["started", "done", "nack", "dead"]
_SAID = {STATES[name]: name for name in ("started", "done", "nack", "dead")}


def said_from(state: "pb.AckState.ValueType") -> Said:
    """Return what a recipient may say, or raise InvalidArgumentError."""
    said = _SAID.get(state)
    if said is None:
        raise InvalidArgumentError("state: STARTED, DONE, NACK or DEAD", field="state")
    return cast(Said, said)


def draft_from(message: pb.Message) -> Draft:
    """Return the sender's part of a message."""
    return Draft(
        sender=message.sender,
        message_id=message.message_id,
        message_type=message.message_type or "standard",
        content=from_value(message.content),
        reply_to=message.reply_to,
        metadata=from_struct(message.metadata),
        attachments=tuple(
            Attachment(a.name, a.media_type, a.sha256, a.size) for a in message.attachments
        ),
        correlation_id=message.correlation_id,
        causation_id=message.causation_id,
        task_id=message.task_id,
        traceparent=message.traceparent,
        cost=cost_from(message.cost) if message.HasField("cost") else None,
        evidence=tuple(message.evidence),
    )


def message_to(state: AgentMessage.State) -> pb.Message:
    """Return a stored message as it is sent."""
    sent = state.sent
    assert sent is not None, "a stored message begins with Sent"
    draft = sent.draft
    return pb.Message(
        sender=draft.sender,
        recipient="" if sent.broadcast else sent.recipients[0],
        recipients=sent.recipients if sent.broadcast else (),
        message_type=draft.message_type,
        content=to_value(draft.content),
        timestamp=time_to(sent.accepted_ms),
        message_id=draft.message_id,
        reply_to=draft.reply_to,
        metadata=to_struct(draft.metadata) if draft.metadata else None,
        attachments=[_attachment_to(attachment) for attachment in draft.attachments],
        correlation_id=draft.correlation_id,
        causation_id=draft.causation_id,
        task_id=draft.task_id,
        traceparent=draft.traceparent,
        cost=cost_to(draft.cost),
        evidence=draft.evidence,
        conversation_id=sent.conversation_id,
        seq=sent.seq,
        prev_hash=sent.prev_hash,
        hash=state.hash,
    )


def record_to(state: AgentMessage.State) -> pb.MessageRecord:
    """Return a message and what its recipients did with it."""
    receipts = [_receipt_to(name, receipt) for name, receipt in state.receipts.items()]
    return pb.MessageRecord(message=message_to(state), receipts=receipts)


def cost_from(cost: pb.Cost) -> Cost:
    """Return a cost."""
    return Cost(cost.amount, cost.currency, cost.input_tokens, cost.output_tokens, cost.billed)


def cost_to(cost: Cost | None) -> pb.Cost | None:
    """Return a cost as it is sent."""
    if cost is None:
        return None
    return pb.Cost(
        amount=cost.amount,
        currency=cost.currency,
        input_tokens=cost.input_tokens,
        output_tokens=cost.output_tokens,
        billed=cost.billed,
    )


def agent_to(state: Agent.State) -> pb.Agent:
    """Return an agent as it is sent."""
    return pb.Agent(
        agent_id=state.agent_id,
        role=state.role,
        capabilities=state.capabilities,
        process_id=state.process,
        lease_epoch=state.epoch,
        lease_ends=time_to(state.until_ms),
        registered=time_to(state.registered_ms),
    )


def _attachment_to(attachment: Attachment) -> pb.Attachment:
    return pb.Attachment(
        name=attachment.name,
        media_type=attachment.media_type,
        sha256=attachment.sha256,
        size=attachment.size,
    )


def _receipt_to(agent_id: str, receipt: Receipt) -> pb.Receipt:
    acks = [
        pb.Ack(
            state=STATES[ack.state],
            time=time_to(ack.time_ms),
            attempt=ack.attempt,
            lease_epoch=ack.epoch,
        )
        for ack in receipt.acks
    ]
    return pb.Receipt(
        agent_id=agent_id,
        state=STATES[receipt.state],
        attempts=receipt.attempts,
        reason=receipt.reason,
        acks=acks,
    )
