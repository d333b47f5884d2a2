"""Memory between small objects that stay is given back, and nothing of them is touched."""

import subprocess
import sys

HOLD_AND_DROP = """
import os
from aidevos.runtime.hollow import Hollow
from aidevos.runtime.memory import held_bytes
mine, hollow = [os.getpid()], Hollow()
made = [str(number) * 3 for number in range(600_000)]
kept = made[::3_000]
full = held_bytes(mine)
del made
steps = sum(1 for _ in hollow.hollow(1 << 40))
left = held_bytes(mine)
assert kept == [str(number) * 3 for number in range(0, 600_000, 3_000)]
more = [str(number) * 2 for number in range(200_000)]
refilled = sum(1 for _ in hollow.refill())
assert len(hollow) == 0
more += [str(number) * 2 for number in range(200_000, 400_000)]
again = sum(1 for _ in hollow.hollow(1 << 20))
assert kept == [str(number) * 3 for number in range(0, 600_000, 3_000)]
assert more == [str(number) * 2 for number in range(400_000)]
print(full, left, steps, refilled, len(hollow) << 14)
"""


def test_a_few_objects_do_not_hold_the_memory_of_many_that_are_gone() -> None:
    told = subprocess.check_output([sys.executable, "-c", HOLD_AND_DROP], text=True)
    full, left, steps, refilled, bounded = map(int, told.split())
    assert full - left > 20 << 20
    assert steps > 40
    assert refilled > 40
    assert bounded <= 1 << 20
