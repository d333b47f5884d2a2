"""The model's expressions as Python: typed, absent operands handled, exact numbers.

A condition (guard, filter, limit) holds only if it is true; a comparison of order with an absent
operand is false. A rule is broken only if it is surely false, so there an absent operand holds:
negations are pushed inwards, and each comparison left says so itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aidevos_agents.generate.code import (
    CHOICE,
    COMPARE,
    OR,
    PRODUCT,
    SUM,
    Code,
    called,
    joined,
    negated,
)
from aidevos_agents.generate.kinds import constant, decimal
from aidevos_agents.generate.layout import quoted
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.words import identifier
from aidevos_agents.spec.expr import (
    Aggregate,
    Argument,
    Arithmetic,
    Compare,
    Expr,
    Literal,
    Logic,
    Now,
    Path,
)
from aidevos_agents.spec.model import Field, Thing

SYMBOLS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
OPPOSITE = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
NUMBERS = ("whole", "number", "money")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: the variable that holds the thing, and what was given."""

    variable: str
    thing: Thing
    given: Mapping[str, Code] = field(default_factory=dict)
    taken: Mapping[str, Code] = field(default_factory=dict)
    """Fields of the thing that have a new value already, which its state does not."""


class Expressions:
    """Writes expressions for one module: that of a thing, or another."""

    def __init__(self, project: Project, module: str = "") -> None:
        """`module` is the name of the thing in whose module the code stands, if in one."""
        self._project = project
        self._module = module

    # ---- names -----------------------------------------------------------------------------

    def qualified(self, thing: Thing, name: str) -> str:
        """Return how a name of a thing's module is called from here."""
        own = thing.name == self._module
        return name if own else f"{self._project.names.thing(thing.name).module}.{name}"

    def function(self, thing: Thing, what: str, wanted: str) -> str:
        """Return how a function of a thing's module is called from here."""
        return self.qualified(thing, self._project.names.function(thing, what, wanted))

    def constant(self, thing: Thing, of: Field) -> str:
        """Return how the constant of a field is called from here."""
        return self.qualified(thing, self._project.names.constant(thing, of))

    # ---- conditions ------------------------------------------------------------------------

    def condition(self, expr: Expr, scope: Scope) -> Code:
        """Return code that is True exactly if the condition is true."""
        match expr:
            case Logic(op="not", terms=(term,)):
                return self._negated(term, scope)
            case Logic(op=op, terms=terms):
                return _logic(op, [self.condition(term, scope) for term in terms])
            case Compare():
                return self._compared(expr, scope)
        code = self.value(expr, scope)
        if code.absent:
            return Code(text=f"{code.inside(COMPARE)} is True", strength=COMPARE)
        return code

    def _negated(self, term: Expr, scope: Scope) -> Code:
        match term:
            case Logic(op="not", terms=(inner,)):
                return self.condition(inner, scope)
            case Compare(op=op, left=left, right=right) if op in ("eq", "ne"):
                return self._compared(Compare(OPPOSITE[op], left, right), scope)
        code = self.condition(term, scope)
        if code.text.endswith(" is True") and code.strength == COMPARE:
            return Code(text=f"{code.text[:-8]} is not True", strength=COMPARE)
        return negated(code)

    def rule(self, expr: Expr, scope: Scope, holds: bool = True) -> Code:
        """Return code that is False exactly if `expr` surely is not what `holds` says."""
        match expr:
            case Logic(op="not", terms=(term,)):
                return self.rule(term, scope, not holds)
            case Logic(op=op, terms=terms):
                turned = {"and": "or", "or": "and"}[op]
                return _logic(
                    op if holds else turned, [self.rule(term, scope, holds) for term in terms]
                )
            case Compare(op=op, left=left, right=right):
                said = expr if holds else Compare(OPPOSITE[op], left, right)
                return self._compared(said, scope, or_absent=True)
        code = self.value(expr, scope)
        if code.absent:
            return Code(text=f"{code.inside(COMPARE)} is not {not holds}", strength=COMPARE)
        return code if holds else negated(code)

    def _compared(self, expr: Compare, scope: Scope, *, or_absent: bool = False) -> Code:
        left, right, op = self.value(expr.left, scope), self.value(expr.right, scope), expr.op
        if left.literal is not None or left.kind == "null":
            left, right, op = right, left, TURNED[op]
        left, right = _alike(left, right), _alike(right, left)
        if op in ("eq", "ne"):
            return _equality(left, right, op, or_absent=or_absent)
        return _ordering(left, right, op, or_absent=or_absent)

    # ---- values ----------------------------------------------------------------------------

    def value(self, expr: Expr, scope: Scope) -> Code:
        """Return code that gives the value, None if it is absent."""
        match expr:
            case Literal():
                return _literal(expr)
            case Path(names=names):
                return self._path(names, scope)
            case Argument(name=name):
                return scope.given.get(name, Code(text="None", kind="null", absent=True))
            case Now():
                return Code(text=f"{scope.variable}.now", kind="time")
            case Arithmetic():
                return self._arithmetic(expr, scope)
            case Aggregate():
                return self._aggregate(expr, scope)
            case _:
                return self.condition(expr, scope)

    def _path(self, names: tuple[str, ...], scope: Scope) -> Code:
        thing = scope.thing
        if names == ("id",):
            return Code(text=f"things.id_of({scope.variable})", kind="reference")
        if names[0] in scope.taken and len(names) == 1:
            return scope.taken[names[0]]
        own = self._project.field(thing, names[0])
        return (
            self.value_of_field(own, scope)
            if len(names) == 1
            else self._beyond(own, names[1:], scope)
        )

    def value_of_field(self, own: Field, scope: Scope) -> Code:
        """Return the value of a field of the thing at hand; an address has none in here."""
        if own.source == "address":
            return Code(text="None", kind="null", absent=True)
        order = self.constant(scope.thing, own) if own.kind == "choice" else ""
        if own.source == "derived":
            if scope.taken and own.derived is not None:
                return self.fitted(own, self.value(own.derived, scope))
            name = self.function(scope.thing, f"field {own.name}", f"{own.name}_of")
            return Code(text=f"{name}({scope.variable})", kind=own.kind, absent=True, order=order)
        absent = self._project.may_be_absent(scope.thing, own)
        text = f"{scope.variable}.state.{identifier(own.name)}"
        return Code(text=text, kind=own.kind, absent=absent, order=order)

    def _beyond(self, own: Field, rest: tuple[str, ...], scope: Scope) -> Code:
        """Return a field of the thing that a reference leads to."""
        target = self._project.thing(own.of)
        if own.name in scope.taken:
            classname = self.qualified(target, self._project.names.thing(own.of).cls)
            id_code = scope.taken[own.name].text
            found = f"things.find_thing({scope.variable}.group, {classname}, {id_code})"
            absent = True
        else:
            self._project.used.add((scope.thing.name, own.name))
            name = self.function(scope.thing, f"field {own.name}", f"{own.name}_of")
            found = f"{name}({scope.variable})"
            absent = self._project.may_be_absent(scope.thing, own)
        if not absent:
            return self._path(rest, Scope(found, target))
        its = (
            f"its_{own.name}"
            if not scope.variable.startswith("its_")
            else f"{scope.variable}_{own.name}"
        )
        code = self._path(rest, Scope(its, target))
        text = f"{code.inside(OR)} if ({its} := {found}) is not None else None"
        parts = (code.inside(OR), f"if ({its} := {found}) is not None", "else None")
        return Code(
            text=text, kind=code.kind, absent=True, strength=CHOICE, order=code.order, parts=parts
        )

    def _arithmetic(self, expr: Arithmetic, scope: Scope) -> Code:
        left, right = self.value(expr.left, scope), self.value(expr.right, scope)
        left, right = _as_number(left), _as_number(right)
        names = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide"}
        whole = left.kind == right.kind == "whole"
        if expr.op == "div" or not whole or left.absent or right.absent:
            absent = left.absent or right.absent or expr.op == "div"
            function = f"values.{names[expr.op]}"
            return called(function, left, right.text, kind="number", absent=absent)
        strength = PRODUCT if expr.op == "mul" else SUM
        sign = {"add": "+", "sub": "-", "mul": "*"}[expr.op]
        text = f"{left.inside(strength)} {sign} {right.inside(strength + 1)}"
        return Code(text=text, kind="whole", strength=strength)

    def _aggregate(self, expr: Aggregate, scope: Scope) -> Code:
        child = self._project.thing(expr.thing)
        self._project.counted.add((scope.thing.name, child.name))
        name = self.function(
            scope.thing,
            f"children {child.name}",
            f"{self._project.names.thing(child.name).module}_of",
        )
        source = f"{name}({scope.variable})"
        inner = Scope(self._project.names.thing(child.name).variable, child)
        where = self.condition(expr.where, inner) if expr.where is not None else None
        loop = f"for {inner.variable} in {source}"
        if expr.of is None:
            if where is None:
                return Code(text=f"len({source})", kind="whole")
            return _generated("sum(", "1", loop, where, kind="whole")
        of = self.value(expr.of, inner)
        if expr.op == "count":
            return _counted(of, where, loop)
        return self._folded(expr, of, loop, where)

    def _folded(self, expr: Aggregate, of: Code, loop: str, where: Code | None) -> Code:
        if expr.op in ("min", "max"):
            function = "smallest" if expr.op == "min" else "largest"
            opening = f"values.{function}("
            if of.kind in ("text", "link", "choice"):
                opening = f"values.{function}_in({_order_function(of)}, "
            found = _generated(opening, of.inside(OR), loop, where, kind=of.kind, absent=True)
            return replace(found, order=of.order)
        function = "total" if expr.op == "sum" else "average"
        code = _generated(
            f"values.{function}(", of.inside(OR), loop, where,
            kind="number", absent=expr.op == "average",
        )  # fmt: skip
        if expr.decimals is None:
            return code
        return called("values.rounded", code, str(expr.decimals), kind="number", absent=True)

    def value_for(self, own: Field, expr: Expr, scope: Scope) -> Code:
        """Return a value that becomes the field's: literals and times as its kind has them."""
        return _alike(self.value(expr, scope), Code(text="", kind=own.kind))

    def fitted(self, own: Field, code: Code) -> Code:
        """Return a computed value rounded to what the field holds."""
        if own.kind not in NUMBERS or code.kind not in (*NUMBERS, "null"):
            return code
        if own.kind == "whole":
            if code.kind == "whole":
                return code
            return called("values.whole", code, kind="whole", absent=True)
        decimals = 2 if own.kind == "money" and own.decimals is None else own.decimals
        if decimals is None:
            return called("values.exact", code, kind=own.kind, absent=True)
        if code.text.startswith("values.rounded(") and code.text.endswith(f", {decimals})"):
            return code  # Rounded so already.
        return called("values.rounded", code, str(decimals), kind=own.kind, absent=True)


def _literal(expr: Literal) -> Code:
    value = expr.value
    if value is None:
        return Code(text="None", kind="null", absent=True)
    if isinstance(value, bool):
        return Code(text=str(value), kind="yes_no", literal=value)
    if isinstance(value, int):
        return Code(text=str(value), kind="whole", literal=value)
    if expr.decimal:
        return Code(text=decimal(value), kind="number", literal=value)
    return Code(text=quoted(value), kind="text", literal=value)


def _as_number(code: Code) -> Code:
    if code.kind == "text" and isinstance(code.literal, str):
        return Code(text=decimal(code.literal), kind="number", literal=code.literal)
    return code


def _alike(code: Code, other: Code) -> Code:
    """Return a literal as the other side's kind has it, a time as a day beside days."""
    if code.kind == "time" and other.kind == "date":
        return Code(text=f"values.day({code.text})", kind="date", absent=True)
    if isinstance(code.literal, str) and code.kind == "text":
        if other.kind in NUMBERS:
            return _as_number(code)
        if other.kind in ("date", "time"):
            return Code(
                text=constant(code.literal, other.kind), kind=other.kind, literal=code.literal
            )
    return code


def _equality(left: Code, right: Code, op: str, *, or_absent: bool) -> Code:
    if right.kind == "null":
        if not left.absent:
            return Code(text=str(op == "ne"))
        word = "is" if op == "eq" else "is not"
        return Code(text=f"{left.inside(SUM)} {word} None", strength=COMPARE)
    if or_absent and (left.absent or right.absent):
        name = "equal_or_absent" if op == "eq" else "different_or_absent"
        return called(f"values.{name}", left, right.text)
    if isinstance(right.literal, bool):
        wanted = right.literal is (op == "eq")
        if left.absent:
            word = "is" if op == "eq" else "is not"
            return Code(text=f"{left.inside(SUM)} {word} {right.literal}", strength=COMPARE)
        return left if wanted else negated(left)
    if left.text == right.text:
        return Code(text=str(op == "eq"))
    return Code(text=f"{left.inside(SUM)} {SYMBOLS[op]} {right.inside(SUM)}", strength=COMPARE)


def _ordering(left: Code, right: Code, op: str, *, or_absent: bool) -> Code:
    before, after = _ordered(left, right), _ordered(right, left)
    if before is left and after is right and not (left.absent or right.absent):
        if before.text == after.text:
            return Code(text=str(op in ("le", "ge")))
        text = f"{before.inside(SUM)} {SYMBOLS[op]} {after.inside(SUM)}"
        return Code(text=text, strength=COMPARE)
    if op in ("gt", "ge"):
        before, after = after, before
    name = ("less" if op in ("lt", "gt") else "at_most") + ("_or_absent" if or_absent else "")
    return called(f"values.{name}", before, after.text)


def _ordered(code: Code, other: Code) -> Code:
    """Return what the code is compared by."""
    if code.order:
        return Code(text=f"{code.order}.order({code.text})", absent=code.absent)
    if other.order and code.kind == "text":
        return Code(text=f"{other.order}.order({code.text})", absent=code.absent)
    if code.kind in ("text", "link", "reference"):
        return Code(text=f"fields.text_order({code.text})", absent=code.absent)
    return code


def _order_function(code: Code) -> str:
    if code.order:
        return f"{code.order}.order"
    return "fields.text_order"


def _generated(
    opening: str, element: str, loop: str, where: Code | None, *, kind: str, absent: bool = False
) -> Code:
    tests: tuple[str, ...] = (f"if {where.text}",) if where else ()
    parts = (element, loop, *tests)
    if "(" in opening[:-1] or "," in opening:
        return Code(text=f"{opening}({' '.join(parts)}))", kind=kind, absent=absent)
    return Code(
        text=f"{opening}{' '.join(parts)})",
        kind=kind,
        absent=absent,
        opening=opening,
        parts=parts,
        where=where,
    )


def _counted(of: Code, where: Code | None, loop: str) -> Code:
    if of.absent:
        present = Code(text=f"{of.inside(SUM)} is not None", strength=COMPARE)
        where = joined([where, present], "and") if where else present
    return _generated("sum(", "1", loop, where, kind="whole")


def _logic(op: str, terms: list[Code]) -> Code:
    """Return the terms joined; several `==` of one left side become one `in`."""
    return joined(_merged(terms, "==" if op == "or" else "!="), op)


def _merged(terms: list[Code], sign: str) -> list[Code]:
    groups: dict[str, list[Code]] = {}
    for term in terms:
        left, found, _ = term.text.partition(f" {sign} ")
        mergeable = found and term.strength == COMPARE
        groups.setdefault(left if mergeable else term.text, []).append(term)
    return [group[0] if len(group) == 1 else _membership(group, sign) for group in groups.values()]


def _membership(group: list[Code], sign: str) -> Code:
    if any(term.strength != COMPARE for term in group):
        return group[0]
    left = group[0].text.partition(f" {sign} ")[0]
    rights = list(dict.fromkeys(term.text.partition(f" {sign} ")[2] for term in group))
    if len(rights) == 1:
        return group[0]
    word = "in" if sign == "==" else "not in"
    return Code(text=f"{left} {word} ({', '.join(rights)})", strength=COMPARE)
