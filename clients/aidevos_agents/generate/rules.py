"""The module of the app's rules, and who must check which after a change."""

from __future__ import annotations

from collections.abc import Callable

from aidevos_agents.generate.code import assigned
from aidevos_agents.generate.expressions import Expressions, Scope
from aidevos_agents.generate.functions import filtered, named
from aidevos_agents.generate.layout import call, docstring, quoted
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.sentences import always_sentence, at_most_sentence
from aidevos_agents.generate.walk import fields_in, things_in
from aidevos_agents.generate.words import identifier, snake, with_article
from aidevos_agents.spec.model import Always, AtMost, Rule, Thing

Lines = list[str]
Concerns = Callable[[Project, Rule, Thing], bool]


def depends_on(project: Project, rule: Rule) -> set[str]:
    """Return the things beside the rule's own whose changes can break it."""
    thing = project.thing(rule.thing)
    return things_in(rule.holds if isinstance(rule, Always) else rule.where, thing, project)


def _concerns(project: Project, rule: Rule, thing: Thing) -> bool:
    others = depends_on(project, rule)
    return rule.thing == thing.name or thing.name in others or "*" in others


def _concerns_going(project: Project, rule: Rule, thing: Thing) -> bool:
    """Whether deleting such a thing, or what goes with it, can break the rule."""
    others = depends_on(project, rule)
    return bool(others & {"*", *_going(project, thing)})


def _going(project: Project, thing: Thing) -> set[str]:
    found, waiting = set(), [thing.name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [c.name for c, _, p, cascade in project.ties() if cascade and p.name == name]
    return found


def checks_after(project: Project, thing: Thing, variable: str) -> Lines:
    """Return the statement that checks the rules after a change of a thing, if there are any."""
    if not any(_concerns(project, rule, thing) for rule in project.app.rules):
        return []
    module = project.names.helper("rules")
    return [f"    {module}.after_{snake(thing.name)}({variable}.group)"]


def checks_without(project: Project, thing: Thing, group: str) -> Lines:
    """Return the statement that checks the rules after a thing went, if there are any."""
    if not any(_concerns_going(project, rule, thing) for rule in project.app.rules):
        return []
    module = project.names.helper("rules")
    return [f"    {module}.without_{snake(thing.name)}({group})"]


class Rules:
    """Writes the module of rules."""

    def __init__(self, project: Project) -> None:
        """Write for the app of `project`."""
        self._project = project
        self._writer = Expressions(project)

    def functions(self) -> list[Lines]:
        """Return all functions: what each kind of change checks, then each rule."""
        found: list[Lines] = []
        for thing in self._project.app.things:
            found += self._after("after", "a change of", thing, _concerns)
            found += self._after("without", "deleting", thing, _concerns_going)
        numbers = range(len(self._project.app.rules))
        return [*found, *(function for number in numbers for function in self._rule(number))]

    def _after(self, prefix: str, words: str, thing: Thing, concerns: Concerns) -> list[Lines]:
        rules = self._project.app.rules
        numbers = [n for n, r in enumerate(rules) if concerns(self._project, r, thing)]
        numbers.sort(key=lambda number: isinstance(rules[number], AtMost))
        if not numbers:
            return []
        name = f"{prefix}_{snake(thing.name)}"
        return [
            [
                f"def {name}(group: aidevos.Group) -> None:",
                *docstring(f"Refuse if {words} {with_article(thing.name)} broke a rule", 4),
                *(f"    {rule_name(self._project, number)}(group)" for number in numbers),
            ]
        ]

    def _rule(self, number: int) -> list[Lines]:
        """Return the function of a rule, and one for its condition if that is long."""
        rule = self._project.app.rules[number]
        comment = self._project.line(f"rule:{number}")
        name = rule_name(self._project, number)
        head = f"def {name}(group: aidevos.Group) -> None:{comment}"
        if isinstance(rule, Always):
            return [[head, *self._always(rule)]]
        body, apart = self._at_most(rule, name)
        return [[head, *body], *apart]

    def _always(self, rule: Always) -> Lines:
        thing = self._project.thing(rule.thing)
        names = self._project.names.thing(thing.name)
        code = self._writer.rule(rule.holds, Scope(names.variable, thing))
        fields = fields_in(rule.holds)
        message = always_sentence(self._project, rule)
        return [
            *docstring(f"Refuse {with_article(thing.name)} of which this does not hold", 4),
            f"    for {names.variable} in group.all({names.module}.{names.cls}):",
            *assigned("holds", code, 8),
            *call("things.require_rule", ["holds", quoted(message), *map(quoted, fields)], "", 8),
        ]

    def _at_most(self, rule: AtMost, name: str) -> tuple[Lines, list[Lines]]:
        thing = self._project.thing(rule.thing)
        message = at_most_sentence(self._project, rule)
        lines = docstring(f"Refuse more {thing.plural} than there can be", 4)
        found, apart = self._found(rule, name)
        arguments = [str(rule.most), "found", quoted(thing.name), quoted(message)]
        if not rule.per:
            return [*lines, *found, *call("things.require_at_most", arguments, "", 4)], apart
        arguments[1] = "some"
        loop = f"    for some in things.grouped(found, {quoted(identifier(rule.per))}):"
        refusal = call("things.require_at_most", arguments, "", 8)
        return [*lines, *found, loop, *refusal], apart

    def _found(self, rule: AtMost, name: str) -> tuple[Lines, list[Lines]]:
        thing = self._project.thing(rule.thing)
        names = self._project.names.thing(thing.name)
        cls = f"{names.module}.{names.cls}"
        if rule.where is None:
            return [f"    found = group.all({cls})"], []
        where = self._writer.condition(rule.where, Scope(names.variable, thing))
        where, apart = named(where, f"counts_for_{name}", names.variable, cls)
        return filtered(names.variable, f"group.all({cls})", where, "found ="), apart


def rule_name(project: Project, number: int) -> str:
    """Return the name of a rule's function."""
    words = _words(project, number)
    before = [_words(project, other) for other in range(number)].count(words)
    return f"{snake(words)}_{before + 1}" if before else snake(words)


def _words(project: Project, number: int) -> str:
    rule = project.app.rules[number]
    if isinstance(rule, AtMost):
        return f"at most {rule.most} {project.thing(rule.thing).plural}"
    return f"every {rule.thing} {' '.join(fields_in(rule.holds)[:2])}"
