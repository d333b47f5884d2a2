"""What every door needs of a host: one interface, whichever way a call came in.

The host implements it; doors (gRPC, HTTP/JSON, apps) only translate. Policy and identity are
checked behind it, so no door can forget them.
"""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from aidevos.core.call import Answer, Call
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Scalar, TypeInfo


class ObjectView(msgspec.Struct, frozen=True, kw_only=True):
    """One object as a reader sees it. `state` is JSON (empty in lists unless asked for)."""

    object: ObjectId
    version: int
    created_ms: int
    updated_ms: int
    state: bytes = b""
    index: dict[str, Scalar] = {}


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects to list, in the order (type, key). `where` compares indexed fields."""

    tenant: str = "default"
    principal: str = "anonymous"
    type: str = ""
    key_prefix: str = ""
    where: dict[str, Scalar] = {}
    page_size: int = 100
    page_token: str = ""


class ObjectPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page; `next_page_token` is empty on the last; `unreachable` names silent shards."""

    objects: tuple[ObjectView, ...]
    next_page_token: str = ""
    unreachable: tuple[str, ...] = ()


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an object's history; `sequence` is 1-based. `body` is JSON."""

    sequence: int
    type: str
    type_version: int
    body: bytes
    time_ms: int
    principal: str
    method: str
    request_id: str


class ObjectPort(Protocol):
    """A host, or a router in front of many. Raises only AidevosError."""

    async def invoke(self, call: Call) -> Answer:
        """Run one command or query. The answer leaves only after what caused it is durable.

        A handler's refusal is an Answer with `error`; the platform's own refusals are raised.
        Cancel: unknown whether applied; ask again with the same id.
        """
        ...

    async def get_object(
        self, object: ObjectId, principal: str, *, version: int | None = None
    ) -> ObjectView:
        """Return the committed state after a barrier; NotFoundError if it is not there.

        `version` asks for the state after that many events (1..current), without an index.
        """
        ...

    async def list_objects(self, query: ListQuery) -> ObjectPage:
        """Return what was acknowledged before the question was asked. Wakes nothing."""
        ...

    async def list_events(
        self, object: ObjectId, principal: str, *, after: int = 0, limit: int = 100
    ) -> tuple[StoredEvent, ...]:
        """Return committed events with sequence > `after`, oldest first, at most `limit`."""
        ...

    def watch(
        self, object: ObjectId, principal: str, *, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Yield committed events with sequence > `after`, then each new one. Cancel to end."""
        ...

    def types(self, tenant: str) -> tuple[TypeInfo, ...]:
        """Return the exported schemas of all types that this tenant can call."""
        ...
