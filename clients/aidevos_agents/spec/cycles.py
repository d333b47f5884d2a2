"""Circles: things that belong to each other, fields that are computed from each other."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.model import App, Field, Thing, all_fields, thing_of

Place = tuple[str, str]
"""A thing's name and a field's."""


def parent_cycle(app: App, thing: Thing) -> list[str]:
    """Return the circle of things that `thing` belongs to, beginning and ending with it."""
    way, seen = [thing.name], {thing.name}
    names = [parent.thing for parent in thing.parents]
    while names:
        name = names.pop()
        if name == thing.name:
            return [*way, name]
        if name not in seen:
            seen.add(name)
            way.append(name)
            names += [parent.thing for parent in thing_of(app, name).parents]
    return []


def derived_cycle(app: App, thing: Thing, field: Field) -> bool:
    """Whether `field` is computed from itself, straight or round about."""
    start, seen = (thing.name, field.name), set[Place]()
    waiting = list(_uses(app, start))
    while waiting:
        place = waiting.pop()
        if place == start:
            return True
        if place not in seen:
            seen.add(place)
            waiting += _uses(app, place)
    return False


def _uses(app: App, place: Place) -> Iterator[Place]:
    thing = thing_of(app, place[0])
    for field in thing.fields:
        if field.name == place[1] and field.derived is not None:
            yield from _named(app, thing, field.derived)


def _named(app: App, thing: Thing, found: x.Expr) -> Iterator[Place]:
    """Yield every field that an expression reads."""
    match found:
        case x.Path():
            yield from _along(app, thing, found.names)
        case x.Compare() | x.Arithmetic():
            yield from _named(app, thing, found.left)
            yield from _named(app, thing, found.right)
        case x.Logic():
            for term in found.terms:
                yield from _named(app, thing, term)
        case x.Aggregate():
            child = thing_of(app, found.thing)
            for part in (found.of, found.where):
                if part is not None:
                    yield from _named(app, child, part)


def _along(app: App, thing: Thing, names: tuple[str, ...]) -> Iterator[Place]:
    for name in names:
        yield thing.name, name
        field = next((one for one in all_fields(thing) if one.name == name), None)
        if field is None or not field.of:
            return
        thing = thing_of(app, field.of)
