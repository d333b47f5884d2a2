"""Pieces of Python expressions with what must be known to put them together, and their layout."""

from __future__ import annotations

from dataclasses import dataclass

from aidevos_agents.generate.layout import WIDTH

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
    commas: bool = False
    """Whether the parts are arguments: the last one gets a comma too."""

    def inside(self, strength: int) -> str:
        """Return the text as a part of something of this strength."""
        return self.text if self.strength >= strength else f"({self.text})"


def called(function: str, *arguments: str, kind: str = "yes_no", absent: bool = False) -> Code:
    """Return a call."""
    return Code(
        text=f"{function}({', '.join(arguments)})",
        kind=kind,
        absent=absent,
        opening=f"{function}(",
        parts=(*(f"{argument}," for argument in arguments[:-1]), arguments[-1]),
        commas=True,
    )


def joined(terms: list[Code], word: str) -> Code:
    """Return the terms with `and` or `or` between them."""
    if len(terms) == 1:
        return terms[0]
    strength = AND if word == "and" else OR
    texts = [term.inside(strength if term.strength == strength else NOT) for term in terms]
    parts = (texts[0], *(f"{word} {text}" for text in texts[1:]))
    return Code(text=f" {word} ".join(texts), strength=strength, parts=parts)


def returning(code: Code, indent: int = 4) -> list[str]:
    """Return a return statement, broken over lines if it must be."""
    space = " " * indent
    flat = f"{space}return {code.text}"
    if len(flat) <= WIDTH:
        return [flat]
    inner = " " * (indent + 4)
    opening, parts = code.opening or "(", code.parts or (code.text,)
    one = f"{inner}{' '.join(parts)}"
    tail = "," if code.commas and len(parts) > 1 else ""
    lines = [one] if len(one) <= WIDTH else [f"{inner}{part}" for part in parts]
    if len(lines) > 1:
        lines[-1] += tail
    return [f"{space}return {opening}", *lines, f"{space})"]
