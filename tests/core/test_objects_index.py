"""The object index against a plain dictionary: whatever happens in between, it knows the same."""

import sys
from collections.abc import Generator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from aidevos.core.entry import ObjectEntry
from aidevos.core.ids import ObjectId
from aidevos.core.layer import decode_layer
from aidevos.core.objects_index import ObjectsIndex
from aidevos.core.record import ChangeRecord
from aidevos.core.turn import EventRecord

KEYS = ("", "a", "ab", "{g}1", "{g}2", "x{g}3", "{h}1", "é", "z\U0001f422", "{}", "{{g}", "~")
OBJECTS = [
    ObjectId(tenant, type_name, key)
    for tenant, type_name in (("t", "B"), ("t", "A"), ("s", "A"))
    for key in KEYS[1:]
]
NOTHING: dict[str, int] = {}


def change(
    object: ObjectId, version: int, deleted: bool = False, values: dict[str, int] = NOTHING
) -> ChangeRecord:
    """One event that brings the object to `version`."""
    event = EventRecord("E", 1, b"{}")
    return ChangeRecord(object, version, (event,), deleted, values)  # type: ignore[arg-type]


@dataclass
class Model:
    """What is true, and an index that should say so."""

    size: int
    index: ObjectsIndex = field(default_factory=ObjectsIndex)
    known: dict[ObjectId, ObjectEntry] = field(default_factory=dict)
    changed: set[ObjectId] = field(default_factory=set)
    settling: "Generator[None, None, None] | None" = None
    now: int = 0

    def change(self, object: ObjectId, deleted: bool, values: dict[str, int]) -> None:
        self.now += 1
        entry = self.known.get(object)
        if entry is None or (entry.deleted and not deleted):
            self.known.pop(object, None)
            version, history = (entry.version, entry.history) if entry else (0, 0)
            entry = self.known[object] = ObjectEntry(version, self.now, self.now, history=history)
        self.changed.add(object)
        entry.version += 1
        entry.updated_ms, entry.deleted, entry.index = self.now, deleted, dict(values)
        self.index.apply(change(object, entry.version, deleted, dict(values)), self.now)

    def cut(self) -> None:
        self.finish()
        self.index.cut()
        self.moved()
        self.settling = self.index.settle(self.size)

    def moved(self) -> None:
        """What was cut goes into history."""
        for object in self.changed:
            self.now += 1
            assert self.index.history_of_cut(object) == self.known[object].history
            self.known[object].history = self.now
            self.index.moved(object, self.now)
        self.changed = set()

    def step(self) -> None:
        if self.settling is not None and next(self.settling, "end") == "end":
            self.settling = None

    def finish(self) -> None:
        while self.settling is not None:
            self.step()

    def restart(self) -> None:
        """Write everything down and read it again."""
        self.finish()
        kept = self.index.cut()
        self.moved()
        for _ in self.index.settle(self.size):
            pass
        raw = [layer.encoded() for layer in self.index.layers]
        self.index = ObjectsIndex(kept, map(decode_layer, raw))

    def agree(self) -> None:
        assert len(self.index) == len(self.known)
        for object in OBJECTS:
            found = self.index.get(object)
            assert _plain(found) == _plain(self.known.get(object)), object
            assert self.index.version(object) == (found.version if found else 0)
            assert (object in self.index) == (object in self.known)
        assert sorted(object for object, _ in self.index.items()) == sorted(self.known)
        self._agree_in_order()

    def _agree_in_order(self) -> None:
        for tenant, type_name in (("t", "A"), ("t", "B"), ("s", "A"), ("s", "none")):
            for prefix, after in (("", ""), ("a", ""), ("{g", "{g}1"), ("", "ab"), ("z", "a")):
                assert self.index.scan(tenant, type_name, prefix, after) is not None
                scanned = [one for one, _ in self.index.scan(tenant, type_name, prefix, after)]
                assert scanned == sorted(
                    one
                    for one in self.known
                    if (one.tenant, one.type) == (tenant, type_name)
                    and one.key.startswith(prefix)
                    and (not after or one.key > after)
                )
            for tag in ("g", "h"):
                group = ObjectId(tenant, type_name, f"{{{tag}}}").group
                assert self.index.members(group, type_name) == [
                    one
                    for one, entry in self.known.items()
                    if (one.type, one.group) == (type_name, group) and not entry.deleted
                ]


def _plain(entry: ObjectEntry | None) -> object:
    return entry and (
        entry.version, entry.created_ms, entry.updated_ms, entry.deleted, dict(entry.index),
        entry.history,
    )  # fmt: skip


changes = st.tuples(
    st.just("change"),
    st.sampled_from(OBJECTS),
    st.booleans(),
    st.sampled_from([NOTHING, {"n": 1}, {"n": 2, "m": 3}]),
)
others = st.tuples(st.sampled_from(["cut", "step", "finish", "restart"]))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(changes, changes, others), max_size=60), st.integers(1, 5))
def test_whatever_is_changed_cut_and_written_down_it_knows_what_a_dictionary_knows(
    story: list[tuple[object, ...]], step: int
) -> None:
    model = Model(step)
    for action, *arguments in story:
        getattr(model, str(action))(*arguments)
    model.agree()
    model.restart()
    model.agree()
    assert len(model.index) == len(model.known)


def filled(count: int) -> ObjectsIndex:
    index = ObjectsIndex()
    for number in range(count):
        index.apply(change(ObjectId("default", "Counter", f"k{number:07}"), 1), number)
    index.cut()
    for _ in index.settle():
        pass
    return index


def test_a_list_begins_anywhere_without_reading_what_is_before() -> None:
    index = filled(5_000)
    found = index.scan("default", "Counter", "k0004", after="k0004989")
    assert [object.key for object, _ in found] == [f"k000{n}" for n in range(4_990, 5_000)]


def test_layers_stay_few_while_new_objects_come_and_old_ones_change() -> None:
    index = filled(2_000)
    for round in range(40):
        for number in range(100):
            key = f"n{round}.{number}" if number % 2 else f"k{number * 19:07}"
            object = ObjectId("default", "Counter", key)
            index.apply(change(object, index.version(object) + 1), 10_000 + round)
        index.cut()
        for _ in index.settle():
            pass
        assert len(index.layers) <= 4
    assert len(index) == 2_000 + 40 * 50
    assert index.version(ObjectId("default", "Counter", "k0000038")) == 41


def test_a_group_of_which_a_member_is_made_again_has_it_last() -> None:
    index = ObjectsIndex()
    first, second = (ObjectId("t", "A", f"{{g}}{n}") for n in (1, 2))
    index.apply(change(first, 1), 10)
    index.apply(change(second, 1), 11)
    index.apply(change(first, 2, True), 12)
    index.cut()
    index.apply(change(first, 3), 13)
    assert index.members(first.group, "A") == [second, first]
    entry = index.get(first)
    assert entry is not None
    assert (entry.created_ms, entry.version) == (13, 3)


def test_members_changed_while_a_cut_is_settled_keep_their_order() -> None:
    index = ObjectsIndex()
    older, newer = (ObjectId("t", "A", f"{{g}}{n}") for n in (2, 1))
    index.apply(change(older, 1), 10)
    index.apply(change(newer, 1), 11)
    index.cut()
    index.apply(change(newer, 2), 12)
    index.moved(newer, 7)
    index.apply(change(older, 2), 12)
    index.moved(older, 8)
    assert index.members(older.group, "A") == [older, newer]
    entries = [index.get(object) for object in (newer, older)]
    assert [entry.history for entry in entries if entry] == [7, 8]


def test_what_was_kept_for_speed_alone_can_be_let_go_at_any_time() -> None:
    index = filled(300)
    objects = [ObjectId("default", "Counter", f"k{number:07}") for number in range(300)]
    before = [index.version(object) for object in objects]
    index.apply(change(objects[7], 2), 1_000)
    index.compact()
    assert [index.version(object) for object in objects] == [*before[:7], 2, *before[8:]]


def test_settling_a_large_cut_costs_so_much_as_it_has_entries() -> None:
    index, step, count = filled(4_000), 128, 64_000
    for number in range(0, 2 * count, 2):
        object = ObjectId("default", "Counter", f"k{number * 7_919 % (2 * count):07}")
        index.apply(change(object, index.version(object) + 1), 10_000)
    index.cut()
    calls = [0]
    settling = index.settle(step)
    sys.setprofile(lambda frame, event, argument: calls.append(calls.pop() + 1))
    steps = sum(1 for _ in settling)
    sys.setprofile(None)
    assert steps < 14 * count / step
    assert calls[0] < 120 * count
    assert [len(layer) for layer in index.layers] == [len(index)]


def test_a_layer_costs_at_most_so_many_bytes_a_name_and_few_objects() -> None:
    index = ObjectsIndex()
    for number in range(50_000):
        object = ObjectId("default", "Counter", f"b{number}")
        index.apply(change(object, 1, values={"total": 1}), 1_795_000_000_000 + number)
    index.cut()
    for number in range(50_000):
        index.moved(ObjectId("default", "Counter", f"b{number}"), number << 20)
    before = sys.getallocatedblocks()
    for _ in index.settle():
        pass
    [layer] = index.layers
    assert sum(map(len, layer.pieces())) < 46 * len(layer)
    assert sys.getallocatedblocks() - before < 1_000


def test_blocks_whose_names_begin_alike_are_found() -> None:
    index = ObjectsIndex()
    keys = [f"order-{year}-000000000000-{number:05}" for year in (1, 2) for number in range(500)]
    for key in keys:
        index.apply(change(ObjectId("t", "A", key), 1), 1)
    index.cut()
    for _ in index.settle():
        pass
    assert all(index.version(ObjectId("t", "A", key)) == 1 for key in keys)
    others = ["order-1-000000000000-00500", "order", "order-2-00000000", "order-3", "a", "z"]
    assert not any(index.version(ObjectId("t", "A", key)) for key in others)


def test_a_column_grows_wider_when_a_number_needs_it() -> None:
    index, day_ms = ObjectsIndex(), 86_400_000
    object, other = ObjectId("t", "A", "a"), ObjectId("t", "A", "b")
    for version in range(1, 300):
        index.apply(change(object, version), version * day_ms)
        if version % 50 == 0:
            index.apply(change(other, version // 50), version * day_ms)
            index.cut()
            index.moved(object, version << 40)
            for _ in index.settle():
                pass
    restored = ObjectsIndex(index.cut(), map(decode_layer, [one.encoded() for one in index.layers]))
    entry = restored.get(object)
    assert entry is not None
    assert (entry.version, entry.created_ms) == (250, day_ms)
    assert (entry.updated_ms, entry.history) == (250 * day_ms, 250 << 40)


def test_the_oldest_object_may_be_deleted_and_made_again_before_the_first_cut() -> None:
    index = ObjectsIndex()
    old, other = (ObjectId("t", "A", key) for key in "ab")
    steps = [(old, 1, False), (other, 1, False), (old, 2, True), (old, 3, False)]
    for log_time_ms, (object, seq, deleted) in enumerate(steps, 1_000):
        event = EventRecord("E", 1, b"{}")
        index.apply(ChangeRecord(object, seq, (event,), deleted), log_time_ms)
    index.cut()
    for _ in index.settle():
        pass
    found = {object.key: (entry.created_ms, entry.version) for object, entry in index.items()}
    assert found == {"a": (1_003, 3), "b": (1_001, 1)}
