"""What all generated files of one app share: model, names, lines, and which helpers are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aidevos_agents.generate.names import Names
from aidevos_agents.spec.defaults import routes_of
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    App,
    Field,
    Route,
    Take,
    Thing,
    all_fields,
    parent_field,
    thing_of,
)

STORED = ("given", "created", "changed")


class Project:
    """One app on its way to code."""

    def __init__(self, app: App, lines: Mapping[str, int]) -> None:
        """Take the model and where each element was said."""
        self.app = app
        self.names = Names(app)
        self.routes = routes_of(app)
        self.used: set[tuple[str, str]] = set()
        """(thing, field) of references that some expression follows."""
        self.counted: set[tuple[str, str]] = set()
        """(parent, child) of things whose children some expression looks at."""
        self._lines = lines

    def line(self, element: str) -> str:
        """Return `  # line 12` for an element of the spec, empty if its place is not known."""
        line = self._lines.get(element)
        return f"  # line {line}" if line else ""

    def action_line(self, action: ActionRef | Action) -> str:
        """Return the comment of an action, or of the first route that names it."""
        said = self.line(f"action:{action.verb} {action.thing}")
        if said:
            return said
        routes = (route for route in self.routes if same(route.action, action))
        found = (self.line(f"route:{route.method} {route.path}") for route in routes)
        return next((line for line in found if line), "")

    def thing(self, name: str) -> Thing:
        """Return the thing called `name`."""
        return thing_of(self.app, name)

    def fields(self, thing: Thing) -> tuple[Field, ...]:
        """Return the fields, parents first."""
        return all_fields(thing)

    def field(self, thing: Thing, name: str) -> Field:
        """Return the field called `name`; KeyError if there is none."""
        for field in all_fields(thing):
            if field.name == name:
                return field
        raise KeyError(f"{thing.name}.{name}")

    def stored(self, thing: Thing) -> tuple[Field, ...]:
        """Return the fields that a state holds."""
        return tuple(field for field in all_fields(thing) if field.source in STORED)

    def actions(self, kind: str, thing: Thing) -> list[Action]:
        """Return the actions of a kind on a thing, in the author's order."""
        return [a for a in self.app.actions if a.kind == kind and a.thing == thing.name]

    def action(self, ref: ActionRef) -> Action:
        """Return the action, or a plain one for a reading."""
        found = (action for action in self.app.actions if same(action, ref))
        plain = Action(kind=ref.kind, verb=ref.verb, thing=ref.thing)
        return next(found, plain)

    def routes_to(self, ref: ActionRef | Action) -> list[Route]:
        """Return the routes that lead to an action."""
        return [route for route in self.routes if same(route.action, ref)]

    def takes(self, action: Action) -> list[Take]:
        """Return what the action's method takes, in the order of its first route."""
        said = {take.field: take for take in action.takes}
        routed = [n for route in self.routes_to(action) for n in (*route.takes, *_bound(route))]
        wanted = dict.fromkeys(routed or list(said))
        if action.kind == "custom":
            wanted |= dict.fromkeys(said)
        return [said.get(name, Take(field=name)) for name in wanted]

    def may_be_absent(self, thing: Thing, field: Field) -> bool:
        """Whether a state may hold None for the field."""
        if field.kind in ("time", "date") or field.source != "given":
            return True
        if field.default is not None:
            return False
        creates = self.actions("create", thing)
        return not field.required or any(
            all(take.field != field.name for take in self.takes(action)) for action in creates
        )

    def is_filtered(self, thing: Thing, field: Field) -> bool:
        """Whether a page or a list route is filtered by the field."""
        pages = (p.filtered for p in self.app.pages if p.thing == thing.name)
        routes = (r for r in self.routes if r.action.kind == "list")
        lists = (route.takes for route in routes if route.action.thing == thing.name)
        return any(field.name in names for names in (*pages, *lists))

    def ties(self) -> list[tuple[Thing, Field, Thing, bool]]:
        """Return (child, field, parent, cascade) of all references, in the spec's order."""
        found = []
        for child in self.app.things:
            cascading = {parent_field(parent) for parent in child.parents if parent.cascade}
            for field in all_fields(child):
                if field.kind == "reference":
                    cascade = field.name in cascading
                    found.append((child, field, self.thing(field.of), cascade))
        return found

    def is_tied(self, thing: Thing) -> bool:
        """Whether other things can refer to it."""
        return any(parent.name == thing.name for _, _, parent, _ in self.ties())

    def tie_fields(self, child: Thing, parent: Thing) -> list[str]:
        """Return the fields by which a child belongs to the parent, else refers to it."""
        parents = [parent_field(one) for one in child.parents if one.thing == parent.name]
        references = (
            f.name for f in all_fields(child) if f.kind == "reference" and f.of == parent.name
        )
        return parents or list(references)


def same(one: ActionRef | Action, other: ActionRef | Action) -> bool:
    """Whether both name the same action."""
    return (one.kind, one.verb, one.thing) == (other.kind, other.verb, other.thing)


def can_be_null(field: Field) -> bool:
    """Whether a caller may clear the field."""
    return not field.required and field.default is None


def _bound(route: Route) -> Iterable[str]:
    """Return the fields that a create or a list gets from its path."""
    kinds: Sequence[str] = ("create", "list", "delete_all")
    return [bind.field for bind in route.binds] if route.action.kind in kinds else []
