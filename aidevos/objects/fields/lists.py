"""The kind list: texts in order."""

from dataclasses import dataclass

from aidevos.objects.fields.base import Field, Json, WrongValueError, wrong_type
from aidevos.objects.fields.texts import LONGEST_DEFAULT, check_length, read_text

ITEMS_DEFAULT = 1_000
"""Most items of a list that says no limit."""


@dataclass(frozen=True, slots=True)
class Items(Field[tuple[str, ...]]):
    """A list of texts: how many, how long each may be, and whether one may come twice."""

    fewest_items: int = 0
    most_items: int = ITEMS_DEFAULT
    shortest: int = 0
    longest: int = LONGEST_DEFAULT
    distinct: bool = False

    def read(self, given: Json) -> tuple[str, ...]:
        """Return the items, be they texts or not."""
        if not isinstance(given, list):
            raise wrong_type("a list of texts")
        return tuple(given)

    def parse(self, text: str) -> str:
        """Return the one item that a list must have to be found."""
        return text

    def check(self, value: tuple[str, ...]) -> None:
        """Refuse TOO_FEW, TOO_MANY, then the first bad item's reason, then REPEATED."""
        if len(value) < self.fewest_items:
            raise WrongValueError("TOO_FEW", f"must have at least {self.fewest_items} items")
        if len(value) > self.most_items:
            raise WrongValueError("TOO_MANY", f"must have at most {self.most_items} items")
        for item in value:
            check_length(read_text(item), self.shortest, self.longest)
        if self.distinct and len(set(value)) < len(value):
            raise WrongValueError("REPEATED", "may not have an item twice")
