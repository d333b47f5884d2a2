"""Which object each next call is for."""

import itertools
import random
from collections.abc import Iterator

from aidevos_cli.bench.load import Target

PICKS_MAX = 1 << 18
"""Picks made beforehand, so that choosing costs a call nothing; then they come again."""


def at_random(type: str, objects: int, prefix: str = "b") -> Iterator[Target]:
    """Return endless targets among `objects` keys, each equally likely, the same in each run."""
    keys = [(type, f"{prefix}{number}") for number in range(objects)]
    if objects == 1:
        return itertools.repeat(keys[0])
    chance = random.Random(objects)  # noqa: S311 (a load, not a secret)
    return itertools.cycle(chance.choices(keys, k=min(PICKS_MAX, max(4_096, 16 * objects))))


def each_once(type: str, objects: int, prefix: str = "b") -> Iterator[Target]:
    """Return the targets of all keys in a random order, once."""
    numbers = list(range(objects))
    random.Random(objects).shuffle(numbers)  # noqa: S311
    return ((type, f"{prefix}{number}") for number in numbers)
