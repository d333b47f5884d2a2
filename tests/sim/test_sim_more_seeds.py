"""Seeds 500 to 999 of the simulation; in a file of its own, to run beside the others."""

import pytest

from aidevos.sim.run import run

BLOCK = 50


@pytest.mark.parametrize("first", range(500, 1_000, BLOCK))
def test_every_promise_holds_under_crashes_losses_repeats_delays_and_clock_jumps(
    first: int,
) -> None:
    outcomes = (run(seed) for seed in range(first, first + BLOCK))
    broken = [f"{one.violation}\nreplay: {one.replay}" for one in outcomes if one.violation]
    assert broken == []
