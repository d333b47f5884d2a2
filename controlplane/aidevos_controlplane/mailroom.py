"""Mailroom: which agent has open messages in which conversations, and who waits for some.

Everything here can be found again in the inboxes, and is, at start. It saves asking every
conversation, and wakes waiters when something arrives, without looking again and again.
"""

import asyncio
from dataclasses import dataclass, field

from aidevos.core.errors import FailedPreconditionError, UnavailableError
from aidevos.system.inbox import Pulled
from aidevos.system.names import conversation_id_of, inbox_of
from aidevos_controlplane.calls import Objects
from aidevos_controlplane.clock import Clock, wait_for_bell

NOW = 0


@dataclass(slots=True)
class Box:
    """One agent's open conversations: from when (Unix ms) each may have something to deliver."""

    due: dict[str, int] = field(default_factory=dict)
    epoch: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, conversation_id: str, from_ms: int) -> None:
        """Remember that something may be there from `from_ms` on, and wake who waits."""
        before = self.due.get(conversation_id, from_ms)
        self.due[conversation_id] = min(before, from_ms)
        self.ring()

    def ring(self) -> None:
        """Wake all who wait."""
        self.bell.set()
        self.bell = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a receiver asks for."""

    agent_id: str
    epoch: int
    limit: int
    lease_ms: int
    wait_ms: int


class Mailroom:
    """Boxes of all agents."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        """Begin empty; `load` fills it."""
        self._objects = objects
        self._clock = clock
        self._boxes: dict[str, Box] = {}
        self._closed = False

    async def load(self) -> None:
        """Find the inboxes that have something open."""
        for view in await self._objects.all("Inbox", waiting=True):
            agent_id = str(view.index["agent"])
            self.arrived(conversation_id_of(view.object), (agent_id,))

    def close(self) -> None:
        """Let nobody wait any longer: whoever does is told to ask again."""
        self._closed = True
        for box in self._boxes.values():
            box.ring()

    def arrived(self, conversation_id: str, recipients: tuple[str, ...]) -> None:
        """Something may be in the inboxes of `recipients` now."""
        for recipient in recipients:
            self._box(recipient).note(conversation_id, NOW)

    def again(self, agent_id: str, conversation_id: str, at_ms: int) -> None:
        """A message comes again at `at_ms`."""
        self._box(agent_id).note(conversation_id, at_ms)

    def granted(self, agent_id: str, epoch: int) -> None:
        """A process got the agent's lease: what older processes hold comes again."""
        box = self._box(agent_id)
        if epoch > box.epoch:
            box.epoch = epoch
            box.due = dict.fromkeys(box.due, NOW)
            box.ring()

    async def receive(self, wanted: Wanted) -> tuple[str, Pulled] | None:
        """Return (conversation, deliveries) of the first that has some; None when none came.

        Raises FailedPreconditionError once a newer epoch was granted. Cancel: what was
        delivered and not answered comes again when its lease ends.
        """
        box = self._box(wanted.agent_id)
        ends_ms = self._clock.now_ms() + wanted.wait_ms
        while True:
            bell = box.bell
            self._check(box, wanted)
            found = await self._pull_first(box, wanted)
            now = self._clock.now_ms()
            if found is not None or now >= ends_ms:
                return found
            wake_ms = min((ends_ms, *box.due.values()))
            await wait_for_bell(bell, self._clock, wake_ms - now)

    def _check(self, box: Box, wanted: Wanted) -> None:
        if self._closed:
            raise UnavailableError("the server is stopping; ask again", retry_after_ms=200)
        if wanted.epoch < box.epoch:
            raise FailedPreconditionError(
                f"{wanted.agent_id} is worked for by a newer process: register again or end",
                epoch=box.epoch,
            )

    async def _pull_first(self, box: Box, wanted: Wanted) -> tuple[str, Pulled] | None:
        now = self._clock.now_ms()
        for conversation_id in [name for name, at in box.due.items() if at <= now]:
            pulled = await self._pull(box, conversation_id, wanted)
            if pulled.deliveries:
                return conversation_id, pulled
        return None

    async def _pull(self, box: Box, conversation_id: str, wanted: Wanted) -> Pulled:
        """Pull from one inbox; what arrives meanwhile notes itself again."""
        noted = box.due.pop(conversation_id, NOW)
        try:
            pulled = await self._objects.command(
                inbox_of(conversation_id, wanted.agent_id),
                "pull",
                Pulled,
                epoch=wanted.epoch,
                limit=wanted.limit,
                lease_ms=wanted.lease_ms,
            )
        except BaseException:
            box.note(conversation_id, noted)
            raise
        if pulled.next_ms:
            box.note(conversation_id, pulled.next_ms)
        return pulled

    def _box(self, agent_id: str) -> Box:
        return self._boxes.setdefault(agent_id, Box())
