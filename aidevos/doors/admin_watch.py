"""Watches one object over server-sent events: each committed event as it comes.

The event's id is its sequence, so a browser that connects again goes on where it was.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec

from aidevos.core.errors import AidevosError, UnavailableError
from aidevos.doors.admin_objects import event_json, object_of, whole_number
from aidevos.doors.http_message import Reply, Request
from aidevos.doors.port import ObjectPort, StoredEvent
from aidevos.doors.streams import until

EVENT_STREAM = "text/event-stream"


async def watch(
    port: ObjectPort, request: Request, principal: str, stopping: asyncio.Event
) -> Reply:
    """Return the stream: GET /v1/objects/{type}/{key}/watch. Refusals come before it begins."""
    resumed = request.headers.get("last-event-id") or request.value("after")
    after = whole_number(resumed, "after", 0)
    object = object_of(request)
    await port.list_events(object, principal, after=after, limit=1)  # May it be read at all?
    events = until(stopping, port.watch(object, principal, after=after))
    headers = (("cache-control", "no-store"), ("x-accel-buffering", "no"))
    return Reply(type=EVENT_STREAM, headers=headers, stream=_lines(events))


async def _lines(events: AsyncIterator[StoredEvent]) -> AsyncGenerator[bytes, None]:
    yield b": watching\n\n"
    try:
        async for event in events:
            body = msgspec.json.encode(event_json(event))
            yield b"id: %d\nevent: event\ndata: %b\n\n" % (event.sequence, body)
    except UnavailableError:
        return  # The server stops or the shard moves: the client connects again.
    except AidevosError as error:
        yield b"event: error\ndata: %b\n\n" % msgspec.json.encode(error.to_record())
