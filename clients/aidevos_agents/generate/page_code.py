"""Queries of pages: what is on a page, searched, filtered, cut, and given to its template."""

from __future__ import annotations

from functools import partial

from aidevos_agents.generate.code import COMPARE, Code, joined
from aidevos_agents.generate.expressions import Expressions, Scope
from aidevos_agents.generate.functions import (
    content_name,
    filtered,
    guard_name,
    needed,
    sort_value,
)
from aidevos_agents.generate.layout import MEMBER, call, docstring, exploded, function_of, quoted
from aidevos_agents.generate.pages_plan import PagePlan, form_name, judged
from aidevos_agents.generate.plan import Plan
from aidevos_agents.generate.words import identifier, snake
from aidevos_agents.spec.model import AGE, Children, Field, Page, Sort, Thing

Lines = list[str]
wrapped = partial(call, margin=MEMBER)
TELLING = ("choice", "date", "time", "reference")
"""Kinds whose values say something without the field's name."""
GIVEN = ("base: str", "api: str", 'problem: str = ""')


class PageQueries:
    """Writes the methods of the pages' object."""

    def __init__(self, plan: Plan) -> None:
        """Write for the module of pages."""
        self._project = plan.project
        self._plan = plan
        self._writer = Expressions(plan.project)

    def query(self, plan: PagePlan) -> Lines:
        """Return the query of one page."""
        page = plan.page
        takes = (f'{identifier(name)}: str = ""' for name in plan.takes)
        parameters = ["self", "*", *GIVEN, *takes]
        head = exploded(f"def {plan.method}", parameters, " -> Json:")
        if len(parameters) > 8:
            head[0] += "  # noqa: PLR0913  (what the page's address may say)"
        body = self._list(plan) if page.kind == "list" else self._one(plan)
        return [
            "@aidevos.query" + self._project.line(f"page:{page.name}"),
            *head,
            *docstring(f"Show the page {page.name}", 4, MEMBER),
            *body,
        ]

    def _list(self, plan: PagePlan) -> Lines:
        page, thing = plan.page, self._project.thing(plan.page.thing)
        names = self._project.names
        found, shown = names.helper("found"), names.helper("shown")
        content = self._writer.qualified(thing, content_name(self._project, thing, page))
        size = str(page.page_size) if page.page_size else "None"
        number = "page" if page.page_size else '""'
        values = [
            *self._common(plan),
            *self._asked(plan),
            f"count={shown}.count",
            f"number={shown}.number",
            f"pages={shown}.pages",
            f"things=[one.as_json() for one in {shown}.items]",
            *self._may(page),
            *self._labels(plan),
        ]
        return [
            f"    {found} = {content}(self.group)",
            *self._searched(page, thing),
            *self._filtered(page, thing),
            f"    {shown} = listing.sliced({found}, {number}, {size})",
            *self._judged(page),
            *exploded("return html.page", [quoted(plan.template), *values], "", 4, MEMBER),
        ]

    def _asked(self, plan: PagePlan) -> list[str]:
        """Return the argument with what the address asked for."""
        names = [name for name in plan.takes if name != "page"]
        entries = ", ".join(f"{quoted(name)}: {identifier(name)}" for name in names)
        return [f"asked={{{entries}}}"] if names else []

    def _searched(self, page: Page, thing: Thing) -> Lines:
        if not page.searched:
            return []
        scope = Scope(self._project.names.thing(thing.name).variable, thing)
        fields = (self._project.field(thing, name) for name in page.searched)
        texts = [self._writer.value_of_field(field, scope).text for field in fields]
        found = self._project.names.helper("found")
        functions = (function_of(scope.variable, text) for text in texts)
        return wrapped(f"{found} = listing.searched", [found, "q", *functions], "", 4)

    def _filtered(self, page: Page, thing: Thing) -> Lines:
        lines: Lines = []
        found = self._project.names.helper("found")
        scope = Scope(self._project.names.thing(thing.name).variable, thing)
        for name in page.filtered:
            field = self._project.field(thing, name)
            value = self._writer.value_of_field(field, scope).text
            arguments = [
                found,
                self._writer.constant(thing, field),
                identifier(name),
                function_of(scope.variable, value),
            ]
            lines += wrapped(f"{found} = listing.filtered", arguments, "", 4)
        return lines

    def _one(self, plan: PagePlan) -> Lines:
        page, thing = plan.page, self._project.thing(plan.page.thing)
        names = self._project.names
        cls = self._writer.qualified(thing, names.thing(thing.name).cls)
        one = names.helper("one")
        values = [
            *self._common(plan),
            f"thing={one}.as_json()",
            *(
                f"{shown}=[one.as_json() for one in {shown}]"
                for shown in (children_name(self._project.thing(c.thing)) for c in page.children)
            ),
            *self._may(page),
            *self._labels(plan),
        ]
        return [
            f"    {one} = things.get_thing(self.group, {cls}, id)",
            *(line for children in page.children for line in self._children(thing, children)),
            *self._judged(page),
            *exploded("return html.page", [quoted(plan.template), *values], "", 4, MEMBER),
        ]

    def _judged(self, page: Page) -> Lines:
        """Return the statement that finds which things allow each offered action now."""
        offered = judged(self._project, page)
        if not offered:
            return []
        may = self._project.names.helper("may")
        lines = [f"    {may} = {{"]
        for action in offered:
            thing = self._project.thing(action.thing)
            guard = self._writer.qualified(thing, guard_name(self._project, thing, action))
            key = quoted(form_name(self._project, action))
            arguments = [guard, self._on_page(page, thing)]
            lines += wrapped(f"{key}: things.ids_where", arguments, ",", 8)
        return [*lines, "    }"]

    def _on_page(self, page: Page, thing: Thing) -> str:
        """Return the things of one kind that the page shows."""
        names = self._project.names
        if page.kind == "list":
            return f"{names.helper('shown')}.items"
        found = [names.helper("one")] if page.thing == thing.name else []
        children = [child for child in page.children if child.thing == thing.name]
        found += [f"*{children_name(thing)}" for _ in children]
        return f"[{', '.join(found)}]" if found != [f"*{children_name(thing)}"] else found[0][1:]

    def _may(self, page: Page) -> list[str]:
        may = self._project.names.helper("may")
        return [f"may={may}"] if judged(self._project, page) else []

    def _children(self, parent: Thing, children: Children) -> Lines:
        """Return the statements that find the children of the one thing, in their order."""
        child = self._project.thing(children.thing)
        names = self._project.names
        variable = names.thing(child.name).variable
        cls = self._writer.qualified(child, names.thing(child.name).cls)
        tests = [
            Code(text=f"{variable}.state.{identifier(name)} == id", strength=COMPARE)
            for name in self._project.tie_fields(child, parent)
        ]
        shown = children_name(child)
        where = joined(tests, "or")
        lines = filtered(variable, f"self.group.all({cls})", where, f"{shown} =", MEMBER)
        keys = [self._key(sort, child, variable) for sort in needed(children.sort)]
        if keys:
            lines += wrapped(f"{shown} = listing.ordered", [shown, *keys], "", 4)
        return lines

    def _key(self, sort: Sort, thing: Thing, variable: str) -> str:
        tail = ", descending=True" if sort.descending else ""
        if sort.field == AGE:
            return f"listing.By(None{tail})"
        field = self._project.field(thing, sort.field)
        code = self._writer.value_of_field(field, Scope(variable, thing))
        return f"listing.By({function_of(variable, sort_value(field, code))}{tail})"

    def _common(self, plan: PagePlan) -> list[str]:
        return ["base=base", "api=api", "problem=problem", f"here={quoted(plan.slug)}"]

    def _labels(self, plan: PagePlan) -> list[str]:
        """Return names of the things that the page refers to or lets one choose, by id."""
        found = []
        for thing in labelled(self._plan, plan.page):
            names = self._project.names.thing(thing.name)
            label = label_field(thing)
            arguments = ["self.group", self._writer.qualified(thing, names.cls)]
            if label is not None:
                arguments.append(quoted(identifier(label.name)))
            found.append(f"{labels_name(thing)}=things.labels({', '.join(arguments)})")
        return found


def labelled(plan: Plan, page: Page) -> list[Thing]:
    """Return the things that a page refers to, or lets one choose, in the spec's order."""
    project = plan.project
    shown = [page.thing, *(children.thing for children in page.children)]
    wanted = {f.of for name in shown for f in project.fields(project.thing(name)) if f.of}
    for offer in page.offers:
        thing = project.thing(offer.action.thing)
        takes = plan.method(offer.action).takes
        wanted |= {project.field(thing, take.field).of for take in takes}
    return [thing for thing in project.app.things if thing.name in wanted]


def label_field(thing: Thing) -> Field | None:
    """Return the field that people know a thing by: its first text."""
    texts = (f for f in thing.fields if f.kind == "text" and f.source == "given")
    return next(texts, None)


def heading_fields(thing: Thing) -> list[Field]:
    """Return the fields that head a thing: the one people know it by, else its first that tell."""
    label = label_field(thing)
    if label is not None:
        return [label]
    return [f for f in thing.fields if f.kind in TELLING and f.source == "given"][:2]


def labels_name(thing: Thing) -> str:
    """Return the template's name for the labels of a thing's kind."""
    return f"{snake(thing.name)}_labels"


def children_name(thing: Thing) -> str:
    """Return the template's name for children."""
    return f"{snake(thing.plural)}_shown"
