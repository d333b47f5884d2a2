"""What a worker says is data to judge: code of any kind ran in its process.

A result that does not fit its request fails the turn; the shard never sees it.
"""

import msgspec

from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import Changed, TurnRequest, TurnResult, TypeInfo

STATE_BYTES_MAX = 8 << 20
"""As objects.runner says; a worker that was tampered with might not keep to it."""


def complaint(request: TurnRequest, result: TurnResult, types: dict[str, TypeInfo]) -> str:
    """Return what is wrong with `result`, or nothing."""
    if result.outcome != "ok":
        return _about_error(result)
    if not _is_json(result.reply):
        return "the reply is not JSON"
    if not result.changes:
        return ""
    method = types[request.object.type].method(request.method)
    if method is None or method.kind != "command":
        return "a query changed something"
    if len({changed.object for changed in result.changes}) != len(result.changes):
        return "one object is changed twice"
    return next(filter(None, (_about(request.object, c, types) for c in result.changes)), "")


def _about_error(result: TurnResult) -> str:
    known = {AidevosError.reason, *AidevosError.by_reason}
    if result.error is None or result.error.reason not in known:
        return "an outcome without a known reason"
    return "a turn that was not ok changed something" if result.changes else ""


def _about(home: ObjectId, changed: Changed, types: dict[str, TypeInfo]) -> str:
    object = changed.object
    if object != home and object.group != home.group:
        return "an object of another group is changed"
    info = types.get(object.type)
    if info is None or changed.state_version != info.state_version:
        return "an object of another service is changed"
    if not changed.events or len(changed.state) > STATE_BYTES_MAX:
        return "a change without events, or with a state that is too large"
    if not changed.index.keys() <= set(info.indexed):
        return "an index of fields that are not indexed"
    bodies = (changed.state, *(event.body for event in changed.events))
    return "" if all(map(_is_json, bodies)) else "a state or an event that is not JSON"


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
