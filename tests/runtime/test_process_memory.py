"""What a process holds is seen, and what it dropped is given back."""

import os
import subprocess
import sys

from aidevos.runtime.memory import held_bytes, machine_bytes

HOLD_AND_DROP = """
import os, sys
from aidevos.runtime.memory import give_back, held_bytes
mine = [os.getpid()]
before = held_bytes(mine)
kept = [bytearray(3_000) for _ in range(40_000)]
last = bytearray(3_000)  # Above all others: without a trim the heap would end here.
full = held_bytes(mine)
del kept
give_back()
print(full - before, held_bytes(mine) - before)
"""


def test_memory_that_was_dropped_is_given_back() -> None:
    told = subprocess.check_output([sys.executable, "-c", HOLD_AND_DROP], text=True)
    grown, left = map(int, told.split())
    assert grown > 100 << 20
    assert left < 10 << 20


def test_a_process_that_is_not_there_holds_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert held_bytes([gone.pid]) == 0
    assert 0 < held_bytes([os.getpid()]) < machine_bytes()
