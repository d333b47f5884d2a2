"""Random API tables: every action and reading has one route, some below a parent's."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.spec.defaults import collection
from aidevos_agents.spec.model import Action, ActionRef, App, Bind, Route, Thing, parent_field
from hypothesis import strategies as st

from aidevos_testing.app_fields import Draw

_METHODS = {"create": "POST", "change": "PATCH", "delete": "DELETE", "delete_all": "DELETE"}


def routes(draw: Draw, app: App) -> tuple[Route, ...]:
    """Return a table for the whole app."""
    prefix = draw(st.sampled_from(("", "/v1", "/my-api")))
    found: list[Route] = []
    for thing in app.things:
        path = f"{prefix}{collection(thing)}"
        found += _readings(draw, thing, path)
        for action in app.actions:
            if action.thing == thing.name:
                found.append(_route(draw, thing, action, path))
        found += _nested(thing, prefix, app) if draw(st.booleans()) else []
    for page in app.pages:
        if page.kind == "list" and draw(st.booleans()):
            ref = ActionRef("list", "list", page.thing)
            path = f"{prefix}/pages/{len(found)}"
            found.append(
                Route(method="GET", path=path, action=ref, status=200, gives="many", page=page.name)
            )
    return tuple(found)


def _readings(draw: Draw, thing: Thing, path: str) -> Iterator[Route]:
    verb = draw(st.sampled_from(("list", "browse")))
    simple = [one.name for one in thing.fields if one.kind in ("yes_no", "whole", "choice")]
    takes = tuple(
        draw(st.lists(st.sampled_from(simple), max_size=2, unique=True)) if simple else ()
    )
    every = ActionRef("list", verb, thing.name)
    one = ActionRef("show", draw(st.sampled_from(("show", "get"))), thing.name)
    yield Route(method="GET", path=path, action=every, takes=takes, status=200, gives="many")
    yield Route(method="GET", path=f"{path}/{{id}}", action=one, status=200, gives="one")


def _route(draw: Draw, thing: Thing, action: Action, path: str) -> Route:
    ref = ActionRef(action.kind, action.verb, action.thing)
    takes = tuple(take.field for take in action.takes)
    method = _METHODS.get(action.kind, "POST")
    if action.kind == "change":
        method = draw(st.sampled_from(("PATCH", "PUT")))
    gone = action.kind in ("delete", "delete_all")
    if action.kind not in ("create", "delete_all"):
        path += "/{id}"
    if action.kind == "custom":
        path += f"/{action.verb.replace(' ', '-')}"
    return Route(
        method=method,  # type: ignore[arg-type]
        path=path,
        action=ref,
        takes=takes,
        status=204 if gone else draw(st.sampled_from((200, 201))),
        gives="nothing" if gone else "one",
    )


def _nested(thing: Thing, prefix: str, app: App) -> Iterator[Route]:
    for parent in thing.parents[:1]:
        owner = next(one for one in app.things if one.name == parent.thing)
        name = parent_field(parent)
        path = f"{prefix}{collection(owner)}/{{{name}}}{collection(thing)}"
        ref = ActionRef("list", "list", thing.name)
        binds = (Bind(name, name),)
        yield Route(method="GET", path=path, action=ref, status=200, gives="many", binds=binds)
