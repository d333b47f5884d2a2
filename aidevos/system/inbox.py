"""Inbox: one agent's open messages in one conversation. A cursor with leases, never a copy.

A message is open from its acceptance until it is done or dead. A delivery is a lease: what is not
done when it ends, or when a newer process of the agent comes (a higher epoch), comes again. All of
this needs no timer: time is looked at when somebody pulls.
"""

from typing import Literal

import msgspec

from aidevos.core.errors import FailedPreconditionError, NotFoundError, ResourceExhaustedError
from aidevos.core.ids import ObjectId
from aidevos.objects import DurableObject, Event, apply, command, schema
from aidevos.system.message import FINAL, Ack, AckState, AgentMessage, check_reason
from aidevos.system.names import TEXT_MAX, message_key, to_ms
from aidevos.system.run import Reason, Run

OPEN_MAX = 1_000
"""Open messages of one inbox; one more is refused."""
ATTEMPTS_MAX = 10
PAUSE_MS = (200, 10_000)
"""Pause after the first nack, doubled by each one more, up to the second number."""


class Item(msgspec.Struct, frozen=True):
    """One open message. Leased: it comes again at `until_ms`. Else: not before `until_ms`."""

    seq: int
    attempt: int = 0
    until_ms: int = 0
    leased: bool = False
    epoch: int = 0
    lease_ms: int = 0


class Opened(Event):
    """The inbox was made, for this agent."""

    agent: str


class Queued(Event):
    """A message was accepted for this agent."""

    message_id: str
    seq: int


class Leased(Event):
    """Messages were handed to the process of `epoch`; each attempt counts."""

    message_ids: tuple[str, ...]
    epoch: int
    until_ms: int
    lease_ms: int


class Extended(Event):
    """Work on a message began or goes on: its lease lasts anew."""

    message_id: str
    until_ms: int


class Returned(Event):
    """A message was not done: it comes again after a pause."""

    message_id: str
    until_ms: int


class Closed(Event):
    """A message is done or dead: it never comes again."""

    message_id: str
    how: Literal["done", "dead"]


class Pulled(msgspec.Struct, frozen=True):
    """Deliveries of one pull, and when more may come (Unix ms; 0: not before a new message)."""

    deliveries: tuple[tuple[str, int], ...]
    """(message_id, attempt), oldest first."""
    until_ms: int
    next_ms: int


class Acknowledged(msgspec.Struct, frozen=True):
    """What is held after an ack; `again_ms` is 0 if the message never comes again."""

    state: AckState
    again_ms: int = 0


class Inbox(DurableObject):
    """Open messages of one agent in one conversation."""

    class State(schema.State):
        """In the order of acceptance; `waiting` finds inboxes that have something open."""

        agent: str = ""
        waiting: bool = False
        epoch: int = 0
        open: dict[str, Item] = msgspec.field(default_factory=dict)

    state: State
    indexed = ("agent", "waiting")

    def queue(self, message_id: str, seq: int) -> None:
        """Take a message in. Called by the conversation, in the same turn."""
        if len(self.state.open) >= OPEN_MAX:
            raise ResourceExhaustedError(
                f"{self._agent} has {OPEN_MAX} open messages in this conversation: wait until "
                "it has done some",
                retry_after_ms=1_000,
            )
        self.emit(Queued(message_id=message_id, seq=seq))

    @command
    def pull(self, epoch: int, limit: int, lease_ms: int) -> Pulled:
        """Lease up to `limit` messages to the process of `epoch`."""
        self._check_epoch(epoch)
        now = to_ms(self.now)
        ready = [name for name, item in self.state.open.items() if _ready(item, epoch, now)]
        worn = [name for name in ready if self.state.open[name].attempt >= ATTEMPTS_MAX]
        for name in worn:
            self._close(name, "dead", f"{ATTEMPTS_MAX} deliveries and never done", epoch)
        taken = tuple(name for name in ready if name not in worn)[:limit]
        if taken:
            self.emit(Leased(taken, epoch, now + lease_ms, lease_ms))
        for name in taken:
            self._tell(name, "delivered", epoch)
        deliveries = tuple((name, self.state.open[name].attempt) for name in taken)
        return Pulled(deliveries, now + lease_ms, self._next_ms(epoch, now))

    @command
    def ack(
        self, message_id: str, epoch: int, state: Literal["started", "done", "nack", "dead"],
        reason: str = "",
    ) -> Acknowledged:  # fmt: skip
        """Take what the agent says of a delivered message; repeats change nothing."""
        item = self.state.open.get(message_id)
        if item is None:
            return Acknowledged(self._closed(message_id).receipts[self._agent].state)
        self._check_delivered(message_id, item, epoch)
        match state:
            case "started":
                return self._started(message_id, item)
            case "nack":
                return self._returned(message_id, item, reason)
            case "dead":
                check_reason(reason, TEXT_MAX)
                self._close(message_id, "dead", reason, epoch)
            case "done":
                self._close(message_id, "done", "", epoch)
        return Acknowledged(state)

    # ---- inside ----------------------------------------------------------------------------

    @property
    def _agent(self) -> str:
        return self.state.agent or _agent_of(self.ref)

    def initialize(self) -> None:
        """Remember whose inbox it is, for the index."""
        self.emit(Opened(agent=_agent_of(self.ref)))

    def _message(self, message_id: str) -> AgentMessage:
        return self.group.get(AgentMessage, self.group.key(message_key(message_id)))

    def _closed(self, message_id: str) -> "AgentMessage.State":
        message = self.group.find(AgentMessage, self.group.key(message_key(message_id)))
        receipt = message.state.receipts.get(self._agent) if message else None
        if message is None or receipt is None or receipt.state not in FINAL:
            raise NotFoundError(
                f"{self._agent} has no message {message_id} in this conversation",
                field="message_id",
            )
        return message.state

    def _started(self, message_id: str, item: Item) -> Acknowledged:
        until = to_ms(self.now) + item.lease_ms
        self.emit(Extended(message_id, until))
        if self._message(message_id).state.receipts[self._agent].state != "started":
            self._tell(message_id, "started", item.epoch)
        return Acknowledged("started", until)

    def _returned(self, message_id: str, item: Item, reason: str) -> Acknowledged:
        check_reason(reason, TEXT_MAX)
        if not item.leased:
            return Acknowledged("nack", item.until_ms)
        if item.attempt >= ATTEMPTS_MAX:
            self._close(message_id, "dead", reason, item.epoch)
            return Acknowledged("dead")
        first, most = PAUSE_MS
        until = to_ms(self.now) + min(most, first << (item.attempt - 1))
        self.emit(Returned(message_id, until))
        self._tell(message_id, "nack", item.epoch, reason)
        return Acknowledged("nack", until)

    def _close(self, message_id: str, how: Literal["done", "dead"], why: str, epoch: int) -> None:
        self._tell(message_id, how, epoch, why)
        self.emit(Closed(message_id, how))
        if how == "dead":
            self._fail_run(message_id, why)

    def _fail_run(self, message_id: str, why: str) -> None:
        """End the conversation's run: whoever waits for it would wait for ever."""
        run = self.group.find(Run, self.group.key("run"))
        if run is not None and run.state.open:
            what = f"the message {message_id} to {self._agent} was given up: {why}"
            do = "see what happened with `aidevos messages`, then build again"
            run.end("failed", (Reason(0, what[:TEXT_MAX], do),))

    def _tell(self, message_id: str, state: AckState, epoch: int, reason: str = "") -> None:
        attempt = self.state.open[message_id].attempt
        ack = Ack(state, to_ms(self.now), attempt, epoch)
        self._message(message_id).acked(self._agent, ack, reason)

    def _check_epoch(self, epoch: int) -> None:
        if epoch < self.state.epoch:
            raise FailedPreconditionError(
                f"{self._agent} is worked for by a newer process (epoch {self.state.epoch}, yours "
                f"is {epoch}): register again or end",
                epoch=self.state.epoch,
            )

    def _check_delivered(self, message_id: str, item: Item, epoch: int) -> None:
        self._check_epoch(epoch)
        if item.attempt == 0:
            raise NotFoundError(f"{message_id} was not delivered yet", field="message_id")
        if item.epoch != epoch:
            raise FailedPreconditionError(
                f"{message_id} was delivered to the process of epoch {item.epoch}, not {epoch}: "
                "it comes again with the next pull",
                epoch=item.epoch,
            )

    def _next_ms(self, epoch: int, now: int) -> int:
        """Return when the next open message may be pulled; `now` if one is ready already."""
        items = self.state.open.values()
        times = [now if _ready(item, epoch, now) else item.until_ms for item in items]
        return min(times, default=0)

    @apply
    def _opened(self, event: Opened) -> None:
        self.state.agent = event.agent

    @apply
    def _queued(self, event: Queued) -> None:
        self.state.open[event.message_id] = Item(seq=event.seq)
        self.state.waiting = True

    @apply
    def _leased(self, event: Leased) -> None:
        self.state.epoch = event.epoch
        for name in event.message_ids:
            self.state.open[name] = msgspec.structs.replace(
                self.state.open[name],
                attempt=self.state.open[name].attempt + 1,
                until_ms=event.until_ms,
                leased=True,
                epoch=event.epoch,
                lease_ms=event.lease_ms,
            )

    @apply
    def _extended(self, event: Extended) -> None:
        self._set_until(event.message_id, event.until_ms, leased=True)

    @apply
    def _given_back(self, event: Returned) -> None:
        self._set_until(event.message_id, event.until_ms, leased=False)

    @apply
    def _closed_for_good(self, event: Closed) -> None:
        del self.state.open[event.message_id]
        self.state.waiting = bool(self.state.open)

    def _set_until(self, message_id: str, until_ms: int, *, leased: bool) -> None:
        item = self.state.open[message_id]
        self.state.open[message_id] = msgspec.structs.replace(
            item, until_ms=until_ms, leased=leased
        )


def _agent_of(object: ObjectId) -> str:
    return object.key.rpartition("/")[2]


def _ready(item: Item, epoch: int, now_ms: int) -> bool:
    """Whether it may be handed out: free, its lease is over, or its process was replaced."""
    return item.until_ms <= now_ms or (item.leased and item.epoch < epoch)
