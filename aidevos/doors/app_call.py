"""One call of an app's method, whichever route, form or page asked for it."""

import hashlib
import uuid
from dataclasses import dataclass

import msgspec

from aidevos.core.call import REQUEST_ID_MAX, Answer, Call, CallId
from aidevos.core.errors import AidevosError, InvalidArgumentError, NotFoundError
from aidevos.core.ids import ObjectId, object_id
from aidevos.doors.app_manifest import AppManifest, Target
from aidevos.doors.app_values import Arguments
from aidevos.doors.port import ObjectPort

TENANT = "default"


class NoThingError(NotFoundError):
    """The thing that the caller named is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to call: `thing` is the thing's id for a target on a thing."""

    target: Target
    arguments: Arguments
    principal: str
    thing: str = ""
    key: str = ""
    """The caller's Idempotency-Key."""
    expected_version: int | None = None
    traceparent: str = ""


async def ask(port: ObjectPort, app: AppManifest, what: Ask) -> Answer:
    """Return the answer of one call; a thing that is not there raises NoThingError."""
    on_thing = what.target.on == "thing"
    call = Call(
        object=_object(app, what),
        method=what.target.method,
        payload=msgspec.json.encode(what.arguments),
        principal=what.principal,
        id=None if what.target.query else CallId(_session(app.name, what.key)),
        expected_version=what.expected_version,
        traceparent=what.traceparent,
        must_exist=on_thing,
    )
    answer = await port.invoke(call)
    if on_thing and answer.error is not None and _says_not_there(answer):
        raise _no_thing(what)
    return answer


def refused(answer: Answer) -> AidevosError:
    """Return the error in a refused answer."""
    assert answer.error is not None
    return AidevosError.from_record(answer.error)


def _object(app: AppManifest, what: Ask) -> ObjectId:
    if what.target.on == "root":
        return ObjectId(TENANT, what.target.type, app.root_key)
    try:
        return object_id(TENANT, what.target.type, app.key_prefix + what.thing)
    except InvalidArgumentError:
        raise _no_thing(what) from None


def _session(app: str, key: str) -> str:
    """Return the request_id: of the caller's key, apart from other apps' keys, or a fresh one."""
    if not key:
        return uuid.uuid4().hex
    named = f"{app}:{key}"
    if len(named) <= REQUEST_ID_MAX and named.isascii() and named.isprintable():
        return named
    return f"{app}:" + hashlib.blake2b(key.encode(), digest_size=24).hexdigest()


def _says_not_there(answer: Answer) -> bool:
    """Whether the host said it (of the object itself), not the method (of something else)."""
    error = answer.error
    assert error is not None
    return error.reason == "NOT_FOUND" and [v.field for v in error.violations] == ["key"]


def _no_thing(what: Ask) -> NoThingError:
    return NoThingError(f"there is no {what.target.type} with the id {what.thing!r}")
