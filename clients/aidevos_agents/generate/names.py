"""Every name that generated code uses, chosen once for an app, so that none is used twice.

Modules are plurals (`todos`), classes singulars (`Todo`), methods the author's words (`add_todo`).
Names of fields are never changed: whatever would hide or be hidden by one gives way.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable
from dataclasses import dataclass

from aidevos.objects import DurableObject
from aidevos_agents.generate.words import camel, identifier, snake
from aidevos_agents.spec.model import Action, ActionRef, App, Field, Thing, all_fields, thing_of

MODULES = ("aidevos", "fields", "html", "listing", "rules", "things", "ties", "values")
"""Modules that generated code calls by these names."""
LOCALS = ("checks", "effects", "event", "found", "group", "may", "one", "page", "shown", "some")
"""Local variables of generated methods."""
HELPERS = (*MODULES, *LOCALS)
IMPORTED = ("Checks", "Day", "Decimal", "Effects", "Json", "Moment", "Texts", "Unset")
"""Names that modules import as they are."""
OWN_FILES = ("app", "pages", "rules", "ties", "templates")


class Taken:
    """Hands out names, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Begin with those that nobody may have."""
        self._taken = set(taken)

    def name(self, wanted: str, *others: str) -> str:
        """Return the first of the wanted names that is free, else the last with a number."""
        for candidate in (wanted, *others):
            if candidate not in self._taken and not keyword.iskeyword(candidate):
                self._taken.add(candidate)
                return candidate
        last = (wanted, *others)[-1]
        number = 2
        while f"{last}_{number}" in self._taken:
            number += 1
        return self.name(f"{last}_{number}")


@dataclass(frozen=True, slots=True)
class ThingNames:
    """Names of one thing: its module, its class, and one instance of it."""

    module: str
    cls: str
    variable: str


class Names:
    """The names of one app."""

    def __init__(self, app: App) -> None:
        """Choose them all."""
        self.app = app
        plain = snake(app.name)
        self.package = f"{plain}_app"
        fields = {identifier(f.name) for thing in app.things for f in all_fields(thing)}
        self._helpers = {name: f"{name}_" if name in fields else name for name in HELPERS}
        used = {*fields, *HELPERS, *self._helpers.values(), *OWN_FILES}
        self._lower = Taken({*used, *dir(builtins), "self", "limit", "cursor"})
        self._classes = Taken(IMPORTED)
        self.root = self._classes.name(f"{camel(app.name)}App")
        self.pages = self._classes.name(f"{camel(app.name)}Pages")
        self._things = {thing.name: self._thing(thing) for thing in app.things}
        self._in_class: dict[str, Taken] = {}
        self._in_module: dict[str, Taken] = {}
        self._given: dict[tuple[str, ...], str] = {}

    def helper(self, name: str) -> str:
        """Return the name under which a helper module or local variable is known."""
        return self._helpers[name]

    def thing(self, name: str) -> ThingNames:
        """Return the names of the thing called `name`."""
        return self._things[name]

    def method(self, owner: str, *wanted: str) -> str:
        """Return a method name that is new in the class `owner`; wishes in order."""
        taken = self._in_class.setdefault(owner, Taken({*dir(DurableObject), "State", "as_json"}))
        return taken.name(*wanted)

    def page_method(self, page: str, wanted: str) -> str:
        """Return the name of a page's query, always the same one."""
        key = ("page method", page)
        if key not in self._given:
            self._given[key] = self.method(self.pages, wanted, f"{wanted}_page")
        return self._given[key]

    def function(self, thing: Thing, what: str, wanted: str) -> str:
        """Return the name of a function in the thing's module, the same one for the same `what`."""
        key = (thing.name, what, wanted)
        if key not in self._given:
            taken = self._in_module.setdefault(thing.name, self._module_names())
            self._given[key] = taken.name(wanted, f"{wanted}_")
        return self._given[key]

    def constant(self, thing: Thing, field: Field) -> str:
        """Return the name of the constant that describes the field, in the thing's module."""
        upper = field.name.upper()
        return f"{upper}_" if upper in {"UNSET", self.thing(thing.name).cls} else upper

    def _thing(self, thing: Thing) -> ThingNames:
        module = self._lower.name(snake(thing.plural), f"{snake(thing.plural)}_module")
        variable = snake(thing.name)
        reserved = {*HELPERS, *self._helpers.values(), *dir(builtins), module}
        while variable in reserved or keyword.iskeyword(variable):
            variable = f"{variable}_"
        return ThingNames(
            module, self._classes.name(camel(thing.name), f"{camel(thing.name)}Thing"), variable
        )

    def _module_names(self) -> Taken:
        used = {names.module for names in self._things.values()}
        used |= {names.variable for names in self._things.values()}
        return Taken({*used, *self._helpers.values(), *dir(builtins)})


def action_name(ref: Action | ActionRef, app: App) -> str:
    """Return the action's words without articles as an identifier: `delete_all_todos`."""
    thing = thing_of(app, ref.thing)
    match ref.kind:
        case "delete_all":
            return snake(f"{ref.verb} all {thing.plural}")
        case "list":
            return snake(f"{ref.verb} {thing.plural}")
        case _:
            return snake(f"{ref.verb} {thing.name}")
