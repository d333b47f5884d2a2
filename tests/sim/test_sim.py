"""The simulation of the shipping core holds over many seeds, and finds every planted bug."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aidevos.sim.plants import Plant
from aidevos.sim.run import Outcome, run

SEEDS = 300
BLOCK = 50
FOUND_WITHIN = 200
KEPT = [int(line) for line in Path(__file__).with_name("seeds.txt").read_text().split()]


def broken(outcomes: Iterator[Outcome]) -> list[str]:
    return [f"{one.violation}\nreplay: {one.replay}" for one in outcomes if one.violation]


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_every_promise_holds_under_crashes_losses_repeats_delays_and_clock_jumps(
    first: int,
) -> None:
    assert broken(run(seed) for seed in range(first, first + BLOCK)) == []


def test_seeds_that_once_found_a_bug_stay_clean() -> None:
    assert broken(run(seed) for seed in KEPT) == []


@pytest.mark.parametrize("plant", list(Plant), ids=lambda plant: plant.name)
def test_the_simulation_finds_the_planted_bug(plant: Plant) -> None:
    outcomes = (run(seed, plant) for seed in range(FOUND_WITHIN))
    found = next((one for one in outcomes if one.violation), None)
    assert found is not None, f"{plant.value} was not found in {FOUND_WITHIN} seeds"
    assert run(found.seed, plant).violation == found.violation
    assert found.replay.endswith(f"--seed {found.seed} --plant {plant.name}")


def test_a_seed_tells_the_same_story_every_time() -> None:
    assert run(11).story == run(11).story


def test_the_simulated_world_is_rough_enough_to_mean_something() -> None:
    outcomes = [run(seed) for seed in range(20)]
    assert sum(one.calls for one in outcomes) > 20 * 20
    assert sum(one.reads for one in outcomes) > 20 * 5
    assert sum(one.epochs for one in outcomes) > 20 * 10
    assert sum(one.checkpoints for one in outcomes) > 20 * 3
