"""Tables that were large and are nearly empty. Pure."""

import sys
from typing import Any

BYTES_MIN = 1 << 16
BYTES_EACH = 1_600
"""A table with more for each entry than this is nearly empty: copying it takes a millisecond."""


def shrink(table: dict[Any, Any]) -> None:
    """Give back what `table` keeps for entries that it has no more; it stays the same object."""
    size = sys.getsizeof(table)
    if size > BYTES_MIN and size > BYTES_EACH * len(table):
        kept = dict(table)
        table.clear()
        table.update(kept)
