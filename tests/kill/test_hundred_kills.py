"""kill -9 of worker, host and client in turn, under load: every answer against every other."""

from collections.abc import Callable
from pathlib import Path

from hunt import Hunt

KILLS = 100


async def test_nothing_is_lost_nothing_twice_and_no_answer_contradicts_another(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    hunt = Hunt(tmp_path, seed=1)
    found = await hunt.run(KILLS)
    record_property("printed", hunt.said(found))
    assert found.wrong == []
    assert sum(hunt.kills.values()) >= KILLS
    assert found.counts["answered by a record alone"] > 0, "no kill hit a call in the middle"


async def test_the_hunt_finds_answers_that_left_before_their_commit(tmp_path: Path) -> None:
    planted = ("--plant", "answers_before_commit")
    found = await Hunt(tmp_path, seed=1, options=planted, kinds=("host",)).run(8)
    assert any("is not in the history" in wrong for wrong in found.wrong)
