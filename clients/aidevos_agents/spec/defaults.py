"""The routes of an app whose spec has no API table: REST on plurals (the docs name each)."""

from __future__ import annotations

from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    App,
    Bind,
    Parent,
    Route,
    Thing,
    all_fields,
    parent_field,
    thing_of,
)

LIST_NAMES = frozenset({"limit", "cursor"})
"""What every list may be asked for: no filter has these names."""
FILTERS = ("reference", "choice", "yes_no")
"""Kinds of fields that a list is filtered by; parents are references."""


def routes_of(app: App) -> tuple[Route, ...]:
    """Return the spec's routes, or the default ones of every action and reading."""
    if app.routes is not None:
        return app.routes
    readings = [route for thing in app.things for route in _readings(app, thing)]
    return (*readings, *(_route(action, thing_of(app, action.thing)) for action in app.actions))


def collection(thing: Thing) -> str:
    """Return the path of a thing's list: `/shopping-items`."""
    return "/" + thing.plural.replace(" ", "-")


def _readings(app: App, thing: Thing) -> list[Route]:
    path = collection(thing)
    one = ActionRef("show", "show", thing.name)
    show = Route(method="GET", path=f"{path}/{{id}}", action=one, status=200, gives="one")
    return [_list(thing, path), show, *(_below(app, thing, parent) for parent in thing.parents)]


def _list(thing: Thing, path: str, binds: tuple[Bind, ...] = ()) -> Route:
    bound = {bind.field for bind in binds}
    fields = [f for f in all_fields(thing) if f.kind in FILTERS and f.source == "given"]
    return Route(
        method="GET",
        path=path,
        action=ActionRef("list", "list", thing.name),
        takes=tuple(field.name for field in fields if field.name not in bound | LIST_NAMES),
        status=200,
        gives="many",
        binds=binds,
    )


def _below(app: App, thing: Thing, parent: Parent) -> Route:
    """Return the list of one parent's children: `/carts/{id}/lines`."""
    above = collection(thing_of(app, parent.thing))
    bind = Bind("id", parent_field(parent))
    return _list(thing, f"{above}/{{id}}{collection(thing)}", (bind,))


def _route(action: Action, thing: Thing) -> Route:
    ref = ActionRef(action.kind, action.verb, action.thing)
    path, takes = collection(thing), tuple(take.field for take in action.takes)
    one = f"{path}/{{id}}"
    match action.kind:
        case "create":
            return Route(method="POST", path=path, action=ref, takes=takes, status=201, gives="one")
        case "change":
            return Route(method="PATCH", path=one, action=ref, takes=takes, status=200, gives="one")
        case "delete":
            return Route(method="DELETE", path=one, action=ref, status=204, gives="nothing")
        case "delete_all":
            return Route(method="DELETE", path=path, action=ref, status=204, gives="nothing")
        case _:
            path = f"{one}/{action.verb.replace(' ', '-')}"
            return Route(method="POST", path=path, action=ref, takes=takes, status=200, gives="one")
