"""The one expression language of the app model: values, paths, comparisons, sums over children.

Guards, rules, derived fields, filters and scenarios all hold these nodes and nothing else.
"""

from __future__ import annotations

import msgspec


class Literal(msgspec.Struct, frozen=True, tag="literal"):
    """A plain value; a number with decimals is text in `value` with `decimal` true."""

    value: bool | int | str | None
    decimal: bool = False


class Path(msgspec.Struct, frozen=True, tag="path"):
    """Field names from the thing at hand: ("title",) or ("list", "name") for its parent's."""

    names: tuple[str, ...]


class Argument(msgspec.Struct, frozen=True, tag="argument"):
    """What the caller gave under this name."""

    name: str


class Now(msgspec.Struct, frozen=True, tag="now"):
    """The time of the turn."""


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """`op` is one of eq, ne, lt, le, gt, ge."""

    op: str
    left: Expr
    right: Expr


class Logic(msgspec.Struct, frozen=True, tag="logic"):
    """`op` is one of and, or, not."""

    op: str
    terms: tuple[Expr, ...]


class Arithmetic(msgspec.Struct, frozen=True, tag="arithmetic"):
    """`op` is one of add, sub, mul, div."""

    op: str
    left: Expr
    right: Expr


class Aggregate(msgspec.Struct, frozen=True, tag="aggregate"):
    """`op` is one of count, sum, average, min, max over the children of the thing at hand."""

    op: str
    thing: str
    of: Expr | None = None
    where: Expr | None = None
    decimals: int | None = None


Expr = Literal | Path | Argument | Now | Compare | Logic | Arithmetic | Aggregate
