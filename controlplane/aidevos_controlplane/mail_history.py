"""Who knew what when: messages with their receipts, by conversation, agent and task."""

import asyncio
from dataclasses import dataclass

import msgspec

from aidevos.core.errors import InvalidArgumentError, NotFoundError
from aidevos.system.conversation import Accepted
from aidevos.system.message import AgentMessage
from aidevos.system.names import conversation_id_of, conversation_of, message_of
from aidevos_controlplane.calls import Objects

SCANNED_MAX = 1_000
"""Messages looked at for one page; a page with few hits is short and has a next one."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all must hold; empty ones hold always."""

    conversation_id: str
    agent_id: str
    task_id: str

    def takes(self, state: AgentMessage.State) -> bool:
        """Whether the message is asked for."""
        sent = state.sent
        if sent is None or self.task_id not in ("", sent.draft.task_id):
            return False
        return self.agent_id in ("", sent.draft.sender, *sent.recipients)


class Place(msgspec.Struct, array_like=True):
    """Where a page ended: the conversation (by creation), and the last seq looked at."""

    created_ms: int = 1 << 62
    conversation_id: str = ""
    seq: int = 0


class MailHistory:
    """Pages of messages."""

    def __init__(self, objects: Objects) -> None:
        """Bind to the system's objects."""
        self._objects = objects

    async def page(
        self, filter: Filter, size: int, token: str
    ) -> tuple[list[AgentMessage.State], str]:
        """Return one page and the token of the next, empty on the last."""
        place = _place_of(token)
        found: list[AgentMessage.State] = []
        scanned = 0
        for created_ms, conversation_id in await self._conversations(filter, place):
            after = place.seq if conversation_id == place.conversation_id else 0
            while states := await self._messages(conversation_id, after, size):
                for state in states:
                    after += 1
                    scanned += 1
                    found += [state] if filter.takes(state) else []
                    if len(found) >= size or scanned >= SCANNED_MAX:
                        return found, _token_of(Place(created_ms, conversation_id, after))
        return found, ""

    async def _conversations(self, filter: Filter, place: Place) -> list[tuple[int, str]]:
        """Return those still to be looked at: newest first, or the one that is asked for."""
        if filter.conversation_id:
            conversation_of(filter.conversation_id)
            return [(0, filter.conversation_id)]
        views = await self._objects.all("Conversation")
        listed = [(-view.created_ms, conversation_id_of(view.object)) for view in views]
        first = (-place.created_ms, place.conversation_id)
        return [(-order, name) for order, name in sorted(listed) if (order, name) >= first]

    async def _messages(
        self, conversation_id: str, after: int, limit: int
    ) -> list[AgentMessage.State]:
        try:
            events = await self._objects.events(conversation_of(conversation_id), after, limit)
        except NotFoundError:
            return []
        accepted = [msgspec.json.decode(event.body, type=Accepted) for event in events]
        reads = (self.read(conversation_id, event.message_id) for event in accepted)
        return list(await asyncio.gather(*reads))

    async def read(self, conversation_id: str, message_id: str) -> AgentMessage.State:
        """Return one stored message. Raises NotFoundError."""
        object = message_of(conversation_id, message_id)
        state = await self._objects.state(object, AgentMessage.State)
        if state is None:
            raise NotFoundError(f"{object} is not there", field="message_id")
        return state


def _token_of(place: Place) -> str:
    return msgspec.json.encode(place).hex()


def _place_of(token: str) -> Place:
    try:
        return msgspec.json.decode(bytes.fromhex(token), type=Place) if token else Place()
    except (ValueError, msgspec.MsgspecError):
        raise InvalidArgumentError(
            "page_token is not one that a list gave", field="page_token"
        ) from None
