"""The simulation of the shipping core holds over many seeds, and finds every planted bug."""

from collections import Counter

import pytest

from aidevos.sim.plants import Plant
from aidevos.sim.run import run

FOUND_WITHIN = 300


@pytest.mark.parametrize("plant", list(Plant), ids=lambda plant: plant.name)
def test_the_simulation_finds_the_planted_bug(plant: Plant) -> None:
    outcomes = (run(seed, plant) for seed in range(FOUND_WITHIN))
    found = next((one for one in outcomes if one.violation), None)
    assert found is not None, f"{plant.value} was not found in {FOUND_WITHIN} seeds"
    assert run(found.seed, plant).violation == found.violation
    assert found.replay.endswith(f"--seed {found.seed} --plant {plant.name}")


def test_a_seed_tells_the_same_story_every_time() -> None:
    for seed in (11, 12, 13):  # One of each weather.
        assert run(seed).story == run(seed).story


def test_the_simulated_world_is_rough_enough_to_mean_something() -> None:
    outcomes = [run(seed) for seed in range(30)]
    assert sum(one.calls for one in outcomes) > 30 * 35
    assert sum(one.reads for one in outcomes) > 30 * 20
    assert sum(one.items for one in outcomes) > 30 * 12
    assert sum(one.released for one in outcomes) > 30 * 15
    assert sum(one.epochs for one in outcomes) > 30 * 8
    assert sum(one.deaths for one in outcomes) > 30 * 10
    assert sum(one.checkpoints for one in outcomes) > 30 * 5


def test_bursts_are_taken_cut_taken_apart_replayed_and_freed_in_part() -> None:
    seeds = [run(seed).bursts for seed in range(60)]
    seen = Counter(name for bursts in seeds for name, count in bursts.items() if count)
    assert min(seen["bursts"], seen["taken"]) > 0.95 * 60, seen
    assert min(seen["cut"], seen["apart"], seen["not admitted"], seen["in checkpoints"]) > 45, seen
    assert min(seen["replayed"], seen["lost"]) > 20, seen
    assert seen["freed in part"] > 1, seen
    assert sum(bursts["taken"] for bursts in seeds) > 60 * 5
    assert sum(bursts["calls"] for bursts in seeds) > 60 * 15
