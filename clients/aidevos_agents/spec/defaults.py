"""The routes of an app whose spec has no API table: REST on plurals (the docs name each)."""

from __future__ import annotations

from aidevos_agents.spec.model import Action, ActionRef, App, Route, Thing, thing_of


def routes_of(app: App) -> tuple[Route, ...]:
    """Return the spec's routes, or the default ones of every action and reading."""
    if app.routes is not None:
        return app.routes
    readings = [route for thing in app.things for route in _readings(thing)]
    return (*readings, *(_route(action, thing_of(app, action.thing)) for action in app.actions))


def collection(thing: Thing) -> str:
    """Return the path of a thing's list: `/shopping-items`."""
    return "/" + thing.plural.replace(" ", "-")


def _readings(thing: Thing) -> tuple[Route, Route]:
    path = collection(thing)
    every = ActionRef("list", "list", thing.name)
    one = ActionRef("show", "show", thing.name)
    return (
        Route(method="GET", path=path, action=every, status=200, gives="many"),
        Route(method="GET", path=f"{path}/{{id}}", action=one, status=200, gives="one"),
    )


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
