"""Look-ups into an app model: fields by name, who refers to whom, the show route of a thing."""

from __future__ import annotations

from collections.abc import Iterator

from aidevos_agents.spec.defaults import routes_of
from aidevos_agents.spec.expr import Aggregate, Arithmetic, Compare, Expr, Literal, Logic, Path
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    Always,
    App,
    Field,
    Page,
    Route,
    Thing,
    all_fields,
    parent_field,
    thing_of,
)

STORED = ("given", "created", "changed")


class Catalog:
    """An app model with its look-ups; never changes."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.routes = routes_of(app)
        self.things = {thing.name: thing for thing in app.things}
        self.fields = {
            thing.name: {field.name: field for field in all_fields(thing)} for thing in app.things
        }
        self._actions = {(one.kind, one.verb, one.thing): one for one in app.actions}
        self._pages = {page.name: page for page in app.pages}

    def thing(self, name: str) -> Thing:
        """Return the thing called `name`."""
        return thing_of(self.app, name)

    def field(self, thing: str, name: str) -> Field:
        """Return the field, parents included; KeyError if there is none."""
        return self.fields[thing][name]

    def action(self, ref: ActionRef) -> Action | None:
        """Return the action named, None for a reading."""
        return self._actions.get((ref.kind, ref.verb, ref.thing))

    def page(self, name: str) -> Page:
        """Return the page of this name."""
        return self._pages[name]

    def show_route(self, thing: str) -> Route | None:
        """Return the first route that shows one such thing."""
        for route in self.routes:
            if route.action.kind == "show" and route.action.thing == thing:
                return route
        return None

    def parent_fields(self, child: str, of: str) -> list[str]:
        """Return the fields by which `child` belongs to `of`; if none, those that refer to it."""
        parents = [parent_field(one) for one in self.thing(child).parents if one.thing == of]
        return parents or [field.name for field in self.fields[child].values() if refers(field, of)]

    def referrers(self, thing: str) -> Iterator[tuple[Thing, Field, bool]]:
        """Yield (thing, field, cascades) of all references to `thing`, in the author's order."""
        for other in self.app.things:
            cascading = {parent_field(one) for one in other.parents if one.cascade}
            for field in self.fields[other.name].values():
                if refers(field, thing):
                    yield other, field, field.name in cascading

    def counted_in(self, thing: str, expression: Expr | None) -> set[str]:
        """Return the things that an expression counts or sums, computed fields followed."""
        found: set[str] = set()
        for one in parts_of(expression):
            if isinstance(one, Aggregate):
                found |= {one.thing, *self.counted_in(one.thing, one.of)}
            elif isinstance(one, Path) and len(one.names) == 1:
                found |= self.counted_in(thing, self.fields[thing][one.names[0]].derived)
        return found

    def is_local(self, rule: Always) -> bool:
        """Return whether a rule speaks of stored fields of the thing alone."""
        fields = self.fields[rule.thing]
        return all(
            len(one.names) == 1 and fields[one.names[0]].source in STORED
            if isinstance(one, Path)
            else not isinstance(one, Aggregate)
            for one in parts_of(rule.holds)
        )


def refers(field: Field, thing: str) -> bool:
    """Return whether the field holds references to such things."""
    return field.kind == "reference" and field.of == thing


def names_in(expression: Expr | None) -> tuple[str, ...]:
    """Return the fields that an expression names, first mention first, each once."""
    return tuple(
        dict.fromkeys(one.names[0] for one in parts_of(expression) if isinstance(one, Path))
    )


def literals_in(expression: Expr | None) -> list[Literal]:
    """Return the literals of an expression."""
    return [one for one in parts_of(expression) if isinstance(one, Literal)]


def parts_of(expression: Expr | None) -> Iterator[Expr]:
    """Yield an expression and what it is made of; an aggregate speaks of other things."""
    if expression is None:
        return
    yield expression
    match expression:
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from parts_of(left)
            yield from parts_of(right)
        case Logic(terms=terms):
            for term in terms:
                yield from parts_of(term)
        case _:
            pass
