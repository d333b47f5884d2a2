"""Methods of actions and readings: check what is given, decide, emit, answer."""

from __future__ import annotations

from collections.abc import Set
from functools import partial

from aidevos_agents.generate.code import COMPARE, Code, joined
from aidevos_agents.generate.expressions import Expressions, Scope
from aidevos_agents.generate.functions import arguments_of, content_name, filtered, guard_name
from aidevos_agents.generate.kinds import constant
from aidevos_agents.generate.layout import MEMBER, call, docstring, exploded, quoted
from aidevos_agents.generate.plan import MethodPlan, Plan, said
from aidevos_agents.generate.project import can_be_null
from aidevos_agents.generate.rules import checks_after, checks_without
from aidevos_agents.generate.sentences import guard_sentence
from aidevos_agents.generate.walk import fields_in
from aidevos_agents.generate.words import identifier
from aidevos_agents.spec.model import Field, Take, Thing

Lines = list[str]
wrapped = partial(call, margin=MEMBER)


class Methods:
    """Writes methods for one class: a thing's, or the root's (`module` empty)."""

    def __init__(self, plan: Plan, module: str = "") -> None:
        """Write for the module of the thing called `module`, or for the root's."""
        self._plan = plan
        self._project = plan.project
        self._writer = Expressions(plan.project, module)

    def method(self, plan: MethodPlan) -> Lines:
        """Return one method with its decorator."""
        thing = self._project.thing(plan.action.thing)
        decorator = "@aidevos.query" if plan.is_query else "@aidevos.command"
        gives = plan.action.kind not in ("delete", "delete_all")
        return [
            decorator + self._project.action_line(plan.action),
            *self._signature(plan, "Json" if gives else "None"),
            *docstring(f"{said(plan, self._project)}".capitalize(), 4, MEMBER),
            *(self._bound(plan, thing) if plan.bound else self._body(plan, thing)),
        ]

    def _body(self, plan: MethodPlan, thing: Thing) -> Lines:
        match plan.action.kind:
            case "create":
                return self._create(plan, thing)
            case "change":
                return self._change(plan, thing)
            case "custom":
                return self._custom(plan, thing)
            case "delete":
                return self._delete(plan, thing)
            case "delete_all":
                return self._delete_all(plan, thing)
            case "list":
                return self._list(plan, thing)
            case _:
                return ["    return self.as_json()"]

    def _signature(self, plan: MethodPlan, returns: str) -> Lines:
        parameters = [f"{identifier(bind.placeholder)}: str" for bind in plan.bound]
        if plan.action.kind not in ("show", "delete", "delete_all"):
            parameters += [f"{identifier(take.field)}: Json = UNSET" for take in plan.takes]
        if not parameters:
            return [f"def {plan.name}(self) -> {returns}:"]
        noqa = "  # noqa: PLR0913  (the spec's own)" if len(parameters) > 6 else ""
        lines = exploded(f"def {plan.name}", ["self", "*", *parameters], f" -> {returns}:")
        lines[0] += noqa
        return lines

    # ---- what is given ---------------------------------------------------------------------

    def _checked(self, plan: MethodPlan, thing: Thing) -> Lines:
        """Return the statements that check all arguments."""
        if not plan.takes:
            return []
        checks = self._project.names.helper("checks")
        lines = [f"    {checks} = Checks(self.group)"]
        for take in plan.takes:
            field = self._project.field(thing, take.field)
            name = identifier(field.name)
            arguments = [self._writer.constant(thing, field), name]
            check = _check(plan, take, field)
            if check == "default":
                assert field.default is not None
                arguments.append(constant(field.default, field.kind))
            elif field.kind == "reference" and check != "filter":
                target = self._project.thing(field.of)
                arguments.append(
                    self._writer.qualified(target, self._project.names.thing(field.of).cls)
                )
            lines += wrapped(f"{name} = {checks}.{check}", arguments, "", 4)
        return [*lines, f"    {checks}.done()"]

    def _guarded(self, plan: MethodPlan, thing: Thing, variable: str, indent: int = 4) -> Lines:
        if plan.action.guard is None:
            return []
        name = self._writer.qualified(thing, guard_name(self._project, thing, plan.action))
        given = (f"values.given({identifier(a)})" for a in arguments_of(self._project, plan.action))
        message = guard_sentence(self._project, thing, plan.action)
        fields = [quoted(name) for name in fields_in(plan.action.guard)]
        test = f"{name}({', '.join((variable, *given))})"
        return wrapped("things.require", [test, quoted(message), *fields], "", indent)

    def _unique(
        self, plan: MethodPlan, thing: Thing, variable: str, computed: Set[str] = frozenset()
    ) -> Lines:
        """Return the check of unique fields; `computed` ones are not fitted to their fields yet."""
        touched = set(plan.event.fields) if plan.event else set()
        fields = [f for f in thing.fields if f.unique and f.name in touched]
        if not fields:
            return []
        given = {f.name: f"{'new_' * (f.name in computed)}{identifier(f.name)}" for f in fields}
        entries = ", ".join(f"{quoted(name)}: {text}" for name, text in given.items())
        arguments = [variable, f"{{{entries}}}"]
        folded = [quoted(f.name) for f in fields if f.ignoring_case]
        if folded:
            comma = "," if len(folded) == 1 else ""
            arguments.append(f"ignoring_case=({', '.join(folded)}{comma})")
        return wrapped("things.require_unique", arguments, "", 4)

    # ---- actions ---------------------------------------------------------------------------

    def _create(self, plan: MethodPlan, thing: Thing) -> Lines:
        names = self._project.names.thing(thing.name)
        assert plan.event is not None
        taken = {identifier(take.field) for take in plan.takes}
        made = names.variable if names.variable not in taken else f"new_{names.variable}"
        cls = self._writer.qualified(thing, names.cls)
        event = self._writer.qualified(thing, plan.event.name)
        arguments = self._event_arguments(plan, thing)
        return [
            *self._checked(plan, thing),
            *wrapped(f"{made} = self.group.create", [cls, "self.group.key(self.new_id())"], "", 4),
            *_emitted(made, event, arguments),
            *self._guarded(plan, thing, made),
            *self._unique(plan, thing, made),
            *checks_after(self._project, thing, made),
            f"    return {made}.as_json()",
        ]

    def _event_arguments(self, plan: MethodPlan, thing: Thing) -> list[str]:
        assert plan.event is not None
        set_here = {take.field for take in plan.takes} | {e.field for e in plan.action.effects}
        arguments = []
        for name in plan.event.fields:
            field = self._project.field(thing, name)
            if field.source == "given" and name not in set_here:
                continue  # The event's own default.
            value = "self.now" if field.source in ("created", "changed") else identifier(name)
            arguments.append(f"{identifier(name)}={value}")
        return arguments

    def _change(self, plan: MethodPlan, thing: Thing) -> Lines:
        assert plan.event is not None
        return [
            *self._checked(plan, thing),
            *self._guarded(plan, thing, "self"),
            *self._unique(plan, thing, "self"),
            *self._kept(plan, thing),
        ]

    def _kept(self, plan: MethodPlan, thing: Thing) -> Lines:
        """Return the statements that emit the event if it changes anything, and answer."""
        assert plan.event is not None
        event = self._project.names.helper("event")
        stamps = [f for f in plan.event.fields if self._project.field(thing, f).source == "changed"]
        differs = ", ".join(("self.state", event, *(quoted(identifier(stamp)) for stamp in stamps)))
        return [
            *exploded(f"{event} = {plan.event.name}", self._event_arguments(plan, thing), "", 4),
            f"    if fields.differs({differs}):",
            f"        self.emit({event})",
            *(f"    {line}" for line in checks_after(self._project, thing, "self")),
            "    return self.as_json()",
        ]

    def _custom(self, plan: MethodPlan, thing: Thing) -> Lines:
        return [
            *self._checked(plan, thing),
            *self._guarded(plan, thing, "self"),
            *self._effects(plan, thing),
            *self._kept(plan, thing),
        ]

    def _effects(self, plan: MethodPlan, thing: Thing) -> Lines:
        effects = plan.action.effects
        if not effects:
            return self._unique(plan, thing, "self")
        scope = self._after_takes(plan, thing)
        taken = {take.field for take in plan.takes}
        computed: Lines = []
        checked: Lines = []
        helper = self._project.names.helper("effects")
        for effect in effects:
            field = self._project.field(thing, effect.field)
            name = identifier(field.name)
            value = self._writer.value_for(field, effect.to, scope).text
            if field.unique or any(other.field in taken for other in effects):
                computed.append(f"    new_{name} = {value}")
                value = f"new_{name}"
            check = "value_or_none" if can_be_null(field) else "value"
            arguments = [self._writer.constant(thing, field), value]
            checked += wrapped(f"{name} = {helper}.{check}", arguments, "", 4)
        return [
            *computed,
            *self._unique(plan, thing, "self", {effect.field for effect in effects}),
            f"    {helper} = Effects(self.group)",
            *checked,
            f"    {helper}.done()",
        ]

    def _after_takes(self, plan: MethodPlan, thing: Thing) -> Scope:
        given, taken = {}, {}
        for take in plan.takes:
            field = self._project.field(thing, take.field)
            name = identifier(field.name)
            order = self._writer.constant(thing, field) if field.kind == "choice" else ""
            required = _check(plan, take, field) == "required"
            text = name if required else f"values.given({name})"
            given[field.name] = Code(text=text, kind=field.kind, absent=not required, order=order)
            text = name if required else f"fields.latest({name}, self.state.{name})"
            absent = not required and self._project.may_be_absent(thing, field)
            taken[field.name] = Code(text=text, kind=field.kind, absent=absent, order=order)
        return Scope("self", thing, given, taken)

    def _delete(self, plan: MethodPlan, thing: Thing) -> Lines:
        after = checks_without(self._project, thing, "group")
        lines = self._guarded(plan, thing, "self")
        if after:
            lines.append("    group = self.group  # A deleted thing has none.")
        if not self._project.is_tied(thing):
            return [*lines, "    self.delete()", *after]
        group = "group" if after else "self.group"
        return [*lines, f"    things.delete_things({group}, [self], ties.all_ties())", *after]

    def _delete_all(self, plan: MethodPlan, thing: Thing) -> Lines:
        names = self._project.names.thing(thing.name)
        cls = self._writer.qualified(thing, names.cls)
        return [
            *self._guarded_all(plan, thing, f"self.group.all({cls})"),
            *self._deleted(thing, f"self.group.all({cls})"),
        ]

    def _guarded_all(self, plan: MethodPlan, thing: Thing, source: str) -> Lines:
        if plan.action.guard is None:
            return []
        variable = self._project.names.thing(thing.name).variable
        return [
            f"    for {variable} in {source}:",
            *self._guarded(plan, thing, variable, 8),
        ]

    def _deleted(self, thing: Thing, source: str) -> Lines:
        ties = "ties.all_ties()" if self._project.is_tied(thing) else "()"
        return [
            *wrapped("things.delete_things", ["self.group", source, ties], "", 4),
            *checks_without(self._project, thing, "self.group"),
        ]

    # ---- readings --------------------------------------------------------------------------

    def _list(self, plan: MethodPlan, thing: Thing) -> Lines:
        names = self._project.names.thing(thing.name)
        found, one = self._project.names.helper("found"), names.variable
        lines = [*self._checked(plan, thing), f"    {found} = {self._source(plan, thing)}"]
        variable = one if one not in {identifier(t.field) for t in plan.takes} else f"one_{one}"
        for take in plan.takes:
            name = identifier(take.field)
            test = self._fits(self._project.field(thing, take.field), thing, variable, name)
            where = Code(text=test, strength=COMPARE)
            kept = filtered(variable, found, where, f"{found} =", 2 * MEMBER)
            lines += [f"    if {name} is not UNSET:", *(f"    {line}" for line in kept)]
        return [*lines, f"    return [{variable}.as_json() for {variable} in {found}]"]

    def _source(self, plan: MethodPlan, thing: Thing) -> str:
        names = self._project.names.thing(thing.name)
        if not plan.page:
            return f"self.group.all({self._writer.qualified(thing, names.cls)})"
        page = next(page for page in self._project.app.pages if page.name == plan.page)
        content = content_name(self._project, thing, page)
        return f"{self._writer.qualified(thing, content)}(self.group)"

    def _fits(self, field: Field, thing: Thing, variable: str, wanted: str) -> str:
        code = self._writer.value_of_field(field, Scope(variable, thing))
        if field.source == "address":
            return "False"
        if field.kind != "list":
            return f"{code.text} == {wanted}"
        return f"{wanted} in ({code.text} or ())" if code.absent else f"{wanted} in {code.text}"

    def _bound(self, plan: MethodPlan, thing: Thing) -> Lines:
        """Return the body of a method below a path that names other things."""
        lines: Lines = []
        for bind in plan.bound:
            field, given = self._project.field(thing, bind.field), identifier(bind.placeholder)
            if plan.on_thing:
                state = f"self.state.{identifier(bind.field)}"
                lines += [f"    things.require_belongs({state} == {given})"]
            elif field.kind == "reference":
                target = self._project.thing(field.of)
                cls = self._writer.qualified(target, self._project.names.thing(field.of).cls)
                lines += [f"    things.get_thing(self.group, {cls}, {given})"]
        if plan.action.kind == "delete_all":
            return [*lines, *self._delete_bound(plan, thing)]
        names = [identifier(take.field) for take in plan.takes]
        arguments = [f"{name}={name}" for name in names]
        if not plan.on_thing:
            passed = ((identifier(b.field), identifier(b.placeholder)) for b in plan.bound)
            arguments = [*(f"{field}={given}" for field, given in passed), *arguments]
        returns = "" if plan.action.kind == "delete" else "return "
        return [*lines, *wrapped(f"{returns}self.{plan.base}", arguments, "", 4)]

    def _delete_bound(self, plan: MethodPlan, thing: Thing) -> Lines:
        names = self._project.names.thing(thing.name)
        found = self._project.names.helper("found")
        bound = [identifier(bind.placeholder) for bind in plan.bound]
        one = names.variable if names.variable not in bound else f"one_{names.variable}"
        cls = self._writer.qualified(thing, names.cls)
        tests = [
            Code(
                text=f"{one}.state.{identifier(b.field)} == {identifier(b.placeholder)}",
                strength=COMPARE,
            )
            for b in plan.bound
        ]
        where = joined(tests, "and")
        kept = filtered(one, f"self.group.all({cls})", where, f"{found} =", MEMBER)
        return [
            *kept,
            *self._guarded_all(plan, thing, found),
            *self._deleted(thing, found),
        ]


def _check(plan: MethodPlan, take: Take, field: Field) -> str:
    """Return the method of Checks that reads an argument."""
    match plan.action.kind:
        case "list":
            return "filter"
        case "create" if field.required:
            return "required"
        case "create":
            return "optional" if field.default is None else "default"
        case "custom" if take.required:
            return "required"
    return "change_or_clear" if can_be_null(field) else "change"


def _emitted(variable: str, event: str, arguments: list[str]) -> Lines:
    if not arguments:
        return [f"    {variable}.emit({event}())"]
    return [
        f"    {variable}.emit(",
        *exploded(event, arguments, "", 8),
        "    )",
    ]
