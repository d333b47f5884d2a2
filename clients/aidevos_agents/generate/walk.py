"""Questions about expressions: which fields, arguments and other things they look at."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.generate.project import Project
from aidevos_agents.spec.expr import (
    Aggregate,
    Argument,
    Arithmetic,
    Compare,
    Expr,
    Logic,
    Now,
    Path,
)
from aidevos_agents.spec.model import Thing


def fields_in(expr: Expr | None) -> list[str]:
    """Return the fields of the thing at hand that are named, first mention first, each once."""
    paths = (node for node in _nodes(expr, inside=False) if isinstance(node, Path))
    return list(dict.fromkeys(path.names[0] for path in paths))


def arguments_in(expr: Expr | None) -> list[str]:
    """Return the names of the caller's arguments, each once."""
    found = (node.name for node in _nodes(expr, inside=True) if isinstance(node, Argument))
    return list(dict.fromkeys(found))


def things_in(expr: Expr | None, thing: Thing, project: Project) -> set[str]:
    """Return the other things that the value depends on; `*` if it depends on the time."""
    found: set[str] = set()
    for node in _nodes(expr, inside=False):
        if isinstance(node, Path):
            found |= _along(node.names, thing, project)
        elif isinstance(node, Now):
            found.add("*")
        elif isinstance(node, Aggregate):
            child = project.thing(node.thing)
            found.add(child.name)
            found |= things_in(node.of, child, project) | things_in(node.where, child, project)
    return found


def _along(names: tuple[str, ...], thing: Thing, project: Project) -> set[str]:
    if names == ("id",):
        return set()
    field = project.field(thing, names[0])
    found = things_in(field.derived, thing, project) if field.derived else set()
    if len(names) == 1:
        return found
    return {*found, field.of, *_along(names[1:], project.thing(field.of), project)}


def _nodes(expr: Expr | None, *, inside: bool) -> Iterator[Expr]:
    """Yield all nodes; those within sums over children only if `inside`."""
    if expr is None:
        return
    yield expr
    match expr:
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from _nodes(left, inside=inside)
            yield from _nodes(right, inside=inside)
        case Logic(terms=terms):
            for term in terms:
                yield from _nodes(term, inside=inside)
        case Aggregate(of=of, where=where) if inside:
            yield from _nodes(of, inside=inside)
            yield from _nodes(where, inside=inside)
