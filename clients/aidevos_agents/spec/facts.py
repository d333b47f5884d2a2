"""What a sentence says, with all names looked up: the compiler puts these into the model."""

from __future__ import annotations

from dataclasses import dataclass

from aidevos_agents.spec.cells import Clause
from aidevos_agents.spec.model import Action, ActionRef, Offer, Page, Rule


@dataclass(frozen=True, slots=True)
class Belongs:
    """A thing is part of another."""

    child: str
    parent: str


@dataclass(frozen=True, slots=True)
class Cascades:
    """A thing is deleted with its parent."""

    child: str
    parent: str


@dataclass(frozen=True, slots=True)
class Called:
    """Several of a thing are called so."""

    thing: str
    plural: str


@dataclass(frozen=True, slots=True)
class Does:
    """An action; `may_make` if its sentence fits an action that makes the thing as well."""

    action: Action
    may_make: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """Things may be read: an action without effect."""

    ref: ActionRef


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule on things."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class FieldRuled:
    """A clause of the rule column, said as a sentence."""

    thing: str
    field: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class Shown:
    """A page."""

    page: Page


@dataclass(frozen=True, slots=True)
class Offered:
    """What one can do from the page before."""

    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Who sees the page before."""

    who: tuple[str, ...]


Fact = Belongs | Cascades | Called | Does | Reads | Ruled | FieldRuled | Shown | Offered | Seen
