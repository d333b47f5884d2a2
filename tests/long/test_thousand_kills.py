"""A thousand kills under wild load, on a server that is often pressed; and every plant found."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hunt import Hunt
from plants import PLANTS

pytestmark = pytest.mark.long

KILLS = 250


@pytest.mark.parametrize(("seed", "pressed"), [(11, 1.0), (12, 0.8), (13, 0.5), (14, 0.0)])
async def test_through_hundreds_of_kills_no_answer_contradicts_another(
    tmp_path: Path, seed: int, pressed: float, record_property: Callable[[str, object], None]
) -> None:
    hunt = Hunt(tmp_path, seed, pressed=pressed, wild=True)
    found = await hunt.run(KILLS)
    record_property("printed", hunt.said(found))
    assert found.wrong == []
    assert sum(hunt.kills.values()) >= KILLS


@pytest.mark.parametrize("plant", PLANTS)
async def test_the_hunt_finds_a_promise_that_is_broken(tmp_path: Path, plant: str) -> None:
    found = await Hunt(tmp_path, seed=5, options=("--plant", plant)).run(40)
    assert found.wrong, f"{plant} was not found"
