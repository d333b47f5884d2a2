"""Pieces of Python expressions with what must be known to put them together, and their layout."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aidevos_agents.generate.layout import WIDTH, opened

CHOICE, OR, AND, NOT, COMPARE, SUM, PRODUCT, ATOM = range(8)
"""How strongly an expression holds together, weakest first; CHOICE is `a if b else c`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One expression: its text on one line, the kind of its values, whether it may be None."""

    text: str
    kind: str = "yes_no"
    absent: bool = False
    strength: int = ATOM
    order: str = ""
    """For a choice: the constant whose `order` gives the position."""
    literal: object = None
    """The value, if it is a literal that is not None."""
    opening: str = ""
    parts: tuple[str, ...] = ()
    """How it is broken over lines if it is too long: a part a line, between the brackets."""
    terms: tuple[Code, ...] = ()
    """Of a chain of `and` or `or`: what is between the words."""
    first: Code | None = None
    """Of a call: its first argument."""
    where: Code | None = None
    """Of a sum over things: which of them; the last part."""
    commas: bool = False
    """Whether the parts are arguments: the last one gets a comma too."""

    def inside(self, strength: int) -> str:
        """Return the text as a part of something of this strength."""
        return self.text if self.strength >= strength else f"({self.text})"


def called(
    function: str, first: Code, *others: str, kind: str = "yes_no", absent: bool = False
) -> Code:
    """Return a call."""
    arguments = (first.text, *others)
    return Code(
        text=f"{function}({', '.join(arguments)})",
        kind=kind,
        absent=absent,
        opening=f"{function}(",
        parts=(*(f"{argument}," for argument in arguments[:-1]), arguments[-1]),
        commas=True,
        first=first,
    )


def negated(term: Code) -> Code:
    """Return `not term`."""
    text = f"not {term.inside(NOT)}"
    if term.strength < NOT:
        return Code(text=text, strength=NOT, opening="not (", parts=term.parts or (term.text,))
    if term.opening:
        return replace(term, text=text, strength=NOT, opening=f"not {term.opening}")
    return Code(text=text, strength=NOT)


def joined(terms: list[Code], word: str) -> Code:
    """Return the terms with `and` or `or` between them."""
    if len(terms) == 1:
        return terms[0]
    strength = AND if word == "and" else OR
    texts = [term.inside(strength if term.strength == strength else NOT) for term in terms]
    parts: list[str] = []
    for term, text in zip(terms, texts, strict=True):
        own = term.parts if term.strength == strength and term.parts else (text,)
        parts += [f"{word} {own[0]}" if parts else own[0], *own[1:]]
    return Code(
        text=f" {word} ".join(texts), strength=strength, parts=tuple(parts), terms=tuple(terms)
    )


_INNER = {"value =": "inner", "inner =": "innermost"}
"""Local variables for what is computed first, from outside to inside."""


def returning(code: Code, indent: int = 4) -> list[str]:
    """Return a return statement, with statements before it if it would be too long."""
    return statement("return", code, indent)


def assigned(name: str, code: Code, indent: int = 4) -> list[str]:
    """Return an assignment, with statements before it if it would be too long."""
    return statement(f"{name} =", code, indent)


def statement(head: str, code: Code, indent: int) -> list[str]:
    """Return `head code`: on one line, or broken over lines, or a step a line."""
    flat = f"{' ' * indent}{head} {code.text}"
    if len(flat) <= WIDTH:
        return [flat]
    if code.terms and not _breaks(code, indent):
        return _steps(head, code, indent)
    if code.first is not None and len(code.text) > WIDTH - indent - 4:
        name = _INNER.get(head, "value")
        before = assigned(name, code.first, indent)
        return [*before, f"{' ' * indent}{head} {code.text.replace(code.first.text, name, 1)}"]
    return _broken(head, code, indent)


def _breaks(code: Code, indent: int) -> bool:
    """Whether a chain of terms is laid out a term a line: more than two, each short enough."""
    return len(code.parts) > 2 and all(len(part) <= WIDTH - indent - 4 for part in code.parts)


def _steps(head: str, code: Code, indent: int) -> list[str]:
    """Return the terms one after the other: `holds = a`, `return holds and b`."""
    word = "and" if code.strength == AND else "or"
    lines = assigned("holds", code.terms[0], indent)
    for number, term in enumerate(code.terms[1:], start=2):
        start = head if number == len(code.terms) else "holds ="
        text = term.inside(NOT)
        if len(text) > WIDTH - indent - len(f"{start} holds {word} ") and term.terms:
            lines += [line.replace("holds", "also") for line in assigned("also", term, indent)]
            text = "also"
        lines += opened(f"{start} holds {word} {text}", indent)
    return lines


def _broken(head: str, code: Code, indent: int) -> list[str]:
    space, inner = " " * indent, " " * (indent + 4)
    opening, parts = code.opening or "(", code.parts or (code.text,)
    lines = [f"{inner}{' '.join(parts)}"]
    if len(lines[0]) > WIDTH:
        tail = "," if code.commas and len(parts) > 1 else ""
        broken = [*parts[:-1], parts[-1] + tail]
        if code.where is not None and len(parts[-1]) > WIDTH - indent - 4 and code.where.terms:
            first, *more = code.where.parts
            broken = [*parts[:-1], f"if {first}", *more]
        lines = [line for part in broken for line in opened(part, indent + 4)]
    return [f"{space}{head} {opening}", *lines, f"{space})"]
