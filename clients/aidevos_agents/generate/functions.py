"""Functions beside a thing's class: derived values, guards, references, children, page contents."""

from __future__ import annotations

from collections.abc import Sequence

from aidevos_agents.generate.code import Code, joined, returning
from aidevos_agents.generate.expressions import Expressions, Scope
from aidevos_agents.generate.kinds import annotation
from aidevos_agents.generate.layout import WIDTH, call, docstring, function_of
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.walk import arguments_in
from aidevos_agents.generate.words import identifier, snake, with_article
from aidevos_agents.spec.model import AGE, Action, Field, Page, Sort, Thing

Lines = list[str]


class Functions:
    """Writes the functions of one thing's module."""

    def __init__(self, project: Project, thing: Thing) -> None:
        """Write for the module of `thing`."""
        self._project = project
        self._thing = thing
        self._writer = Expressions(project, thing.name)
        self._names = project.names.thing(thing.name)
        self._scope = Scope(self._names.variable, thing)

    def derived(self) -> list[Lines]:
        """Return a function for each derived field."""
        return [self._derived(f) for f in self._project.fields(self._thing) if f.derived]

    def guards(self) -> list[Lines]:
        """Return a function for each guard."""
        actions = [a for a in self._project.app.actions if a.thing == self._thing.name]
        return [self._guard(action) for action in actions if action.guard is not None]

    def references(self) -> list[Lines]:
        """Return a function for each reference that some expression follows."""
        return [
            self._reference(field)
            for field in self._project.fields(self._thing)
            if (self._thing.name, field.name) in self._project.used
        ]

    def children(self) -> list[Lines]:
        """Return a function for each kind of children that some expression looks at."""
        return [
            self._children(child)
            for child in self._project.app.things
            if (self._thing.name, child.name) in self._project.counted
        ]

    def contents(self) -> list[Lines]:
        """Return a function for each list page of the thing."""
        pages = self._project.app.pages
        mine = [p for p in pages if p.kind == "list" and p.thing == self._thing.name]
        return [function for page in mine for function in self._content(page)]

    def _head(self, name: str, parameters: Sequence[str], returns: str, comment: str) -> Lines:
        flat = f"def {name}({', '.join(parameters)}) -> {returns}:"
        if len(flat + comment) <= 100:
            return [flat + comment]
        return call(f"def {name}", parameters, f" -> {returns}:{comment}")

    def _derived(self, field: Field) -> Lines:
        assert field.derived is not None
        code = self._writer.fitted(field, self._writer.value_for(field, field.derived, self._scope))
        name = self._project.names.function(self._thing, f"field {field.name}", f"{field.name}_of")
        comment = self._project.line(f"field:{self._thing.name}.{field.name}")
        parameter = f"{self._names.variable}: {self._names.cls}"
        return [
            *self._head(name, [parameter], annotation(field, absent=True), comment),
            *docstring(f"Compute the {field.name} of {with_article(self._thing.name)}", 4),
            *returning(code),
        ]

    def _guard(self, action: Action) -> Lines:
        assert action.guard is not None
        arguments = arguments_of(self._project, action)
        given = {
            name: _given(self._project.field(self._thing, name), self._writer, self._thing)
            for name in arguments
        }
        scope = Scope(self._names.variable, self._thing, given)
        code = self._writer.condition(action.guard, scope)
        parameters = [f"{self._names.variable}: {self._names.cls}"]
        parameters += [f"{code.text}: object" for code in given.values()]
        name = guard_name(self._project, self._thing, action)
        return [
            *self._head(name, parameters, "bool", self._project.action_line(action)),
            *docstring(f"Whether one may {action.verb} this {self._thing.name} now", 4),
            *returning(code),
        ]

    def _reference(self, field: Field) -> Lines:
        target = self._project.names.thing(field.of)
        classname = self._writer.qualified(self._project.thing(field.of), target.cls)
        absent = self._project.may_be_absent(self._thing, field)
        find = "find_thing" if absent else "get_thing"
        variable = self._names.variable
        value = f"{variable}.state.{identifier(field.name)}"
        arguments = [f"{variable}.group", classname, value]
        name = self._project.names.function(self._thing, f"field {field.name}", f"{field.name}_of")
        returns = f"{classname} | None" if absent else classname
        return [
            *self._head(name, [f"{variable}: {self._names.cls}"], returns, ""),
            *docstring(f"Return the {field.name} of {with_article(self._thing.name)}", 4),
            *call(f"return things.{find}", arguments, "", 4),
        ]

    def _children(self, child: Thing) -> Lines:
        names = self._project.names.thing(child.name)
        classname = self._writer.qualified(child, names.cls)
        variable = self._names.variable
        inner = names.variable if names.variable != variable else f"other_{variable}"
        fields = self._project.tie_fields(child, self._thing)
        tests = [
            Code(text=f"{inner}.state.{identifier(f)} == things.id_of({variable})", strength=4)
            for f in fields
        ]
        name = self._project.names.function(
            self._thing, f"children {child.name}", f"{names.module}_of"
        )
        return [
            *self._head(name, [f"{variable}: {self._names.cls}"], f"list[{classname}]", ""),
            *docstring(
                f"Return the {child.plural} of {with_article(self._thing.name)}, oldest first", 4
            ),
            *filtered(inner, f"{variable}.group.all({classname})", joined(tests, "or")),
        ]

    def _content(self, page: Page) -> list[Lines]:
        """Return the function of a page, and one for its condition if that is long."""
        name = content_name(self._project, self._thing, page)
        cls = self._names.cls
        comment = self._project.line(f"page:{page.name}")
        lines = [
            *self._head(name, ["group: aidevos.Group"], f"list[{cls}]", comment),
            *docstring(f'Return what the page "{page.name}" shows, in its order', 4),
        ]
        keys = [self._key(sort) for sort in needed(page.sort)]
        source = f"group.all({cls})"
        if page.where is None:
            return [[*lines, *_sorted(source, keys)]]
        where = self._writer.condition(page.where, self._scope)
        test = self._project.names.function(self._thing, f"on {page.name}", f"is_on_{name}")
        where, apart = named(where, test, self._names.variable, cls)
        if not keys:
            return [[*lines, *filtered(self._names.variable, source, where)], *apart]
        found = filtered(self._names.variable, source, where, "found =")
        return [[*lines, *found, *_sorted("found", keys)], *apart]

    def _key(self, sort: Sort) -> str:
        tail = ", descending=True" if sort.descending else ""
        if sort.field == AGE:
            return f"listing.By(None{tail})"
        field = self._project.field(self._thing, sort.field)
        code = self._writer.value_of_field(field, self._scope)
        value = sort_value(field, code)
        return f"listing.By({function_of(self._names.variable, value)}{tail})"


def guard_name(project: Project, thing: Thing, action: Action) -> str:
    """Return the name of an action's guard."""
    verb = action.verb.replace(" ", "_").replace("-", "_")
    return project.names.function(thing, f"guard {action.kind} {action.verb}", f"may_{verb}")


def content_name(project: Project, thing: Thing, page: Page) -> str:
    """Return the name of the function that gives a page's things."""
    return project.names.function(thing, f"page {page.name}", snake(page.name))


def arguments_of(project: Project, action: Action) -> list[str]:
    """Return the names of what the guard looks at in the caller's arguments."""
    return arguments_in(action.guard)


def _given(field: Field, writer: Expressions, thing: Thing) -> Code:
    order = writer.constant(thing, field) if field.kind == "choice" else ""
    return Code(text=f"given_{field.name}", kind=field.kind, absent=True, order=order)


def sort_value(field: Field, code: Code) -> str:
    """Return what a list is sorted by: the position of a choice, text by its order."""
    if code.order:
        return f"{code.order}.order({code.text})"
    if field.kind in ("text", "link", "reference"):
        return f"fields.text_order({code.text})"
    return code.text


def needed(sort: tuple[Sort, ...]) -> list[Sort]:
    """Return the sort keys up to age, which decides; oldest first at the end is so anyway."""
    needed: list[Sort] = []
    for key in sort:
        if key.field == AGE and not key.descending:
            break
        needed.append(key)
        if key.field == AGE:
            break
    return needed


def filtered(
    variable: str, source: str, where: Code, head: str = "return", margin: int = 0
) -> Lines:
    """Return `head [...]` with those of `source` for which `where` holds."""
    width = WIDTH - margin
    whole = f"{variable} for {variable} in {source} if {where.text}"
    if len(flat := f"    {head} [{whole}]") <= width:
        return [flat]
    if len(inner := f"        {whole}") <= width:
        return [f"    {head} [", inner, "    ]"]
    parts = (variable, f"for {variable} in {source}", f"if {where.text}")
    return [f"    {head} [", *(f"        {part}" for part in parts), "    ]"]


def named(where: Code, name: str, variable: str, cls: str) -> tuple[Code, list[Lines]]:
    """Return the condition, or if it is too long for a line a call of a function that has it."""
    if len(where.text) <= WIDTH - len("        if "):
        return where, []
    function = [
        f"def {name}({variable}: {cls}) -> bool:",
        *docstring(f"Whether this {variable.replace('_', ' ').strip()} is one of them", 4),
        *returning(where),
    ]
    return Code(text=f"{name}({variable})"), [function]


def _sorted(source: str, keys: list[str]) -> Lines:
    if not keys:
        return [f"    return {source}"]
    return call("return listing.ordered", [source, *keys], "", 4)
