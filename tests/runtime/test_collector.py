"""The collector's tuning: what stays is frozen while calls come, cycles go when nobody calls."""

import gc
import weakref
from collections.abc import Iterator

import pytest

import aidevos.runtime.collector
from aidevos.runtime.collector import QUIET_TICKS, Collector, Pauses


class Node:
    """Part of a cycle."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_survives_while_calls_come_is_frozen_and_no_full_pass_is_made() -> None:
    calls = iter(range(100))
    collector = Collector(lambda: next(calls))
    kept = [[number] for number in range(1_000)]
    frozen, full = gc.get_freeze_count(), gc.get_stats()[2]["collections"]
    collector.tick()
    assert gc.get_freeze_count() >= frozen + len(kept)
    assert gc.get_stats()[2]["collections"] == full


def test_a_cycle_that_was_frozen_goes_when_nobody_has_called_for_a_while() -> None:
    count = 0
    collector = Collector(lambda: count)
    node = Node()
    seen = weakref.ref(node)
    count = 1
    collector.tick()
    del node
    for _ in range(QUIET_TICKS - 1):
        collector.tick()
    assert seen() is not None
    collector.tick()
    assert seen() is None


def test_cycles_that_are_left_behind_do_not_gather_however_long_calls_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aidevos.runtime.collector, "COUNTED_TICKS", 2)
    calls = iter(range(1_000))
    collector = Collector(lambda: next(calls))
    seen = []
    for _ in range(8):
        nodes = [Node() for _ in range(100_000)]
        seen.append(weakref.ref(nodes[0]))
        collector.tick()
        del nodes
    collector.tick()
    gone = [node() is None for node in seen]
    assert any(gone), "while calls came"
    assert gc.get_freeze_count() < 1_500_000


def test_pauses_are_measured_from_start_to_stop() -> None:
    pauses = Pauses()
    pauses.start()
    gc.collect()
    pauses.stop()
    longest, total = pauses.longest_us, pauses.total_us
    assert 0 < longest <= total
    gc.collect()
    assert (pauses.longest_us, pauses.total_us) == (longest, total)
