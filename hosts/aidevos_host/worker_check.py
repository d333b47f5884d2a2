"""What a worker says is data to judge: code of any kind ran in its process.

A result that cannot be of its turn fails it, and ends the worker: what it holds is not believed
any more. The shard never sees it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord, Scalar, TurnRequest, TurnResult, TypeInfo


class Kind(NamedTuple):
    """What the results of one method may be."""

    writes: bool
    indexed: frozenset[str]


UNKNOWN = Kind(False, frozenset())
"""Of a method that no type has: its turns are refused."""

_valid = msgspec.json.Decoder(msgspec.Raw).decode
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Judge:
    """Knows the types of one worker."""

    def __init__(self, types: Iterable[TypeInfo]) -> None:
        """Take them as the worker told them when it loaded."""
        self._indexed = {info.name: frozenset(info.indexed) for info in types}
        self._kinds = {
            (info.name, method.name): Kind(method.kind == "command", self._indexed[info.name])
            for info in types
            for method in info.methods
        }

    def kind(self, type_name: str, method: str) -> Kind:
        """Return what the results of a method may be."""
        return self._kinds.get((type_name, method), UNKNOWN)

    def complaint(self, request: TurnRequest, kind: Kind, result: TurnResult) -> str:
        """Return what is wrong with a result of any outcome, or nothing."""
        if any(_apart(request.object, object) for object in result.dropped):
            return "an object of another group is dropped"
        if result.outcome == "ok":
            return self._about_ok(request, kind, result)
        if result.changes:
            return "a turn that was not ok changed something"
        if result.outcome == "late":
            return "a deadline is the host's to know"
        known = {AidevosError.reason, *AidevosError.by_reason}
        if result.outcome != "lost" and (result.error is None or result.error.reason not in known):
            return "an outcome without a known reason"
        return ""

    def _about_ok(self, request: TurnRequest, kind: Kind, result: TurnResult) -> str:
        changes = result.changes
        if not changes:
            return complaint(kind, result.version, result.reply, (), {})
        if len({change.object for change in changes}) != len(changes):
            return "one object is changed twice"
        about = (self._about(request.object, kind, result, change) for change in changes)
        return next(filter(None, about), "")

    def _about(self, home: ObjectId, kind: Kind, result: TurnResult, change: ChangeRecord) -> str:
        if _apart(home, change.object):
            return "an object of another group is changed"
        indexed = self._indexed.get(change.object.type)
        if indexed is None:
            return "an object of another service is changed"
        last = change.first_seq + len(change.events) - 1
        if not change.events or change.first_seq < 1:
            return "a change without events"
        if change.object == home and last != result.version:
            return "it has more events than its version tells"
        return complaint(
            Kind(kind.writes, indexed), last, result.reply, change.events, change.index
        )


def complaint(
    kind: Kind,
    version: int,
    reply: bytes,
    events: Sequence[EventRecord],
    index: dict[str, Scalar],
) -> str:
    """Return what is wrong with a turn that is well and changed one object, or nothing."""
    try:
        _valid(reply)
        for event in events:
            _valid(event.body)
    except _NO_JSON:
        return "a reply or an event is not JSON"
    if len(events) > version:
        return "it has more events than its version tells"
    if events and not kind.writes:
        return "a query changed something"
    if index and not index.keys() <= kind.indexed:
        return "an index of fields that are not indexed"
    return ""


def _apart(home: ObjectId, object: ObjectId) -> bool:
    return object != home and object.group != home.group
