"""AgentMessage: one message, stored once, and what each of its recipients did with it.

It is an object of its own, so a conversation of any length has small states, a message id is
recognised for ever, and every ack is an event of the message it is about.
"""

import hashlib
from typing import Any, Literal

import msgspec

from aidevos.core import codec
from aidevos.core.errors import InvalidArgumentError
from aidevos.objects import DurableObject, Event, apply, query, schema
from aidevos.system.names import (
    CONTENT_BYTES_MAX,
    LIST_MAX,
    check_bound,
    check_name,
    check_part,
    check_sha256,
    conversation_id_of,
    to_ms,
)

AckState = Literal["accepted", "delivered", "started", "done", "nack", "dead"]
FINAL: frozenset[AckState] = frozenset(("done", "dead"))
ACKS_KEPT = 50
"""Newest acks of one recipient in the state; all of them are in the history."""
SHORT_MAX = 128


class Attachment(msgspec.Struct, frozen=True):
    """An artifact that belongs to a message."""

    name: str
    media_type: str
    sha256: str
    size: int


class Cost(msgspec.Struct, frozen=True):
    """What something cost: exact decimal text and its currency; `billed` if really asked for."""

    amount: str = ""
    currency: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    billed: bool = False


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its sender gives it."""

    sender: str
    message_id: str
    message_type: str = "standard"
    content: Any = None
    reply_to: str = ""
    metadata: dict[str, Any] = {}
    attachments: tuple[Attachment, ...] = ()
    correlation_id: str = ""
    causation_id: str = ""
    task_id: str = ""
    traceparent: str = ""
    cost: Cost | None = None
    evidence: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise InvalidArgumentError naming the first wrong field."""
        check_name(self.message_id, "message_id")
        check_part(self.message_type, "message_type")
        for field in ("reply_to", "correlation_id", "causation_id", "task_id", "traceparent"):
            check_bound(len(getattr(self, field)), SHORT_MAX, field, "characters")
        for field in ("attachments", "evidence"):
            check_bound(len(getattr(self, field)), LIST_MAX, field, "entries")
        for sha256 in (*self.evidence, *(a.sha256 for a in self.attachments)):
            check_sha256(sha256, "evidence")
        size = len(codec.to_json(self.content)) + len(codec.to_json(self.metadata))
        check_bound(size, CONTENT_BYTES_MAX, "content")


class Sent(Event):
    """The message was accepted. The conversation's chain is made of the hashes of these bodies."""

    conversation_id: str
    seq: int
    prev_hash: str
    accepted_ms: int
    recipients: tuple[str, ...]
    broadcast: bool
    draft: Draft


class Acked(Event):
    """A recipient was handed the message, or said how far it is."""

    recipient: str
    state: AckState
    time_ms: int
    attempt: int
    epoch: int
    reason: str = ""


class Ack(msgspec.Struct, frozen=True):
    """One ack of one recipient."""

    state: AckState
    time_ms: int
    attempt: int
    epoch: int


class Receipt(msgspec.Struct, frozen=True):
    """How far one recipient is."""

    state: AckState = "accepted"
    attempts: int = 0
    reason: str = ""
    acks: tuple[Ack, ...] = ()


def hash_of(sent: Sent) -> str:
    """Return the hex SHA-256 of the event's stored body."""
    return hashlib.sha256(codec.to_json(sent)).hexdigest()


class AgentMessage(DurableObject):
    """One message of a conversation."""

    class State(schema.State):
        """The message, its hash in the chain, and a receipt for each recipient."""

        sent: Sent | None = None
        hash: str = ""
        receipts: dict[str, Receipt] = msgspec.field(default_factory=dict)

    state: State

    def store(
        self, draft: Draft, recipients: tuple[str, ...], broadcast: bool, seq: int, prev_hash: str
    ) -> None:
        """Keep the message. Called by its conversation, in the same turn."""
        sent = Sent(
            conversation_id=conversation_id_of(self.ref),
            seq=seq,
            prev_hash=prev_hash,
            accepted_ms=to_ms(self.now),
            recipients=recipients,
            broadcast=broadcast,
            draft=draft,
        )
        self.emit(sent)

    def acked(self, recipient: str, ack: Ack, reason: str) -> None:
        """Record an ack. Called by the recipient's inbox, in the same turn."""
        self.emit(Acked(recipient, ack.state, ack.time_ms, ack.attempt, ack.epoch, reason))

    def same_as(self, draft: Draft, recipients: tuple[str, ...] | None) -> bool:
        """Whether it was made from this very draft, for these recipients (None: whoever)."""
        sent = self.sent
        return codec.to_json(sent.draft) == codec.to_json(draft) and recipients in (
            None,
            sent.recipients,
        )

    @property
    def sent(self) -> Sent:
        """The message; every stored one has it."""
        assert self.state.sent is not None, "a message begins with Sent"
        return self.state.sent

    @query
    def read(self) -> State:
        """Return the message and its receipts."""
        return self.state

    @apply
    def _sent(self, event: Sent) -> None:
        self.state.sent = event
        self.state.hash = hash_of(event)
        self.state.receipts = {recipient: Receipt() for recipient in event.recipients}

    @apply
    def _acked(self, event: Acked) -> None:
        before = self.state.receipts[event.recipient]
        ack = Ack(event.state, event.time_ms, event.attempt, event.epoch)
        self.state.receipts[event.recipient] = Receipt(
            state=event.state,
            attempts=max(before.attempts, event.attempt),
            reason=event.reason or before.reason,
            acks=(*before.acks, ack)[-ACKS_KEPT:],
        )


def check_reason(reason: str, maximum: int) -> None:
    """Raise InvalidArgumentError unless a reason is given and bounded."""
    if not 1 <= len(reason) <= maximum:
        raise InvalidArgumentError(f"reason: 1 to {maximum} characters", field="reason")
