"""What a refusal says: the rule itself in words, made once, when the code is generated."""

from __future__ import annotations

from aidevos_agents.generate.expressions import OPPOSITE
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.words import participle, with_article
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
from aidevos_agents.spec.model import Action, Always, AtMost, Field, Thing

_DEGREES = {
    "eq": "", "ne": "not ", "lt": "less than ", "le": "at most ", "gt": "more than ",
    "ge": "at least ",
}  # fmt: skip
_PLACES = {"eq": "", "ne": "not ", "lt": "before ", "le": "not after ", "gt": "after ",
          "ge": "not before "}  # fmt: skip
_SIGNS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by"}
_FOLDS = {"sum": "sum", "average": "average", "min": "lowest", "max": "highest"}


def guard_sentence(project: Project, thing: Thing, action: Action) -> str:
    """Return when an action is possible: `a loan can be returned only when its state is open`."""
    assert action.guard is not None
    done = participle(action.verb)
    when = Sentences(project, thing, own="its ").condition(action.guard)
    return f"{with_article(thing.name)} can be {done} only when {when}"


def always_sentence(project: Project, rule: Always) -> str:
    """Return what holds of every thing: `due must be after starts`."""
    words = Sentences(project, project.thing(rule.thing), own="")
    return words.demand(plain(rule.holds))


def at_most_sentence(project: Project, rule: AtMost) -> str:
    """Return the limit: `a tool can have at most 1 loan with state open`."""
    thing = project.thing(rule.thing)
    found = thing.name if rule.most == 1 else thing.plural
    if rule.where is not None and rule.where != Compare("ne", Path((rule.per,)), Literal(None)):
        found += Sentences(project, thing, own="its ").which(rule.where)
    if not rule.per:
        return f"there can be at most {rule.most} {found}"
    of, role = project.field(thing, rule.per).of, _spaced(rule.per)
    does = "have" if role == of else f"be the {role} of"
    return f"{with_article(of)} can {does} at most {rule.most} {found}"


def in_use_sentence(child: Thing, field: Field) -> str:
    """Return why a thing cannot be deleted: `a tool with loans cannot be deleted`."""
    role = _spaced(field.name)
    held = f"with {child.plural}" if role == field.of else f"that is the {role} of {child.plural}"
    return f"{with_article(field.of)} {held} cannot be deleted"


class Sentences:
    """Says expressions from the point of view of one thing."""

    def __init__(self, project: Project, thing: Thing, *, own: str) -> None:
        """Stand at `thing`; `own` is said before its fields: `its `, or nothing."""
        self._project = project
        self._thing = thing
        self._own = own

    def condition(self, expr: Expr, be: str = "is") -> str:
        """Say a condition; `be` is `is` or `must be`."""
        expr = plain(expr)
        if not isinstance(expr, Logic):
            return self._compare(expr, be)
        alike = self._one_of(expr, be)
        return alike or f" {expr.op} ".join(self._term(term, be) for term in expr.terms)

    def demand(self, expr: Expr) -> str:
        """Say what must hold; of alternatives the last one, if the others do not hold."""
        if not isinstance(expr, Logic):
            return self.condition(expr, "must be")
        if expr.op == "and":
            return " and ".join(self.demand(term) for term in expr.terms)
        if self._one_of(expr, "is"):
            return self.condition(expr, "must be")
        *others, last = expr.terms
        unless = " and ".join(self._term(negated(term), "is") for term in others)
        return f"if {unless}, {self.demand(last)}"

    def which(self, expr: Expr) -> str:
        """Say which things are meant: ` with state open`, or ` where ...`."""
        expr = plain(expr)
        terms = expr.terms if isinstance(expr, Logic) and expr.op == "and" else (expr,)
        said = [self._having(term) for term in terms]
        if all(said):
            return f" with {' and '.join(said)}"
        return f" where {self.condition(expr)}"

    def _having(self, expr: Expr) -> str:
        if not isinstance(expr, Compare) or not isinstance(expr.left, Path):
            return ""
        if len(expr.left.names) > 1 or not isinstance(expr.right, Literal):
            return ""
        name = _spaced(expr.left.names[0])
        if expr.right.value is None:
            return with_article(name) if expr.op == "ne" else f"no {name}"
        return f"{name} {self._value(expr.right)}" if expr.op == "eq" else ""

    def _term(self, term: Expr, be: str) -> str:
        said = self.condition(term, be)
        return f"({said})" if isinstance(plain(term), Logic) else said

    def _one_of(self, expr: Logic, be: str) -> str:
        """Say `its state is open or lent`, if all terms are such; else nothing."""
        found = [term for term in expr.terms if isinstance(term, Compare) and term.op == "eq"]
        values = [term.right for term in found if isinstance(term.right, Literal)]
        if expr.op != "or" or len(values) < len(expr.terms) or Literal(None) in values:
            return ""
        if len({term.left for term in found}) > 1:
            return ""
        said = " or ".join(self._value(value) for value in values)
        return f"{self._value(found[0].left)} {be} {said}"

    def _compare(self, expr: Expr, be: str) -> str:
        if not isinstance(expr, Compare):
            raise TypeError(expr)
        left = self._value(expr.left)
        if expr.right == Literal(None):
            return f"{left} {be} {'empty' if expr.op == 'eq' else 'given'}"
        placed = any(self._is_placed(side) for side in (expr.left, expr.right))
        degree = (_PLACES if placed else _DEGREES)[expr.op]
        said = f"{left} {be} {degree}{self._value(expr.right)}"
        return said.replace("must be not", "must not be")

    def _is_placed(self, expr: Expr) -> bool:
        if isinstance(expr, Path | Argument):
            names = expr.names if isinstance(expr, Path) else (expr.name,)
            return self._kind(names) in ("time", "date", "choice")
        return isinstance(expr, Now)

    def _kind(self, names: tuple[str, ...]) -> str:
        if names[-1] == "id":
            return "reference"
        thing = self._thing
        for name in names[:-1]:
            thing = self._project.thing(self._project.field(thing, name).of)
        return self._project.field(thing, names[-1]).kind

    def _value(self, expr: Expr) -> str:
        match expr:
            case Literal():
                return _literal(expr)
            case Path():
                return self._path(expr.names)
            case Argument():
                return f"the given {_spaced(expr.name)}"
            case Now():
                return "now"
            case Arithmetic():
                sign = _SIGNS[expr.op]
                return f"{self.operand(expr.left)} {sign} {self.operand(expr.right)}"
            case Aggregate():
                return self._aggregate(expr)
            case _:
                raise TypeError(expr)

    def operand(self, expr: Expr) -> str:
        """Say a part of a calculation."""
        said = self._value(expr)
        return f"({said})" if isinstance(expr, Arithmetic | Aggregate) else said

    def _path(self, names: tuple[str, ...]) -> str:
        first, *rest = names
        if not rest:
            return f"{self._own}{_spaced(first)}"
        said = f"{self._own or 'the '}{_spaced(first)}"
        for name in rest:
            said = f"the {_spaced(name)} of {said}"
        return said

    def _aggregate(self, expr: Aggregate) -> str:
        child = self._project.thing(expr.thing)
        inner = Sentences(self._project, child, own="")
        of = "" if expr.of is None else f"{inner.operand(expr.of)} of "
        head = "the number of " if expr.op == "count" else f"the {_FOLDS[expr.op]} {of}"
        which = inner.which(expr.where) if expr.where is not None else ""
        return f"{head}{self._own}{child.plural}{which}"


def plain(expr: Expr) -> Expr:
    """Return the same condition without `not`, for people."""
    match expr:
        case Logic(op="not"):
            return negated(expr.terms[0])
        case Logic():
            return Logic(expr.op, tuple(plain(term) for term in expr.terms))
        case _:
            return expr


def negated(expr: Expr) -> Expr:
    """Return the opposite of a condition, without `not`."""
    match expr:
        case Logic(op="not"):
            return plain(expr.terms[0])
        case Logic():
            op = "or" if expr.op == "and" else "and"
            return Logic(op, tuple(negated(term) for term in expr.terms))
        case Compare():
            return Compare(OPPOSITE[expr.op], expr.left, expr.right)
        case _:
            raise TypeError(expr)


def _literal(expr: Literal) -> str:
    if isinstance(expr.value, bool):
        return "yes" if expr.value else "no"
    return "nothing" if expr.value is None else str(expr.value)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
