"""Conditions and values said in canonical words: the way back from `expr`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.grammar import closed_words
from aidevos_agents.spec.model import Field, Thing, all_fields
from aidevos_agents.spec.words import quoted

_WORD = re.compile(r"^[a-z]+$")
_DEGREES = {
    "eq": "is",
    "ne": "is not",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
}
_SIGNS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by"}
_FOLDS = {"sum": "sum", "average": "average", "min": "lowest", "max": "highest"}


class Sayer:
    """Says expressions from the point of view of one thing."""

    def __init__(self, things: Mapping[str, Thing], thing: str) -> None:
        """Stand at `thing`."""
        self.things = things
        self.thing = thing
        self.fields = {field.name: field for field in all_fields(things[thing])}

    def condition(self, found: x.Expr) -> str:
        """Say a condition."""
        match found:
            case x.Logic(op="not"):
                return f"not ({self.condition(found.terms[0])})"
            case x.Logic():
                return f" {found.op} ".join(self._term(term) for term in found.terms)
            case x.Compare():
                return self._compare(found)
            case _:
                raise ValueError(found)

    def value(self, found: x.Expr, field: Field | None = None) -> str:
        """Say a value; `field` tells what kind a plain text is."""
        match found:
            case x.Literal():
                return self.literal(found.value, field, decimal=found.decimal)
            case x.Path():
                return _path(found.names)
            case x.Argument():
                return f"the given {found.name}"
            case x.Now():
                return "now"
            case x.Arithmetic():
                sign = _SIGNS[found.op]
                return f"{self._operand(found.left)} {sign} {self._operand(found.right)}"
            case x.Aggregate():
                return self._aggregate(found)
            case _:
                raise ValueError(found)

    def literal(self, value: object, field: Field | None = None, *, decimal: bool = False) -> str:
        """Say a plain value: texts in quotes, unless they are a choice's plain word."""
        if value is None:
            return "nothing"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int) or decimal:
            return str(value)
        text = str(value)
        if field is not None and field.kind == "choice" and self._is_plain(text):
            return text
        return quoted(text)

    def field(self, found: x.Expr) -> Field | None:
        """Return the field that a path ends at."""
        if not isinstance(found, x.Path | x.Argument):
            return None
        names = found.names if isinstance(found, x.Path) else (found.name,)
        fields, field = self.fields, None
        for name in names:
            field = fields.get(name)
            if field is None or not field.of:
                return field
            fields = {one.name: one for one in all_fields(self.things[field.of])}
        return field

    def _is_plain(self, text: str) -> bool:
        """Whether a value's word can be nothing else."""
        names = {word for thing in self.things.values() for word in _names(thing)}
        return bool(_WORD.match(text)) and text not in closed_words() and text not in names

    def _term(self, term: x.Expr) -> str:
        said = self.condition(term)
        nested = isinstance(term, x.Logic) and term.op != "not"
        return f"({said})" if nested else said

    def _compare(self, found: x.Compare) -> str:
        left = self.value(found.left, self.field(found.right))
        if found.right == x.Literal(None):
            return f"{left} is empty" if found.op == "eq" else f"{left} is given"
        right = self.value(found.right, self.field(found.left))
        return f"{left} {_DEGREES[found.op]} {right}"

    def _operand(self, found: x.Expr) -> str:
        said = self.value(found)
        return f"({said})" if isinstance(found, x.Arithmetic | x.Aggregate) else said

    def _aggregate(self, found: x.Aggregate) -> str:
        child = self.things[found.thing]
        inner = Sayer(self.things, child.name)
        of = ""
        if found.of is not None:
            simple = isinstance(found.of, x.Path) and len(found.of.names) == 1
            said = inner.value(found.of)
            of = f"{said.removeprefix('its ') if simple else f'({said})'} of its "
        head = "the number of its " if found.op == "count" else f"the {_FOLDS[found.op]} of {of}"
        where = f" where ({inner.condition(found.where)})" if found.where is not None else ""
        places = found.decimals
        rounded = "" if places is None else f" rounded to {decimals_words(places)}"
        return f"{head}{child.plural}{where}{rounded}"


def enumerated(parts: Sequence[str]) -> str:
    """Return `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def decimals_words(places: int) -> str:
    """Return `1 decimal`, `2 decimals`."""
    return f"{places} decimal" if places == 1 else f"{places} decimals"


def _path(names: tuple[str, ...]) -> str:
    first, *rest = names
    said = f"its {first}"
    for name in rest:
        said = f"the {name} of {said}"
    return said


def _names(thing: Thing) -> list[str]:
    fields = [field.name for field in all_fields(thing)]
    words = [*fields, thing.name, thing.plural]
    return [piece for word in words for piece in (word, *word.replace("_", " ").split())]
