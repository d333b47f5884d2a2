"""A worker's collector: what stays is frozen, cycles among it wait until the host is silent."""

import gc
import weakref
from collections.abc import Iterator

import pytest
from aidevos_worker.collector import FREEZE_NS, Collector


class Node:
    """Part of a cycle with itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[Collector]:
    threshold = gc.get_threshold()
    yield Collector()
    gc.unfreeze()
    gc.set_threshold(*threshold)


def freeze(collector: Collector) -> None:
    collector._frozen_ns -= FREEZE_NS
    collector.between_frames()


def test_what_stays_for_a_second_is_frozen_and_garbage_is_not(collector: Collector) -> None:
    kept, garbage = Node(), weakref.ref(Node())
    freeze(collector)
    assert garbage() is None
    assert not any(found is kept for found in gc.get_objects())


def test_a_cycle_that_was_frozen_goes_when_the_host_is_silent(collector: Collector) -> None:
    node = Node()
    freeze(collector)
    known = weakref.ref(node)
    del node
    gc.collect()
    assert known() is not None
    collector.quiet()
    assert known() is None
