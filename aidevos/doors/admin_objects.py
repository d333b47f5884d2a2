"""Objects as HTTP/JSON: the methods of ObjectService under paths. `docs/http-api.md` lists them."""

import re
import time
import uuid
from datetime import UTC, datetime

import msgspec

from aidevos.core.call import Answer, Call, CallId
from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    InvalidArgumentError,
    VersionConflictError,
)
from aidevos.core.ids import ObjectId, object_id
from aidevos.core.turn import Scalar
from aidevos.doors.http_message import Reply, Request
from aidevos.doors.http_problem import raised
from aidevos.doors.port import ListQuery, ObjectPort, ObjectView, StoredEvent

TENANT = "default"
EVENTS_MAX = 1_000
WHERE = "where."
_ETAG = re.compile(r'"(\d{1,18})"')
_WHOLE = re.compile(r"\d{1,18}")


class ObjectJson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One object; `state` and `index` where there are any."""

    type: str
    key: str
    version: int
    created_at: datetime
    updated_at: datetime
    state: msgspec.Raw | None = None
    index: dict[str, Scalar] = {}


class EventJson(msgspec.Struct, frozen=True, kw_only=True):
    """One event."""

    sequence: int
    type: str
    type_version: int
    body: msgspec.Raw
    time: datetime
    principal: str
    method: str
    request_id: str


async def invoke(port: ObjectPort, request: Request, principal: str) -> Reply:
    """Run a method: POST /v1/objects/{type}/{key}/{method} with the arguments as the body."""
    call = Call(
        object=_object(request),
        method=request.segments[4],
        payload=request.body or b"{}",
        principal=principal,
        id=_call_id(request),
        expected_version=_expected(request),
        deadline_ms=_deadline(request),
        traceparent=request.headers.get("traceparent", ""),
    )
    try:
        answer = await port.invoke(call)
    except AlreadyExistsError as error:
        return raised(error, 422)  # The request_id came before with another payload.
    if answer.error is not None:
        return _refused(AidevosError.from_record(answer.error))
    return _answered(answer)


async def get(port: ObjectPort, request: Request, principal: str) -> Reply:
    """Return one object: GET /v1/objects/{type}/{key}, now or at `?version=`."""
    version = _number(request, "version", -1)
    view = await port.get_object(
        _object(request), principal, version=None if version < 0 else version
    )
    return _json(object_json(view), etag=view.version)


async def list_objects(port: ObjectPort, request: Request, principal: str) -> Reply:
    """Return one page of objects: GET /v1/objects."""
    page = await port.list_objects(
        ListQuery(
            tenant=request.value("tenant") or TENANT,
            principal=principal,
            type=request.value("type"),
            key_prefix=request.value("key_prefix"),
            where={
                name.removeprefix(WHERE): _scalar(value)
                for name, value in request.query
                if name.startswith(WHERE)
            },
            page_size=_number(request, "page_size", 100),
            page_token=request.value("page_token"),
        )
    )
    body = {
        "objects": [object_json(view) for view in page.objects],
        "next_page_token": page.next_page_token,
        "unreachable": page.unreachable,
    }
    return _json(body)


async def list_events(port: ObjectPort, request: Request, principal: str) -> Reply:
    """Return events, oldest first: GET /v1/objects/{type}/{key}/events."""
    limit = min(_number(request, "limit", 100), EVENTS_MAX)
    events = await port.list_events(
        _object(request), principal, after=_number(request, "after", 0), limit=limit
    )
    more = bool(events) and len(events) == limit
    body = {
        "events": [event_json(event) for event in events],
        "next_after": events[-1].sequence if more else None,
    }
    return _json(body)


def object_json(view: ObjectView) -> ObjectJson:
    """Return what is shown of an object."""
    return ObjectJson(
        type=view.object.type,
        key=view.object.key,
        version=view.version,
        created_at=_time(view.created_ms),
        updated_at=_time(view.updated_ms),
        state=msgspec.Raw(view.state) if view.state else None,
        index=view.index,
    )


def event_json(event: StoredEvent) -> EventJson:
    """Return what is shown of an event."""
    return EventJson(
        sequence=event.sequence,
        type=event.type,
        type_version=event.type_version,
        body=msgspec.Raw(event.body),
        time=_time(event.time_ms),
        principal=event.principal,
        method=event.method,
        request_id=event.request_id,
    )


def object_of(request: Request) -> ObjectId:
    """Return the object that a path names."""
    return _object(request)


def whole_number(value: str, name: str, default: int) -> int:
    """Return `value` as a whole number of at least 0, or `default` if it is empty."""
    if not value:
        return default
    if not _WHOLE.fullmatch(value):
        raise InvalidArgumentError(f"{name} must be a whole number of at least 0", field=name)
    return int(value)


# ---- inside -----------------------------------------------------------------------------------


def _object(request: Request) -> ObjectId:
    return object_id(request.value("tenant") or TENANT, request.segments[2], request.segments[3])


def _number(request: Request, name: str, default: int) -> int:
    return whole_number(request.value(name), name, default)


def _call_id(request: Request) -> CallId:
    """Return the caller's identity of the change, or a fresh one."""
    key = request.headers.get("idempotency-key") or uuid.uuid4().hex
    expires = whole_number(request.headers.get("expires-at-ms", ""), "expires-at-ms", -1)
    return CallId(session=key, expires_at_ms=None if expires < 0 else expires)


def _expected(request: Request) -> int | None:
    asked = request.headers.get("if-match", "*").strip()
    if asked == "*":
        return None
    found = _ETAG.fullmatch(asked)
    if found is None:
        raise InvalidArgumentError('If-Match takes a version in quotes: "3"', field="if-match")
    return int(found.group(1))


def _deadline(request: Request) -> int | None:
    timeout = whole_number(request.headers.get("timeout-ms", ""), "timeout-ms", -1)
    return None if timeout < 0 else time.monotonic_ns() // 1_000_000 + timeout


def _scalar(value: str) -> Scalar:
    """Return a value of `where.` as JSON where it is one, else as text."""
    try:
        read = msgspec.json.decode(value)
    except msgspec.MsgspecError:
        return value
    return read if isinstance(read, str | int | float | bool | None) else value


def _answered(answer: Answer) -> Reply:
    body = {
        "version": answer.version,
        "reply": msgspec.Raw(answer.payload),
        "repeated": answer.repeated,
    }
    return _json(body, etag=answer.version)


def _refused(error: AidevosError) -> Reply:
    return raised(error, 412 if isinstance(error, VersionConflictError) else None)


def _json(body: object, *, etag: int | None = None) -> Reply:
    headers = () if etag is None else (("etag", f'"{etag}"'),)
    return Reply(body=msgspec.json.encode(body), headers=headers)


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)
