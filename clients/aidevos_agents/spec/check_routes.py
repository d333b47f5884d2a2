"""Checks of routes, pages and scenarios: addresses that clash, steps that no route can play."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aidevos_agents.spec.defaults import LIST_NAMES, routes_of
from aidevos_agents.spec.model import (
    ActionKind,
    App,
    Body,
    Count,
    Do,
    Has,
    Make,
    Route,
    all_fields,
    thing_of,
)

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_PAGE_NAMES = frozenset({"q", "page", "id"})
Found = tuple[str, str, str]


def route_problems(app: App) -> Iterator[Found]:
    """Yield what does not go together."""
    yield from _clashes(app)
    yield from _pages(app)
    for route in app.routes or ():
        taken = LIST_NAMES & set(route.takes)
        if route.action.kind == "list" and taken:
            name = min(taken)
            yield _key(route), f'"{name}" is a parameter of every list', "Leave it out."
        yield from _lacking(app, route)
    if app.routes is not None:
        yield from _unplayable(app)


def _lacking(app: App, route: Route) -> Iterator[Found]:
    """Yield what a row that makes a thing must take and does not."""
    if route.action.kind != "create":
        return
    had = {*route.takes, *(bind.field for bind in route.binds)}
    lacking = [
        field.name
        for field in all_fields(thing_of(app, route.action.thing))
        if field.required and field.default is None and field.source == "given"
        if field.name not in had
    ]
    if lacking:
        names, taken = ", ".join(lacking), ", ".join(route.takes) or "nothing"
        needs = f"to {route.action.verb} a {route.action.thing} one must give {names}"
        yield _key(route), f"{needs}; this row takes {taken}", f"Write under takes: {names}."


def slug(name: str) -> str:
    """Return a page's name as the last segment of its address."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _clashes(app: App) -> Iterator[Found]:
    seen: dict[tuple[str, str], Route] = {}
    for route in routes_of(app):
        shape = (route.method, _PLACEHOLDER.sub("{}", route.path))
        if shape not in seen:
            seen[shape] = route
            continue
        other, place = seen[shape].action, f"{route.method} {route.path}"
        what = f"{place} would be both {other.verb} and {route.action.verb}"
        if app.routes is None:
            words = f"action:{route.action.verb} {route.action.thing}"
            yield words, what, "Give each its own route in a table under ## API."
        else:
            yield _key(route), what, "Give each its own route."


def _pages(app: App) -> Iterator[Found]:
    seen = {"api": "the API"}
    for page in app.pages:
        key, place = f"page:{page.name}", slug(page.name)
        if not place:
            yield key, "the page's name has neither letter nor digit", "Choose another name."
        elif place in seen:
            what = f'"{page.name}" and {seen[place]} would have the same address'
            yield key, what, "Choose another name."
        seen[place] = f'"{page.name}"'
        taken = _PAGE_NAMES & set(page.filtered)
        if taken:
            yield key, f'"{min(taken)}" is a parameter of every page', "Filter by other fields."


def _unplayable(app: App) -> Iterator[Found]:
    """Yield scenarios that need a route which the table does not have."""
    had = {(route.action.kind, route.action.thing, route.action.verb) for route in app.routes or ()}
    kinds = {(kind, thing) for kind, thing, _ in had}
    for scenario in app.scenarios:
        for step in (*app.background, *scenario.steps):
            need = _need(step.body)
            if need is None or (need in had if need[2] else need[:2] in kinds):
                continue
            kind, thing, verb = need
            noun = thing_of(app, thing).plural if kind == "list" else f"a {thing}"
            what = f'the scenario "{scenario.name}" needs a route to {verb or kind} {noun}'
            yield f"scenario:{scenario.name}", what, "Add a row to the table under API."
            break


def _need(body: Body) -> tuple[ActionKind, str, str] | None:
    match body:
        case Make():
            return "create", body.thing, ""
        case Do():
            return body.action.kind, body.action.thing, body.action.verb
        case Has():
            return "show", body.thing, ""
        case Count(page=""):
            return "list", body.thing, ""
        case _:
            return None


def _key(route: Route) -> str:
    return f"route:{route.method} {route.path}"
