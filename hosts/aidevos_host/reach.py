"""Which objects of a service can be called from outside, whichever door a call came through.

An app's things are made by its own methods, which check what they make. A call that reached a
thing that is not there would make one past those checks, and one with a key of another group would
put things where nobody looks for them.
"""

from dataclasses import dataclass

from aidevos.core.errors import NotFoundError
from aidevos.core.ids import ObjectId


@dataclass(frozen=True, slots=True)
class Reach:
    """Keys begin with `prefix`; objects of the types `made_inside` must be there."""

    prefix: str
    made_inside: frozenset[str]

    def overlaps(self, other: "Reach") -> bool:
        """Whether a key may begin with the prefixes of both."""
        return self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)

    def check(self, object: ObjectId) -> None:
        """Raise NotFoundError for a key of others."""
        if not object.key.startswith(self.prefix):
            raise NotFoundError(
                f"{object} is not there: keys of its service begin with {self.prefix}",
                field="key",
            )

    def must_exist(self, object: ObjectId) -> bool:
        """Whether a call may not begin the object."""
        return object.type in self.made_inside
