"""Goes through long work beside the calls: the more time there is, the less they notice it."""

import asyncio
from collections.abc import Callable, Iterator

STEPS_MAX = 4
"""Steps of a millisecond or two in one turn of the loop, which lasts ten with many calls."""
RESTS = 3
"""Times as long as a step took it rests after it, less when half of the time is gone: calls then
hardly notice that a million entries are merged."""
REST_MIN_S = 0.001
"""What a loop's timer can tell apart."""


async def paced(steps: Iterator[None], due: Callable[[], float]) -> None:
    """Go through all steps. `due` tells how much of the time that they have is gone, from 0 on.

    Cancel: the steps that are left are not done.
    """
    clock = asyncio.get_running_loop().time
    left, begun = 1, clock()
    for _ in steps:
        left -= 1
        if left <= 0:
            gone = due()
            rest_s = RESTS * (1 - 2 * gone) * (clock() - begun)
            await asyncio.sleep(rest_s if rest_s > REST_MIN_S else 0)
            left, begun = min(STEPS_MAX, 1 + int(STEPS_MAX * gone)), clock()
