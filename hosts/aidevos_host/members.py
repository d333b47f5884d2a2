"""Which objects of a type are in a group, oldest first, uncommitted ones included.

Only tagged groups have members to find; an object alone is its own group.
"""

from collections.abc import Mapping

from aidevos.core.checkpoint import ObjectEntry
from aidevos.core.ids import GroupId, ObjectId


class Members:
    """Existing objects by (group, type), in the order of their making."""

    def __init__(self, objects: Mapping[ObjectId, ObjectEntry]) -> None:
        """Begin with the committed objects of the index, which keeps them in that order."""
        self._found: dict[tuple[GroupId, str], dict[ObjectId, None]] = {}
        for object, entry in objects.items():
            if not entry.deleted and "{" in object.key:  # Without a tag it is in no group.
                self.note(object, exists=True)

    def note(self, object: ObjectId, *, exists: bool) -> None:
        """Take the outcome of a turn: `object` is there, or is deleted."""
        group = object.group
        if group.type:
            return
        if exists:
            self._found.setdefault((group, object.type), {})[object] = None
        else:
            self._found.get((group, object.type), {}).pop(object, None)

    def of(self, group: GroupId, type_name: str) -> tuple[ObjectId, ...]:
        """Return the existing objects of `type_name` in `group`."""
        return tuple(self._found.get((group, type_name), ()))
