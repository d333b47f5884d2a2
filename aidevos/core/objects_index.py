"""What a shard knows of its objects, resident or not: some hundred bytes each (ADR-0015). Pure.

Like a log-structured merge tree: what changed since the last cut is in a dictionary; older entries
are in a few immutable layers, which checkpoints write down as they are. A cut takes no time,
whatever there is; `settle` then makes a layer of what was cut, in bounded steps, while changes go
on. So the layers are always the index as of the last settled cut.
"""

from bisect import bisect_left, insort
from collections.abc import Generator, Iterable, Iterator
from copy import copy
from heapq import merge as merged
from itertools import islice

from aidevos.core.checkpoint import Kept
from aidevos.core.entry import ObjectEntry
from aidevos.core.ids import GroupId, ObjectId, tag_place
from aidevos.core.layer import DELETED, TAGGED_INSIDE, Layer
from aidevos.core.layers import STEP, merge, small_layer, to_merge
from aidevos.core.names import Names
from aidevos.core.record import BurstRecord
from aidevos.core.turn import ChangeRecord, Scalar

INSORT_MAX = 32
"""So many names are put into a sorted list one by one, more by sorting it."""
MERGED_AT_ONCE = 16
"""Layers: with many more, a step takes hardly an entry from each."""
FOUND_MAX = 4_096
"""Places in layers that are kept."""
Found = tuple[Layer, int]
NO_VALUES: dict[str, Scalar] = {}


class Recent:
    """Entries changed since a cut, and the names among them that no older layer has, in order."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: dict[ObjectId, ObjectEntry] = {}
        self._made: list[bytes] = []
        self._sorted: list[bytes] = []

    def __len__(self) -> int:
        return len(self._made) + len(self._sorted)

    def made(self, name: bytes) -> None:
        """Take a name that no older layer has."""
        self._made.append(name)

    def names(self) -> list[bytes]:
        """Return the names that no older layer has, sorted; not to be changed."""
        if len(self._made) <= INSORT_MAX:
            for name in self._made:
                insort(self._sorted, name)
        else:
            self._sorted += self._made
            self._sorted.sort()  # Two runs: hardly more than reading them once.
        self._made = []
        return self._sorted


class ObjectsIndex:
    """Entries of one shard's objects, deleted ones included, as of its committed tail."""

    def __init__(self, kept: Kept | None = None, layers: Iterable[Layer] = ()) -> None:
        """Begin with what a checkpoint kept, layers from old to new; or empty."""
        kept = kept or Kept()
        self.names = Names(kept.sections)
        self.layers: tuple[Layer, ...] = tuple(layers)
        self._recent = Recent()
        self._cut = Recent()
        """What `settle` makes a layer of; empty between."""
        self._born = kept.born
        self._began_ms = 0
        """When the first object was made, if no layer says it."""
        self._stored = kept.count
        self._found: dict[ObjectId, Found] = {}
        self._inside: dict[tuple[GroupId, str], dict[ObjectId, None]] = {}
        """Objects whose key has its tag inside: no range of names holds their group."""
        for layer in self.layers:
            self._note_inside(layer)

    def __len__(self) -> int:
        return self._stored + len(self._recent) + len(self._cut)

    def __contains__(self, object: ObjectId) -> bool:
        return self.version(object) > 0

    @property
    def changed(self) -> int:
        """Objects changed since the last cut."""
        return len(self._recent.entries)

    def version(self, object: ObjectId) -> int:
        """Return the version of `object`; 0 if it was never made."""
        entry = self._recent.entries.get(object) or self._cut.entries.get(object)
        if entry is not None:
            return entry.version
        found = self._find(object)
        return found[0].versions[found[1]] if found else 0

    def get(self, object: ObjectId) -> ObjectEntry | None:
        """Return what is known of `object`, not to be changed; None if it was never made."""
        entry = self._recent.entries.get(object) or self._cut.entries.get(object)
        if entry is not None:
            return entry
        found = self._find(object)
        return found[0].entry(found[1]) if found else None

    # ---- change ----------------------------------------------------------------------------

    def apply(self, change: ChangeRecord, log_time_ms: int) -> None:
        """Take a committed change."""
        object, deleted = change.object, change.deleted
        entry = self._recent.entries.get(object)
        if entry is None:
            entry = self._recent.entries[object] = self._own(object, log_time_ms)
        assert change.first_seq == entry.version + 1, (object, entry.version)
        if entry.deleted and not deleted:
            entry.created_ms, entry.order = log_time_ms, self._next_order()
        entry.version += len(change.events)
        entry.updated_ms = log_time_ms
        entry.deleted = deleted
        entry.index = change.index or NO_VALUES

    def apply_burst(self, record: BurstRecord, log_time_ms: int) -> None:
        """Take the committed changes of a burst; none of them ends a life."""
        changed = [False] * len(record.objects)
        for at, events in zip(record.object_index, record.events, strict=True):
            changed[at] = changed[at] or bool(events)
        entries = [
            self._changed(object, log_time_ms) if has_changed else None
            for object, has_changed in zip(record.objects, changed, strict=True)
        ]
        columns = zip(
            record.object_index, record.versions, record.events, record.index, strict=True
        )
        for at, version, events, values in columns:
            entry = entries[at]
            if events and entry is not None:
                assert entry.version == version - len(events), (record.objects[at], entry.version)
                entry.version = version
                entry.index = values or NO_VALUES

    def _changed(self, object: ObjectId, log_time_ms: int) -> ObjectEntry:
        """Return the entry of an object that events of this time go into, alive."""
        recent = self._recent.entries
        entry = recent.get(object)
        if entry is None:
            entry = recent[object] = self._own(object, log_time_ms)
        if entry.deleted:
            entry.created_ms, entry.order = log_time_ms, self._next_order()
            entry.deleted = False
        entry.updated_ms = log_time_ms
        return entry

    def _own(self, object: ObjectId, log_time_ms: int) -> ObjectEntry:
        """Return an entry that may be changed."""
        cut = self._cut.entries.get(object)
        if cut is not None:
            return copy(cut)
        found = self._find(object)
        if found is not None:
            return found[0].entry(found[1])
        self._recent.made(self.names.name(object))
        self._note_one_inside(object)
        if not self._born:
            self._began_ms = log_time_ms
        return ObjectEntry(0, log_time_ms, log_time_ms, False, NO_VALUES, self._next_order())

    def _next_order(self) -> int:
        self._born += 1
        return self._born

    # ---- lists -----------------------------------------------------------------------------

    def scan(
        self, tenant: str, type_name: str, prefix: str = "", after: str = ""
    ) -> Iterator[tuple[ObjectId, ObjectEntry]]:
        """Yield the objects of a type whose key begins with `prefix` and is above `after`.

        In the order of their keys. The index must not change while this is read.
        """
        low = max(prefix, after)
        for name in self._names_from(self.names.of(tenant, type_name, low)):
            object = self.names.object(name)
            if not (object.type == type_name and object.tenant == tenant):
                return
            if object.key <= after and after:
                continue
            if not object.key.startswith(prefix):
                return
            entry = self.get(object)
            assert entry is not None, object
            yield object, entry

    def types(self, tenant: str) -> list[str]:
        """Return the types of which `tenant` has or had objects, sorted."""
        return self.names.types(tenant)

    def items(self) -> Iterator[tuple[ObjectId, ObjectEntry]]:
        """Yield everything, in no order that means anything. The index must not change."""
        for tenant, type_name in self.names.sections():
            yield from self.scan(tenant, type_name)

    def members(self, group: GroupId, type_name: str) -> list[ObjectId]:
        """Return the existing objects of a type in a tagged group, oldest first."""
        assert not group.type, "an object without a tag is alone"
        found = [
            (entry.order, object)
            for object, entry in self.scan(group.tenant, type_name, f"{{{group.name}}}")
            if not entry.deleted
        ]
        for object in self._inside.get((group, type_name), ()):
            entry = self.get(object)
            if entry is not None and not entry.deleted:
                found.append((entry.order, object))
        return [object for _, object in sorted(found)]

    def _names_from(self, name: bytes) -> Iterator[bytes]:
        """Yield each name from `name` on once, in order."""
        sources: list[Iterator[bytes]] = [
            (one for one, _ in layer.names_from(name)) for layer in self.layers if len(layer)
        ]
        for recent in (self._cut, self._recent):
            names = recent.names()
            sources.append(islice(names, bisect_left(names, name), None))
        last = b""
        for one in merged(*sources):
            if one != last:
                yield one
            last = one

    # ---- cut -------------------------------------------------------------------------------

    def cut(self) -> Kept:
        """Set apart what is known now; `settle` makes it layers, one cut at a time."""
        assert not self._cut.entries, "the cut before is not settled"
        self._cut, self._recent = self._recent, Recent()
        return Kept(self.names.sections(), len(self), self._born)

    def history_of_cut(self, object: ObjectId) -> int:
        """Return where the newest chunk of history is of an object that was cut."""
        return self._cut.entries[object].history

    def moved(self, object: ObjectId, place: int) -> None:
        """What was cut of `object` is in history now, at `place`; before it is settled."""
        self._cut.entries[object].history = place
        later = self._recent.entries.get(object)
        if later is not None:
            later.history = place

    def settle(self, step: int = STEP) -> Generator[None, None, None]:
        """Make layers of what was cut; yields between steps of about a millisecond.

        What changes meanwhile stays apart. Run it to its end, or drop the whole index.
        """
        if not self._cut.entries:
            return
        fresh = yield from self._layer_of_cut(step)
        kept = list(self.layers)
        first = to_merge([*map(len, kept), len(fresh)])
        merging = [*kept[first:], fresh]
        made = merging[0] if len(merging) == 1 else (yield from merge(merging, step))
        self.layers = (*kept[:first], made)
        self._found.clear()
        self._stored += len(self._cut)
        settled, self._cut = self._cut.entries, Recent()
        while settled:  # Letting go of many objects takes time as well.
            yield
            for _ in range(min(step, len(settled))):
                settled.popitem()

    def _layer_of_cut(self, step: int) -> Generator[None, None, Layer]:
        """Make layers of a step each, and merge some at a time until there is one.

        Pairs of names and entries, sorted, were containers for the collector to look at: 65,000 of
        them made it stop all calls for 100 ms.
        """
        made: list[Layer] = []
        base_ms, name = self._base_ms(), self.names.name
        entries = iter(self._cut.entries.items())
        while part := list(islice(entries, step)):
            known = [(name(object), entry, _is_inside(object)) for object, entry in part]
            made.append(small_layer(known, base_ms))
            yield
        while len(made) > 1:
            group, made = made[:MERGED_AT_ONCE], made[MERGED_AT_ONCE:]
            made.append((yield from merge(group, step)))
        return made[0]

    def _base_ms(self) -> int:
        """Return a time that no entry was made before: log_time never falls."""
        if self.layers:
            return self.layers[0].base_ms
        return self._began_ms

    def compact(self) -> None:
        """Let go of what is kept for speed alone; while nobody calls."""
        self._found = {}

    # ---- inside ----------------------------------------------------------------------------

    def _find(self, object: ObjectId) -> Found | None:
        """Return where the newest layer that knows `object` has it.

        A call of a cold object looks three or four times, so what was found is kept for a while.
        """
        found = self._found.get(object)
        if found is not None or not self.layers:
            return found
        name = self.names.of(object.tenant, object.type, object.key)
        for layer in reversed(self.layers):
            place = layer.find(name)
            if place >= 0:
                if len(self._found) >= FOUND_MAX:
                    self._found.clear()
                found = self._found[object] = (layer, place)
                return found
        return None

    def _note_inside(self, layer: Layer) -> None:
        if not any(flag in layer.flags for flag in (TAGGED_INSIDE, TAGGED_INSIDE | DELETED)):
            return
        for place, flag in enumerate(layer.flags):
            if flag & TAGGED_INSIDE:
                [name] = layer.names(place, place + 1)
                self._note_one_inside(self.names.object(name))

    def _note_one_inside(self, object: ObjectId) -> None:
        if _is_inside(object):
            self._inside.setdefault((object.group, object.type), {})[object] = None


def _is_inside(object: ObjectId) -> bool:
    """Whether the key has a tag that is not at its beginning."""
    return tag_place(object.key) > 0
