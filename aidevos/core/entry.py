"""What the find index knows of one object. Pure."""

import msgspec

from aidevos.core.turn import Scalar


class ObjectEntry(msgspec.Struct, array_like=True, gc=False):
    """What the find index keeps of one object, resident or not; never part of a cycle."""

    version: int
    created_ms: int
    updated_ms: int
    deleted: bool = False
    index: dict[str, Scalar] = {}
    order: int = 0
    """Grows with each life that begins in the shard: what is lower is older."""
    history: int = 0
    """Where the store has the newest chunk of its history; 0: there is none."""
