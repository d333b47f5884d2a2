"""Conditions and values with names and types looked up: from `raw` to `expr`."""

from __future__ import annotations

from aidevos_agents.spec import expr as x
from aidevos_agents.spec.meaning import Nonsense
from aidevos_agents.spec.model import Field
from aidevos_agents.spec.raw import (
    Bare,
    Fold,
    Handed,
    Instant,
    Join,
    RawCondition,
    RawValue,
    Said,
    Sum,
    Test,
    Way,
)
from aidevos_agents.spec.values import NUMERIC, literal_for, must_be_in, number_literal
from aidevos_agents.spec.words import Token
from aidevos_agents.spec.world import Draft, World

Typed = tuple[x.Expr, Field]
_NUMBER = Field(name="a number", kind="number")
_COUNT = Field(name="a count", kind="whole")
_NOW = Field(name="now", kind="time")
_ORDERED = frozenset({"lt", "le", "gt", "ge"})
_UNORDERED_KINDS = frozenset({"list", "reference", "link"})


class Resolver:
    """Looks names up from one thing; aggregates look theirs up from the child."""

    def __init__(self, world: World, draft: Draft) -> None:
        """Stand at `draft`."""
        self.world = world
        self.draft = draft

    def condition(self, raw: RawCondition) -> x.Expr:
        """Return a condition; raises Nonsense for unknown names and kinds that do not fit."""
        match raw:
            case Join():
                return x.Logic(raw.op, tuple(self.condition(term) for term in raw.terms))
            case Bare():
                return self._bare(raw.word, raw.holds)
            case Test():
                return self._test(raw)

    def value(self, raw: RawValue) -> Typed:
        """Return a value and the field that tells its kind; plain values stand alone only here."""
        match raw:
            case Way():
                return self._way(raw)
            case Handed():
                field = self.world.field_of(self.draft, raw.name)
                return x.Argument(field.name), field
            case Instant():
                return x.Now(), _NOW
            case Sum():
                return self._sum(raw)
            case Fold():
                return self._fold(raw)
            case Said():
                return number_literal(raw), _number_kind(raw)

    def value_as(self, field: Field, raw: RawValue) -> x.Expr:
        """Return a value that `field` may hold."""
        return self.typed_as(field, raw)[0]

    def typed_as(self, field: Field, raw: RawValue) -> Typed:
        """Return a value that `field` may hold, and the field that tells its kind."""
        if isinstance(raw, Said):
            return literal_for(field, raw), field
        found, kind = self.value(raw)
        _must_fit(field, kind)
        return found, kind

    def _test(self, raw: Test) -> x.Expr:
        left, right = raw.left, raw.right
        if isinstance(left, Said) and isinstance(right, Said):
            raise Nonsense("two plain values are compared", "Compare a field.", left.at)
        if isinstance(left, Said):
            right_side, field = self.value(right)
            _must_order(raw.op, field)
            return x.Compare(raw.op, literal_for(field, left), right_side)
        left_side, field = self.value(left)
        _must_order(raw.op, field)
        return x.Compare(raw.op, left_side, self.value_as(field, right))

    def _bare(self, word: Token, holds: bool) -> x.Expr:
        op = "eq" if holds else "ne"
        for field in self._named(word):
            if field.kind == "yes_no":
                return x.Compare("eq", x.Path((field.name,)), x.Literal(holds))
        owners = [
            (field.name, choice)
            for field in self.draft.fields.values()
            for choice in field.choices
            if choice.casefold() == word.text.casefold()
        ]
        if len(owners) != 1:
            raise Nonsense(
                f'it is not clear what "{word.text}" says of a {self.draft.name}',
                "Write: FIELD is VALUE.",
                word,
            )
        return x.Compare(op, x.Path((owners[0][0],)), x.Literal(owners[0][1]))

    def _named(self, word: Token) -> list[Field]:
        fields = self.draft.every_field()
        names = self.world.lexicon.names("FIELD", word.text)
        return [fields[name] for name in names if name in fields]

    def _way(self, raw: Way) -> Typed:
        if raw.thing is not None and self.world.thing(raw.thing) is not self.draft:
            raise Nonsense(f"a {self.draft.name} is spoken of here", at=raw.thing)
        draft, names, field = self.draft, [], None
        for index, token in enumerate(raw.names):
            field = self.world.field_of(draft, token)
            names.append(field.name)
            if index < len(raw.names) - 1:
                draft = self._step(field, token)
        assert field is not None
        return x.Path(tuple(names)), field

    def _step(self, field: Field, token: Token) -> Draft:
        if field.kind != "reference":
            raise Nonsense(f"{field.name} is no thing: it has no fields", at=token)
        return self.world.draft(field.of)

    def _sum(self, raw: Sum) -> Typed:
        left, one = self.value(raw.left)
        right, other = self.value(raw.right)
        for field in (one, other):
            if field.kind not in NUMERIC:
                raise Nonsense(f"{field.name} is no number", "Only numbers are reckoned with.")
        _must_be_of_one_currency(raw.left, other)
        _must_be_of_one_currency(raw.right, one)
        _must_agree(one, other)
        return x.Arithmetic(raw.op, left, right), _sum_kind(raw.op, one, other)

    def _fold(self, raw: Fold) -> Typed:
        child = self.world.thing(raw.things)
        if child not in list(self.world.children(self.draft.name)):
            raise self.world.missing(
                f"a {child.name} does not belong to a {self.draft.name}",
                f"Write: A {child.name} belongs to a {self.draft.name}.",
                raw.things,
                child.name,
                self.draft.name,
            )
        inner = Resolver(self.world, child)
        of, field = (None, _COUNT) if raw.of is None else inner.value(raw.of)
        where = None if raw.where is None else inner.condition(raw.where)
        if raw.op in ("sum", "average") and field.kind not in NUMERIC:
            raise Nonsense(f"{field.name} is no number", "Sums are made of numbers.", raw.things)
        if raw.op == "average":
            field = Field(name=field.name, kind="money" if field.kind == "money" else "number")
        return x.Aggregate(raw.op, child.name, of, where, raw.decimals), field


def _sum_kind(op: str, one: Field, other: Field) -> Field:
    kinds = {one.kind, other.kind}
    if "money" in kinds:
        return one if one.currency or other.kind != "money" else other
    if kinds == {"whole"} and op != "div":
        return _COUNT
    return _NUMBER


def _number_kind(said: Said) -> Field:
    if said.currency:
        return Field(name=f"{said.text} {said.currency}", kind="money", currency=said.currency)
    return _NUMBER


def _must_be_of_one_currency(raw: RawValue, field: Field) -> None:
    """An amount that names its currency is reckoned with money of that currency."""
    if isinstance(raw, Said) and raw.currency and field.kind == "money":
        must_be_in(field, raw)


def _must_agree(one: Field, other: Field) -> None:
    if "" not in (one.currency, other.currency) and one.currency != other.currency:
        raise Nonsense(
            f"{one.name} is in {one.currency}, {other.name} in {other.currency}",
            "Amounts of two currencies are neither reckoned with nor compared.",
        )


def _must_fit(field: Field, other: Field) -> None:
    _must_agree(field, other)
    both = {field.kind, other.kind}
    if both <= NUMERIC or both <= {"text", "link"}:
        return
    alike = field.kind == other.kind and field.of == other.of
    if alike and (field.kind != "choice" or set(field.choices) & set(other.choices)):
        return
    raise Nonsense(f"{field.name} and {other.name} are of different kinds")


def _must_order(op: str, field: Field) -> None:
    if op in _ORDERED and field.kind in _UNORDERED_KINDS:
        raise Nonsense(f"a {field.kind} is neither more nor less than another")
