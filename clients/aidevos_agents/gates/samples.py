"""Values that fit a field, chosen so that orders, ties and equalities come about."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from aidevos_agents.gates.interpreter.catalog import literals_in
from aidevos_agents.gates.interpreter.evaluate import rounded
from aidevos_agents.gates.interpreter.interpreter import Interpreter
from aidevos_agents.gates.interpreter.kinds import money_decimals
from aidevos_agents.spec.model import Always, App, Field

WORDS = ("apple", "Apple", "zebra", "Émile", "straße", " padded ", "a<b>&'\"", "10", "9", "ñ ñ")
TIMES = (
    "2020-02-29T23:59:59.999Z",
    "2026-11-25T10:00:00Z",
    "2026-11-25T12:00:00.5+02:00",
    "2026-11-24T23:30:00.123456-05:30",
    "2099-01-01T00:00:00.000Z",
)
LINKS = ("https://example.org/", "http://example.org:8080/a%20b?c=d#e", "https://a.example/ü")
CLASS_LETTERS = {
    "digits": "0123456789",
    "letters": "aZéß",
    "capital letters": "ABYZ",
    "small letters": "abyz",
    "dashes": "-",
    "spaces": " ",
}
LENGTH_USUAL = 12
SPAN_USUAL = 8


def numbers_in(app: App) -> tuple[Decimal, ...]:
    """Return the numbers that guards and rules speak of."""
    guards = [action.guard for action in app.actions]
    rules = [rule.holds if isinstance(rule, Always) else rule.where for rule in app.rules]
    found = (one for expression in (*guards, *rules) for one in literals_in(expression))
    numbers = (
        Decimal(str(one.value))
        for one in found
        if one.decimal or (isinstance(one.value, int) and not isinstance(one.value, bool))
    )
    return tuple(dict.fromkeys(numbers))


class Samples:
    """Values that fit, drawn from one source of chance."""

    def __init__(self, rng: random.Random, model: Interpreter) -> None:
        self._rng = rng
        self._model = model
        self._constants = numbers_in(model.catalog.app)

    def value(self, field: Field) -> object:
        """Return JSON that fits the field; None if it refers to a thing and there is none."""
        if field.kind in ("whole", "number", "money") and self._rng.random() < 0.15:
            return self._near_a_constant(field)
        return self._usual(field)

    def _near_a_constant(self, field: Field) -> object:
        """Return a number that an expression of the app compares with, or its neighbour."""
        decimals = {"whole": 0, "money": money_decimals(field)}.get(field.kind, field.decimals or 0)
        step = Decimal(1).scaleb(-decimals)
        low, high = (Decimal(one) if one else None for one in (field.minimum, field.maximum))
        near = [
            value
            for constant in self._constants
            for value in (constant - step, constant, constant + step)
            if rounded(value, decimals) == value
            and (low is None or value >= low)
            and (high is None or value <= high)
        ]
        if not near:
            return self._usual(field)
        value = self._rng.choice(near)
        if field.kind == "whole":
            return int(value)
        return f"{value:.{decimals}f}" if field.kind == "money" else value

    def _usual(self, field: Field) -> object:
        match field.kind:
            case "text":
                return self._text(field)
            case "yes_no":
                return self._rng.random() < 0.5
            case "whole":
                return int(self._number(field, 0))
            case "number":
                return self._number(field, 1 if field.decimals is None else field.decimals)
            case "money":
                return f"{self._number(field, money_decimals(field)):f}"
            case "choice":
                return self._rng.choice(field.choices)
            case "list":
                return self._items(field)
            case "reference":
                return self._id(field.of)
            case _:
                return self._point(field)

    def _text(self, field: Field) -> str:
        low = field.shortest or 0
        high = max(low, min(field.longest or LENGTH_USUAL, low + LENGTH_USUAL))
        if field.characters:
            letters = "".join(CLASS_LETTERS[one] for one in field.characters)
            return "".join(self._rng.choices(letters, k=self._rng.randint(low, high)))
        word = self._rng.choice(WORDS)
        if field.unique or self._rng.random() < 0.3:
            word = f"{self._rng.randrange(10**6)}{word}"
        return (word + "xyz" * (low // 3 + 1))[: max(low, min(high, len(word)))]

    def _number(self, field: Field, decimals: int) -> Decimal:
        step = Decimal(1).scaleb(-decimals)
        low = Decimal(field.minimum or (0 if field.maximum is None else field.maximum))
        high = Decimal(field.maximum or low + SPAN_USUAL)
        if field.minimum is None and field.maximum is not None:
            low = high - SPAN_USUAL
        high = min(high, low + SPAN_USUAL) if self._rng.random() < 0.8 else high
        return low + step * self._rng.randint(0, int((high - low) / step))

    def _items(self, field: Field) -> list[str]:
        low = field.fewest_items or 0
        high = max(low, min(low + 3, 3 if field.most_items is None else field.most_items))
        item = Field(name="", kind="text", shortest=field.shortest, longest=field.longest)
        items = [self._text(item) for _ in range(self._rng.randint(low, high))]
        return list(dict.fromkeys(items)) if field.distinct else items

    def _id(self, thing: str) -> object:
        world = self._model.world
        ids = [world.id_of(row.serial) for row in world.all(thing)]
        known = [one for one in ids if one]
        return self._rng.choice(known) if known else None

    def _point(self, field: Field) -> str:
        match field.kind:
            case "date":
                day = date(2026, 2, 27) + timedelta(days=self._rng.randrange(SPAN_USUAL))
                return day.isoformat()
            case "time":
                return self._rng.choice(TIMES)
            case _:
                return self._rng.choice(LINKS)
