"""Calls of system objects through the host's port, as the principal `system`.

The objects recognise repeats by their own ids, for ever; the host's record of each call needs to
outlast only the retries made here.
"""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from aidevos.core import codec
from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import AidevosError, NotFoundError, UnavailableError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Scalar
from aidevos.doors.port import ListQuery, ObjectPage, ObjectPort, ObjectView, StoredEvent
from aidevos.system.names import TENANT
from aidevos_controlplane.clock import Clock

T = TypeVar("T")

PRINCIPAL = "system"
TRIES = 6
PAUSE_MS = 25
"""Before the second try; doubled by each one more."""
REMEMBERED_MS = 30_000
"""Far above all tries; the host keeps a record of each call for as long."""
PAGE = 1_000

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""Trace context of the request that is being served."""


class Objects:
    """The system's objects, for servicers."""

    def __init__(self, port: ObjectPort, clock: Clock) -> None:
        """Bind to a host."""
        self._port = port
        self._clock = clock

    async def command(
        self, object: ObjectId, method: str, returns: type[T], **arguments: object
    ) -> T:
        """Run a command, again while the outcome is unknown; raises its refusal.

        Cancel: unknown whether applied.
        """
        id = CallId(uuid4().hex, self._clock.now_ms() + REMEMBERED_MS)
        return msgspec.json.decode(await self._ask(object, method, id, arguments), type=returns)

    async def query(
        self, object: ObjectId, method: str, returns: type[T], **arguments: object
    ) -> T:
        """Run a query; raises its refusal."""
        return msgspec.json.decode(await self._ask(object, method, None, arguments), type=returns)

    async def state(self, object: ObjectId, kind: type[T]) -> T | None:
        """Return the committed state, or None if the object is not there."""
        try:
            view = await self.view(object)
        except NotFoundError:
            return None
        return msgspec.json.decode(view.state, type=kind)

    async def view(self, object: ObjectId) -> ObjectView:
        """Return the committed state with its version. Raises NotFoundError."""
        return await self._port.get_object(object, PRINCIPAL)

    async def exists(self, object: ObjectId) -> bool:
        """Whether the object is there."""
        try:
            await self.view(object)
        except NotFoundError:
            return False
        return True

    async def page(
        self,
        type_name: str,
        page_size: int,
        page_token: str,
        prefix: str = "",
        **where: Scalar,
    ) -> ObjectPage:
        """Return one page of objects, by key."""
        query = ListQuery(
            tenant=TENANT,
            principal=PRINCIPAL,
            type=type_name,
            key_prefix=prefix,
            where=where,
            page_size=min(page_size or 100, PAGE),
            page_token=page_token,
        )
        return await self._port.list_objects(query)

    async def all(self, type_name: str, prefix: str = "", **where: Scalar) -> list[ObjectView]:
        """Return all objects of a type with these index values, by key."""
        found: list[ObjectView] = []
        token = ""
        while True:
            query = ListQuery(
                tenant=TENANT,
                principal=PRINCIPAL,
                type=type_name,
                key_prefix=prefix,
                where=where,
                page_size=PAGE,
                page_token=token,
            )
            page = await self._port.list_objects(query)
            found += page.objects
            token = page.next_page_token
            if not token:
                return found

    async def events(self, object: ObjectId, after: int, limit: int) -> tuple[StoredEvent, ...]:
        """Return committed events, oldest first."""
        return await self._port.list_events(object, PRINCIPAL, after=after, limit=limit)

    def watch(self, object: ObjectId, after: int) -> AsyncIterator[StoredEvent]:
        """Yield committed events with sequence > `after`, then each new one."""
        return self._port.watch(object, PRINCIPAL, after=after)

    async def _ask(
        self, object: ObjectId, method: str, id: CallId | None, arguments: dict[str, Any]
    ) -> bytes:
        call = Call(
            object=object,
            method=method,
            payload=codec.to_json(arguments),
            principal=PRINCIPAL,
            id=id,
            traceparent=traceparent.get(),
        )
        answer = await self._invoke(call)
        if answer.error is not None:
            raise AidevosError.from_record(answer.error)
        return answer.payload

    async def _invoke(self, call: Call) -> Answer:
        """Invoke, and again with the same identity while it is unknown or not here."""
        for attempt in range(1, TRIES):
            try:
                return await self._port.invoke(call)
            except UnavailableError:
                await self._clock.sleep(PAUSE_MS << attempt)
        return await self._port.invoke(call)
