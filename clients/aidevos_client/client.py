"""The asyncio client of one server: call, read, list, follow objects.

Calls go in frames of a session, which keeps their identity over retries and restarts. A call that
has an identity of its own (`request_id`), or does not fit into a frame, goes alone.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from uuid import uuid4

import msgspec

from aidevos.core.call import PAYLOAD_BYTES_MAX, Answer
from aidevos.core.errors import AidevosError, InvalidArgumentError
from aidevos.core.turn import Scalar
from aidevos.doors.grpc_scalars import time_to
from aidevos.doors.port import ObjectView, StoredEvent
from aidevos.objects.object import DurableObject
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1 import objects_pb2_grpc as rpc
from aidevos_client import wire
from aidevos_client.connection import TIMEOUT_S, Connection
from aidevos_client.framed import FramedCalls
from aidevos_client.handle import Handle
from aidevos_client.pending import PendingCall

T = TypeVar("T", bound=DurableObject)
REMEMBERED_S = 600.0
"""How long the server remembers a request_id without expires_at; retries must end before."""
FRAMED_NAME_MAX = 512
"""Longer names are refused by the server, and go alone so that they harm no frame."""
VERSION_MAX = (1 << 63) - 1
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """How one call is made."""

    request_id: str | None = None
    """An identity of your own, under which you can ask again later. Without one the call is
    numbered in the client's session: its retries are safe, but after a timeout it cannot be
    asked for again."""
    expires_at_ms: int | None = None
    """Unix ms until when the id is remembered: needed for a timeout of 10 minutes or more."""
    expected_version: int | None = None
    must_exist: bool = False
    timeout_s: float = TIMEOUT_S
    """Bound over all attempts."""

    def __post_init__(self) -> None:
        """Refuse retries that could outlive the memory of their id."""
        if not self.timeout_s >= 0:
            raise InvalidArgumentError("a timeout is 0 s or more", field="timeout_s")
        if self.timeout_s >= REMEMBERED_S and self.expires_at_ms is None:
            raise InvalidArgumentError(
                f"a timeout of {self.timeout_s} s needs expires_at_ms: without it the server "
                f"forgets the request_id after {REMEMBERED_S} s",
                field="expires_at_ms",
            )


class Client:
    """A client of one server. `async with`, or `close` at the end."""

    def __init__(self, address: str, token: str | None = None, *, tenant: str = "default") -> None:
        """Connect to `host:port` on first use. Raises InvalidArgumentError for another address."""
        self.connection = Connection(address, token)
        self._tenant = tenant
        self._stub = rpc.ObjectServiceStub(self.connection.channel)
        self._framed = FramedCalls(self.connection, tenant)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the sessions and the connection; a later call raises RuntimeError."""
        await self._framed.close()
        await self.connection.close()

    def handle(self, kind: type[T], key: str) -> Handle[T]:
        """Return a typed handle of one object."""
        return Handle(self, kind, key)

    async def invoke(
        self,
        address: tuple[str, str],
        method: str,
        arguments: Mapping[str, Any] | bytes = b"{}",
        options: CallOptions | None = None,
    ) -> Answer:
        """Run one command or query of the object `(type, key)`; `payload` is JSON.

        `arguments` are the method's by name, or the JSON text of them. Raises what the handler
        refused with, or what the platform says; see ObjectService.Invoke.
        """
        kind, key = address
        payload = arguments if isinstance(arguments, bytes) else _encode(arguments)
        if _goes_alone(kind, key, method, payload, options):
            return await self._invoke_alone((kind, key), method, payload, options or CallOptions())
        loop = asyncio.get_running_loop()
        timeout_s = TIMEOUT_S if options is None else options.timeout_s
        call = PendingCall(
            (kind, key), method, payload, loop.time() + timeout_s, loop.create_future()
        )
        if options is not None:
            call.bounded = timeout_s != TIMEOUT_S
            if options.expected_version is not None:
                call.expected_version = options.expected_version
        return await self._framed.submit(call)

    async def _invoke_alone(
        self, address: tuple[str, str], method: str, payload: bytes, chosen: CallOptions
    ) -> Answer:
        """Run one call by a request of its own, under its request_id or one that is made here."""
        request = pb.InvokeRequest(
            tenant=self._tenant,
            object_type=address[0],
            key=address[1],
            method=method,
            payload=payload,
            request_id=chosen.request_id or uuid4().hex,
            expected_version=chosen.expected_version,
            must_exist=chosen.must_exist,
        )
        if chosen.expires_at_ms is not None:
            request.expires_at.CopyFrom(time_to(chosen.expires_at_ms))
        try:
            response = await self.connection.call(self._stub.Invoke, request, chosen.timeout_s)
        except AidevosError as error:
            raise error.with_metadata(request_id=request.request_id) from None
        return wire.answer_from(response)

    async def get(self, type: str, key: str, *, version: int | None = None) -> ObjectView:
        """Return one object with its state, now or after `version` events."""
        request = pb.GetObjectRequest(
            tenant=self._tenant, object_type=type, key=key, version=version
        )
        response = await self.connection.call(self._stub.GetObject, request)
        return wire.view_from(response.object)

    async def list(
        self,
        type: str = "",
        *,
        key_prefix: str = "",
        where: Mapping[str, Scalar] | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[ObjectView]:
        """Yield objects in the order (type, key), without states, page after page."""
        request = pb.ListObjectsRequest(
            tenant=self._tenant,
            object_type=type,
            key_prefix=key_prefix,
            where=wire.scalars_to(where or {}),
            page_size=page_size,
        )
        while True:
            page = await self.connection.call(self._stub.ListObjects, request)
            for found in page.objects:
                yield wire.view_from(found)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def indexed(self) -> dict[str, frozenset[str]]:
        """Return the types that are served, each with the fields by which it is listed."""
        request = pb.ListTypesRequest(tenant=self._tenant)
        answer = await self.connection.call(self._stub.ListTypes, request)
        found: dict[str, frozenset[str]] = {}
        for info in answer.types:
            found[info.name] = found.get(info.name, frozenset()) | {*info.indexed_fields}
        return found

    async def events(self, type: str, key: str, *, after: int = 0) -> AsyncIterator[StoredEvent]:
        """Yield the committed events with sequence > `after`, oldest first."""
        request = pb.ListEventsRequest(
            tenant=self._tenant, object_type=type, key=key, after_sequence=after, page_size=1_000
        )
        while True:
            page = await self.connection.call(self._stub.ListEvents, request)
            for event in page.events:
                yield wire.event_from(event)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def watch(self, type: str, key: str, *, after: int = 0) -> AsyncIterator[StoredEvent]:
        """Yield committed events with sequence > `after`, then each new one, each once.

        Goes on where it was when the server went away and came back. Close to end.
        """
        request = pb.WatchObjectRequest(
            tenant=self._tenant, object_type=type, key=key, after_sequence=after
        )
        attempt = 0
        while True:
            attempt += 1
            try:
                async for found in self.connection.stream(self._stub.WatchObject, request):
                    attempt, request.after_sequence = 0, found.event.sequence
                    yield wire.event_from(found.event)
            except AidevosError as error:
                if not error.retryable or attempt > WATCH_ATTEMPTS:
                    raise
                await self.connection.pause(attempt, error)


WATCH_ATTEMPTS = 30
"""Attempts without one event after which a watch gives up: about a minute without a server."""


def _goes_alone(
    kind: str, key: str, method: str, payload: bytes, options: CallOptions | None
) -> bool:
    """Whether a call is sent by itself: it has an identity of its own, or fits into no frame."""
    if (
        len(payload) > PAYLOAD_BYTES_MAX
        or len(key) > FRAMED_NAME_MAX
        or len(kind) > FRAMED_NAME_MAX
        or len(method) > FRAMED_NAME_MAX
        or not (key.isascii() or _check_text(key))
        or not (kind.isascii() and method.isascii())
    ):
        return True
    if options is None:
        return False
    return (
        options.request_id is not None
        or options.expires_at_ms is not None
        or options.must_exist
        or not 0 <= (options.expected_version or 0) <= VERSION_MAX
    )


def _check_text(key: str) -> bool:
    """Return True for a key that UTF-8 can carry. Raises InvalidArgumentError."""
    try:
        key.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError("key: it holds half a character", field="key") from None
    return True
