"""The API table: rows to routes."""

from __future__ import annotations

from typing import Any

from aidevos_agents.spec.api import Called, Given, route_of
from aidevos_agents.spec.layout import Item, Layout
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import Route
from aidevos_agents.spec.reading import read
from aidevos_agents.spec.words import Sentence, Token
from aidevos_agents.spec.world import World

_DASHES = frozenset({"-", "–", "—"})


def read_routes(world: World, layout: Layout, lines: dict[str, int]) -> tuple[Route, ...] | None:
    """Return the routes of all rows, or None if there is no table."""
    if not layout.api_table:
        return None
    routes = []
    for item in layout.of("api"):
        if item.row is None or item.problems:
            continue
        route = _route(world, item, item.row)
        if route is not None:
            routes.append(route)
            key = f"route:{route.method} {route.path}"
            lines[key] = item.line
            item.understand(key)
    world.at = ""
    return tuple(routes)


def _route(world: World, item: Item, row: dict[str, Sentence]) -> Route | None:
    for column in ("action", "route"):
        if column not in row or not row[column].text:
            item.refuse(f"The column {column} is missing or empty.")
            return None
    called: Called | None = read(
        world, item, row["action"], "api_action", pages=True, wording=_called
    )
    if called is None:
        return None
    world.at = called.ref.thing
    world.called = world.find_action(called.ref.verb, called.ref.thing, (called.ref.kind,))
    takes = _cell(world, item, row.get("takes"), "api_takes", ())
    given = _cell(world, item, row.get("gives"), "api_gives", Given())
    if item.problems:
        return None
    try:
        return route_of(world, called, row["route"].text, takes, given)
    except Nonsense as nonsense:
        item.refuse(nonsense.sentence(), place=_place(row, nonsense))
        return None


def _cell(world: World, item: Item, cell: Sentence | None, start: str, empty: Any) -> Any:
    if cell is None or not cell.tokens or cell.text in _DASHES:
        return empty
    found = read(world, item, cell, start)
    if found is None:
        return empty
    return () if found == "api_takes" else found


def _place(row: dict[str, Sentence], nonsense: Nonsense) -> tuple[int, int] | None:
    cell = row["takes"] if isinstance(nonsense.at, Token) and "takes" in row else row["route"]
    return cell.source.place(nonsense.at.start if nonsense.at else 0)


def _called(called: Called) -> str:
    shown = f"what {called.page} shows" if called.page else f"all of {called.ref.thing}"
    return f"{called.ref.verb}: {shown}."
