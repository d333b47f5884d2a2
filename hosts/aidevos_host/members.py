"""Which objects of a type are in a group, oldest first, uncommitted ones included.

Only tagged groups have members to find; an object alone is its own group. A group's members are
found in the index when it is first asked for or changed, and kept while it is in use.
"""

from collections.abc import Callable

from aidevos.core.ids import GroupId, ObjectId
from aidevos.core.objects_index import ObjectsIndex

Place = tuple[GroupId, str]


class _Known:
    """The members of one group and type, in the order of their making."""

    __slots__ = ("last", "members", "used")

    def __init__(self, members: list[ObjectId]) -> None:
        self.members = dict.fromkeys(members)
        self.last: ObjectId | None = None
        """What was noted last: when it is committed, so is everything noted before."""
        self.used = True


class Members:
    """Existing objects by (group, type) of one shard."""

    def __init__(self, index: ObjectsIndex) -> None:
        """Find committed ones in `index`."""
        self._index = index
        self._known: dict[Place, _Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def note(self, object: ObjectId, *, exists: bool) -> None:
        """Take the outcome of a turn, committed or not: `object` is there, or is deleted."""
        if "{" not in object.key:
            return
        group = object.group
        if group.type:
            return
        known = self._of((group, object.type))
        known.last = object
        if exists:
            known.members[object] = None
        else:
            known.members.pop(object, None)

    def of(self, group: GroupId, type_name: str) -> tuple[ObjectId, ...]:
        """Return the existing objects of `type_name` in `group`."""
        return tuple(self._of((group, type_name)).members) if not group.type else ()

    def forget_unused(self, is_ahead: Callable[[ObjectId], bool]) -> None:
        """Let go of the groups that were not used since this was called last.

        `is_ahead` tells whether an object has changes that are not committed.
        """
        for place, known in list(self._known.items()):
            if known.used:
                known.used = False
            elif known.last is None or not is_ahead(known.last):
                del self._known[place]

    def _of(self, place: Place) -> _Known:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = _Known(self._index.members(*place))
        known.used = True
        return known
