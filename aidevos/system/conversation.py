"""Conversation: stores each message once, in order, chained by hash, and fills the inboxes.

Sending is one turn of the conversation's group: message, chain and inboxes commit in one record,
so there is no moment in which a message is accepted and not on its way. The state holds a counter
and the last hash; the messages are objects (`message.py`), and the conversation's history names
them in order, one event each, so `version` is the number of messages.
"""

import msgspec

from aidevos.core.errors import AlreadyExistsError, InvalidArgumentError
from aidevos.objects import DurableObject, Event, apply, command, schema
from aidevos.system.inbox import Inbox
from aidevos.system.message import AgentMessage, Draft
from aidevos.system.names import LIST_MAX, inbox_key, message_key
from aidevos.system.run import Run, RunStart


class Accepted(Event):
    """A message was stored; the sequence of this event is the message's `seq`."""

    message_id: str
    hash: str


class Receipted(msgspec.Struct, frozen=True):
    """The answer to a sender."""

    seq: int
    hash: str
    accepted_ms: int
    recipients: tuple[str, ...]
    repeated: bool


class Conversation(DurableObject):
    """Messages between agents, in one order."""

    class State(schema.State):
        """How many messages there are, and the hash of the last one."""

        count: int = 0
        last_hash: str = ""

    state: State

    @command
    def send(
        self, draft: Draft, recipients: tuple[str, ...], broadcast: bool = False, all: bool = False
    ) -> Receipted:
        """Store a message for `recipients`; a repeat of its id gets the first answer.

        `all`: the caller resolved "everybody", so a repeat may come with other recipients.
        """
        draft.check()
        _check_recipients(recipients)
        found = self.group.find(AgentMessage, self.group.key(message_key(draft.message_id)))
        if found is not None:
            return _again(found, draft, None if all else recipients)
        return self._accept(draft, recipients, broadcast)

    @command
    def start_run(self, start: RunStart, draft: Draft, recipient: str) -> Receipted:
        """Make the run of this conversation and send its first message, in one record."""
        key = self.group.key("run")
        if self.group.find(Run, key) is None:
            self.group.create(Run, key).begin(start)
        return self.send(draft, (recipient,))

    def _accept(self, draft: Draft, recipients: tuple[str, ...], broadcast: bool) -> Receipted:
        seq, before = self.state.count + 1, self.state.last_hash
        key = self.group.key(message_key(draft.message_id))
        message = self.group.create(AgentMessage, key)
        message.store(draft, recipients, broadcast, seq, before)
        for recipient in recipients:
            self._inbox(recipient).queue(draft.message_id, seq)
        self.emit(Accepted(draft.message_id, message.state.hash))
        assert self.state.count == self.version, "one event for each message, and no other"
        return _receipted(message, repeated=False)

    def _inbox(self, recipient: str) -> Inbox:
        key = self.group.key(inbox_key(recipient))
        return self.group.find(Inbox, key) or self.group.create(Inbox, key)

    @apply
    def _accepted(self, event: Accepted) -> None:
        self.state.count += 1
        self.state.last_hash = event.hash


def _again(found: AgentMessage, draft: Draft, recipients: tuple[str, ...] | None) -> Receipted:
    if not found.same_as(draft, recipients):
        raise AlreadyExistsError(
            f"the message id {draft.message_id} was used for another message of this "
            "conversation: use a new one",
            field="message_id",
        )
    return _receipted(found, repeated=True)


def _receipted(message: AgentMessage, *, repeated: bool) -> Receipted:
    sent = message.sent
    return Receipted(sent.seq, message.state.hash, sent.accepted_ms, sent.recipients, repeated)


def _check_recipients(recipients: tuple[str, ...]) -> None:
    if not 1 <= len(recipients) <= LIST_MAX:
        raise InvalidArgumentError(f"recipients: 1 to {LIST_MAX}", field="recipients")
    if len(set(recipients)) != len(recipients):
        raise InvalidArgumentError("recipients: each one once", field="recipients")
