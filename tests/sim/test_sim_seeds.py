"""Seeds 0 to 499 of the simulation; in a file of its own, to run beside the others."""

import pytest

from aidevos.sim.run import run

BLOCK = 50


@pytest.mark.parametrize("first", range(0, 500, BLOCK))
def test_every_promise_holds_under_crashes_losses_repeats_delays_and_clock_jumps(
    first: int,
) -> None:
    outcomes = (run(seed) for seed in range(first, first + BLOCK))
    broken = [f"{one.violation}\nreplay: {one.replay}" for one in outcomes if one.violation]
    assert broken == []
