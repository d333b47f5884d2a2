"""What the candidate must answer, with symbols where only the candidate can know."""

from __future__ import annotations

from dataclasses import dataclass

from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal
from aidevos_agents.gates.interpreter.symbols import Address


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal's body. `errors` None: not compared; `named`: may be listed as STATE instead."""

    reason: str
    errors: tuple[FieldError, ...] | None = None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One answer. `body` None: empty. `more`: offset behind the next page, if there is one."""

    status: int
    body: object = None
    problem: Problem | None = None
    allow: frozenset[str] | None = None
    location: Address | None = None
    more: int | None = None
    paged: bool = False
    bodiless: bool = False
    """HEAD: headers only."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page: how many things there are in all, and those shown with the texts of each."""

    count: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def refused(refusal: Refusal) -> Expected:
    """Return the answer to a refused request."""
    problem = Problem(refusal.reason, refusal.errors, refusal.named)
    return Expected(status=refusal.status, problem=problem)
