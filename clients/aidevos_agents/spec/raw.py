"""Conditions and values as said, before names and types are looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aidevos_agents.spec.words import Token

SaidKind = Literal[
    "int", "decimal", "money", "string", "date", "time", "value", "yes", "no", "none"
]


@dataclass(frozen=True, slots=True)
class Said:
    """A plain value; strings are unquoted already."""

    kind: SaidKind
    text: str
    at: Token | None
    currency: str = ""

    def __eq__(self, other: object) -> bool:
        """Two values are the same wherever they stand."""
        return isinstance(other, Said) and (self.kind, self.text) == (other.kind, other.text)

    def __hash__(self) -> int:
        """As equality."""
        return hash((self.kind, self.text))


@dataclass(frozen=True, slots=True)
class Way:
    """A path: the words of its fields, from the thing at hand (or one that is named)."""

    names: tuple[Token, ...]
    thing: Token | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """What the caller gave under a field's name."""

    name: Token


@dataclass(frozen=True, slots=True)
class Instant:
    """The time of the turn."""


@dataclass(frozen=True, slots=True)
class Sum:
    """`op` is add, sub, mul or div."""

    op: str
    left: RawValue
    right: RawValue


@dataclass(frozen=True, slots=True)
class Fold:
    """A count, sum, average, min or max over children."""

    op: str
    things: Token
    of: RawValue | None = None
    where: RawCondition | None = None
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison: eq, ne, lt, le, gt or ge."""

    op: str
    left: RawValue
    right: RawValue


@dataclass(frozen=True, slots=True)
class Join:
    """`op` is and, or, not."""

    op: str
    terms: tuple[RawCondition, ...]


@dataclass(frozen=True, slots=True)
class Bare:
    """A yes-or-no field or a choice's value alone: `that are ripe`."""

    word: Token
    holds: bool = True


RawValue = Said | Way | Handed | Instant | Sum | Fold
RawCondition = Test | Join | Bare
