"""The module of one thing: its fields, events, class, and the functions that look at it."""

from __future__ import annotations

from aidevos_agents.generate.expressions import Expressions, Scope
from aidevos_agents.generate.files import block, module
from aidevos_agents.generate.functions import Functions
from aidevos_agents.generate.kinds import (
    CLASSES,
    annotation,
    as_json,
    constructor,
    event_annotation,
    state_default,
)
from aidevos_agents.generate.layout import call, docstring, indented
from aidevos_agents.generate.methods import Methods
from aidevos_agents.generate.plan import EventPlan, Plan
from aidevos_agents.generate.words import identifier, with_article
from aidevos_agents.spec.model import Field, Thing

Lines = list[str]


class ThingModule:
    """Writes the module of one thing."""

    def __init__(self, plan: Plan, thing: Thing) -> None:
        """Write all but the helpers that other modules' expressions may still ask for."""
        self._plan = plan
        self._project = plan.project
        self._thing = thing
        self._functions = Functions(plan.project, thing)
        self._class = block(indented(self._members()))
        self._looks = [
            *self._functions.derived(),
            *self._functions.guards(),
            *self._functions.contents(),
        ]

    def file(self) -> bytes:
        """Return the module, once all other modules are written."""
        followed = [*self._functions.references(), *self._functions.children()]
        state = indented(self._state(), 8)
        events = (block(self._event(event)) for event in self._plan.events(self._thing))
        parts = {
            "constants": block(self._constants()),
            "events": "".join(f"{event}\n\n\n" for event in events),
            "state": block(("", *state, "") if state else ("",)),
            "members": self._class,
            "functions": "".join(f"\n\n{block(lines)}\n" for lines in (*self._looks, *followed)),
        }
        return module(
            "thing.py.j2",
            self._project,
            title=f"{with_article(self._thing.name).capitalize()}.",
            thing=with_article(self._thing.name),
            cls=self._project.names.thing(self._thing.name).cls,
            **parts,
        )

    def _constants(self) -> Lines:
        lines: Lines = []
        for field in self._project.fields(self._thing):
            if field.source == "address" and not self._project.is_filtered(self._thing, field):
                continue
            name = self._project.names.constant(self._thing, field)
            comment = self._project.line(f"field:{self._thing.name}.{field.name}")
            lines += call(f"{name} = fields.{CLASSES[field.kind]}", constructor(field), comment)
        return lines

    def _state(self) -> Lines:
        return [self._declared(field) for field in self._project.stored(self._thing)]

    def _declared(self, field: Field) -> str:
        absent = self._project.may_be_absent(self._thing, field)
        default = state_default(field, absent)
        return f"{identifier(field.name)}: {annotation(field, absent)} = {default}"

    def _event(self, event: EventPlan) -> Lines:
        lines = [f"class {event.name}(aidevos.Event):", *docstring(event.doc, 4), ""]
        for name in event.fields:
            field = self._project.field(self._thing, name)
            lines.append(f"    {self._declared(field) if event.begins else self._partly(field)}")
        return lines if event.fields else lines[:-1]

    def _partly(self, field: Field) -> str:
        absent = self._project.may_be_absent(self._thing, field)
        return f"{identifier(field.name)}: {event_annotation(field, absent)} = UNSET"

    def _members(self) -> Lines:
        writer = Methods(self._plan, self._thing.name)
        lines: Lines = []
        for method in self._plan.of(self._thing):
            lines += [*writer.method(method), ""]
        lines += self._as_json()
        for event in self._plan.events(self._thing):
            lines += [
                "",
                "@aidevos.apply",
                f"def {event.apply}(self, event: {event.name}) -> None:",
                "    fields.assign(self.state, event)",
            ]
        return lines

    def _as_json(self) -> Lines:
        writer = Expressions(self._project, self._thing.name)
        entries = ['"id": things.id_of(self)']
        for field in self._project.fields(self._thing):
            if field.source != "address":
                code = writer.value_of_field(field, Scope("self", self._thing))
                entries.append(f'"{field.name}": {as_json(field, code.text)}')
        return [
            "def as_json(self) -> Json:",
            f'    """Return {with_article(self._thing.name)} as the API shows it."""',
            "    return {",
            *(f"        {entry}," for entry in entries),
            "    }",
        ]
