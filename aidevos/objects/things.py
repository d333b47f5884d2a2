"""Things of one group: an object each, its id in the key; who refers to whom; what is unique.

An app that is made from a spec keeps its things so; see fields for what they are made of.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET

from aidevos.core.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    Violation,
)
from aidevos.objects.object import DurableObject, Group
from aidevos.objects.schema import python_name

T = TypeVar("T", bound=DurableObject)


def id_of(thing: DurableObject) -> str:
    """Return the id of a thing: its key without the group's tag."""
    return thing.ref.key.partition("}")[2]


def find_thing(group: Group, kind: type[T], id: str | None) -> T | None:
    """Return the thing, or None if it is not there or no thing can have this id."""
    if id is None:
        return None
    try:
        return group.find(kind, group.key(id))
    except InvalidArgumentError:
        return None


def get_thing(group: Group, kind: type[T], id: str) -> T:
    """Return the thing, or raise NotFoundError."""
    found = find_thing(group, kind, id)
    if found is None:
        raise NotFoundError(f"there is no {kind.__name__} with the id {id}")
    return found


def labels(group: Group, kind: type[DurableObject], field: str = "") -> dict[str, str]:
    """Return what people know all things of a kind by, by id: the text in a field, or the id."""
    found = {id_of(thing): thing for thing in group.all(kind)}
    return {id: (field and getattr(thing.state, field)) or id for id, thing in found.items()}


def ids_where(holds: Callable[[T], bool], found: Iterable[T]) -> set[str]:
    """Return the ids of those things of which it holds: what a page may offer."""
    return {id_of(thing) for thing in found if holds(thing)}


def require(holds: bool, message: str, *fields: str) -> None:
    """Refuse with FailedPreconditionError unless it `holds`; `fields` are those it looks at."""
    if not holds:
        raise FailedPreconditionError(
            message, violations=tuple(Violation(name, "STATE", message) for name in fields)
        )


def require_unique(
    thing: DurableObject, taken: Mapping[str, object], *, ignoring_case: Sequence[str] = ()
) -> None:
    """Refuse with AlreadyExistsError if another thing of the type has one of the values.

    Absent values (None, UNSET) never collide.
    """
    others = [other for other in thing.group.all(type(thing)) if other is not thing]
    names = [
        name
        for name, value in taken.items()
        if value is not None
        and value is not UNSET
        and any(
            _same(value, getattr(other.state, python_name(name)), name in ignoring_case)
            for other in others
        )
    ]
    if names:
        raise AlreadyExistsError(
            "; ".join(f"another one has this {name}" for name in names),
            violations=tuple(
                Violation(name, "NOT_UNIQUE", f"another one has this {name}") for name in names
            ),
        )


def _same(left: object, right: object, ignoring_case: bool) -> bool:
    if ignoring_case and isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return left == right


def require_rule(holds: bool, message: str, *fields: str) -> None:
    """Refuse with InvalidArgumentError unless the rule `holds` that looks at `fields`."""
    if not holds:
        raise InvalidArgumentError(
            message, violations=tuple(Violation(name, "RULE", message) for name in fields)
        )


def require_at_most(most: int, found: Sequence[object], name: str, message: str) -> None:
    """Refuse with FailedPreconditionError if more were found; `name` is the thing's."""
    if len(found) > most:
        raise FailedPreconditionError(message, violations=(Violation(name, "LIMIT", message),))


def require_belongs(belongs: bool) -> None:
    """Refuse with NotFoundError unless the thing belongs to what the path names."""
    if not belongs:
        raise NotFoundError("there is no such thing at this address")


def grouped(found: Iterable[T], field: str) -> list[list[T]]:
    """Return the things in groups of one value of the field; those without are in none."""
    groups: dict[object, list[T]] = {}
    for thing in found:
        value = getattr(thing.state, field)
        if value is not None:
            groups.setdefault(value, []).append(thing)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Tie:
    """Things of type `child` name one of type `parent` in the state's `field`."""

    child: type[DurableObject]
    field: str
    parent: type[DurableObject]
    name: str
    """The child's name as people say it."""
    refusal: str = ""
    """What is said if such a child keeps its parent from being deleted."""
    cascade: bool = False
    """Whether the child is deleted with its parent, or keeps it from being deleted."""


def delete_things(group: Group, things: Sequence[DurableObject], ties: Sequence[Tie]) -> None:
    """Delete things, and all that goes with them, or refuse with FailedPreconditionError IN_USE."""
    doomed: dict[DurableObject, None] = {}
    waiting = list(things)
    while waiting:
        thing = waiting.pop(0)
        if thing not in doomed:
            doomed[thing] = None
            waiting += _children(group, thing, [tie for tie in ties if tie.cascade])
    held: dict[str, str] = {}
    for tie in ties:
        if not tie.cascade and any(c not in doomed for c in _all_children(group, doomed, tie)):
            held.setdefault(tie.name, tie.refusal or f"a {tie.name} belongs to it")
    if held:
        raise FailedPreconditionError(
            "; ".join(held.values()),
            violations=tuple(Violation(name, "IN_USE", why) for name, why in held.items()),
        )
    for thing in reversed(doomed):
        thing.delete()


def _children(group: Group, parent: DurableObject, ties: Sequence[Tie]) -> list[DurableObject]:
    return [child for tie in ties for child in _all_children(group, (parent,), tie)]


def _all_children(group: Group, parents: Iterable[DurableObject], tie: Tie) -> list[DurableObject]:
    ids = {id_of(parent) for parent in parents if isinstance(parent, tie.parent)}
    if not ids:
        return []
    return [child for child in group.all(tie.child) if getattr(child.state, tie.field) in ids]
