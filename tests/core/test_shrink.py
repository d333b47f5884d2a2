"""A table that was large gives its memory back and stays the same table."""

import sys

from aidevos.core.shrink import shrink


def test_a_nearly_empty_table_is_made_small_and_keeps_what_it_has() -> None:
    table = {number: str(number) for number in range(100_000)}
    for number in range(99_990):
        del table[number]
    large = sys.getsizeof(table)
    shrink(table)
    assert sys.getsizeof(table) < large // 100
    assert table == {number: str(number) for number in range(99_990, 100_000)}
