"""Answers the rpcs of typed services: reads, calls the port, writes; decides nothing.

Refusals carry the same details as those of ObjectService.Invoke.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import (
    AidevosError,
    HandlerFailedError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    ServiceRemovedError,
)
from aidevos.core.ids import ObjectId
from aidevos.doors.app_paging import LIMIT_MAX, cut
from aidevos.doors.grpc_serving import Caller, Context, Identity, refusal, stream, unary
from aidevos.doors.port import ObjectPort
from aidevos.doors.streams import until
from aidevos.doors.typed.contract import Rpc
from aidevos.doors.typed.package import Package
from aidevos.doors.typed.reader import Asked, RequestReader
from aidevos.doors.typed.writer import ResponseWriter

WATCHER = "system"
"""Whose eye is on an object for a stream: it tells when to ask again, and the caller is asked for
anew each time; of the events nothing is shown."""

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Serving:
    """What every rpc needs of its door."""

    port: ObjectPort
    identity: Identity
    stopping: asyncio.Event


class TypedRpc:
    """One rpc of one version of a package."""

    def __init__(self, serving: Serving, package: Package, asked: Rpc, runs: Rpc) -> None:
        """`asked` is the rpc as its stubs know it, `runs` what it runs now."""
        self._serving = serving
        self._identity = serving.identity
        self._port = serving.port
        self._rpc = runs
        self._keys = package.keys
        self._links = package.links(asked)
        self._read = RequestReader(package.contract, package.pool, asked.request)
        self._write = ResponseWriter(package.contract, package.pool, asked.response)

    @unary
    async def answer(self, raw: bytes, context: Context) -> bytes:
        """Answer one call."""
        caller = self._identity.caller(context)
        asked = self._read(raw)
        call = self._call(asked, caller)
        return self._told(await self._invoke(call, asked), asked, call)

    @stream
    async def watch(self, raw: bytes, context: Context) -> AsyncIterator[bytes]:
        """Answer now, and again whenever a change of the object makes it another answer."""
        caller = self._identity.caller(context)
        asked = self._read(raw)
        call = self._call(asked, caller)
        answer = await self._invoke(call, asked)
        yield self._told(answer, asked, call)
        call = replace(call, deadline_ms=None)  # The stream's own; each question is a new one.
        changes = versions(self._port, call.object, answer.version)
        async for version in until(self._serving.stopping, changes):
            if version <= answer.version:
                continue  # Seen already.
            before, answer = answer, await self._invoke(call, asked)
            if answer.payload != before.payload:
                yield self._told(answer, asked, call)

    def _call(self, asked: Asked, caller: Caller) -> Call:
        rpc = self._rpc
        return Call(
            object=self._keys.object(rpc, asked.key),
            method=rpc.method,
            payload=asked.payload,
            principal=caller.principal,
            id=None if rpc.query else CallId(asked.request_id or uuid4().hex),
            expected_version=asked.expected_version,
            deadline_ms=caller.deadline_ms,
            traceparent=caller.traceparent,
            must_exist=rpc.on == "thing",
        )

    async def _invoke(self, call: Call, asked: Asked) -> Answer:
        try:
            answer = await self._port.invoke(call)
        except NotFoundError as error:
            raise self._not_there(error, asked) from error
        if answer.error is not None:
            raise self._not_there(refusal(answer.error), asked)
        return answer

    def _not_there(self, error: AidevosError, asked: Asked) -> AidevosError:
        """Name a thing that is not there as the caller does: by its id, not by its key."""
        said = [violation.field for violation in error.violations]
        if self._rpc.on != "thing" or error.reason != "NOT_FOUND" or said != ["key"]:
            return error
        return NotFoundError(f"there is no {self._rpc.type} with the id {asked.key!r}", field="id")

    def _told(self, answer: Answer, asked: Asked, call: Call) -> bytes:
        value, token = _decode(answer.payload), ""
        if self._rpc.paged and (asked.page_size is not None or asked.page_token):
            value, token = _page(value, asked)
        if self._links:
            value = self._with_links(value)
        return self._write(answer, value, call.id.session if call.id else "", token)

    def _with_links(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_links(thing) for thing in value]
        if not isinstance(value, dict):
            return value
        shown = dict(value)
        for name, pattern in self._links.items():
            parts = {part: value.get(part) for part in pattern.names}
            if None not in parts.values():
                filled = pattern.fill({part: str(found) for part, found in parts.items()})
                shown[name] = self._keys.base + filled
        return shown


async def versions(port: ObjectPort, object: ObjectId, after: int) -> AsyncIterator[int]:
    """Yield the versions of an object above `after`, and each new one, however slow the reader."""
    while True:
        before = after
        try:
            async for event in port.watch(object, WATCHER, after=after):
                after = event.sequence
                yield after
        except ResourceExhaustedError:
            if after == before:
                raise  # Not for being behind.


class Removed:
    """Answers for what was served once."""

    def __init__(self, sentence: str) -> None:
        """Say what is served instead."""
        self._sentence = sentence

    @unary
    async def answer(self, raw: bytes, context: Context) -> bytes:
        """Refuse."""
        raise ServiceRemovedError(self._sentence)

    @stream
    async def watch(self, raw: bytes, context: Context) -> AsyncIterator[bytes]:
        """Refuse."""
        raise ServiceRemovedError(self._sentence)
        yield b""


def _page(value: Any, asked: Asked) -> tuple[Any, str]:
    size = asked.page_size
    if size is not None and not 1 <= size <= LIMIT_MAX:
        raise InvalidArgumentError(
            f"page_size must be 1 to {LIMIT_MAX}, or left out for all", field="page_size"
        )
    if not isinstance(value, list):
        raise HandlerFailedError("the method gave no list of things")
    try:
        return cut(value, size, asked.page_token)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(
            "page_token is not one that a list gave", field="page_token"
        ) from error
