"""Names of objects, their groups, slots and shards (PROTOCOL.md section 1). Pure.

A key may carry a tag in braces, `{shop}order-17`, as Redis Cluster's hash tags: all
objects of one (tenant, tag) are one group, share a slot for ever and can be read and
changed in one turn. An object without a tag is a group of its own.
"""

import hashlib
import re

import msgspec

from aidevos.core.errors import InvalidArgumentError

SLOT_COUNT = 4_096
SHARD_COUNT_DEFAULT = 16
KEY_BYTES_MAX = 512

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_TAG = re.compile(r"\{([^{}]+)\}")


class ObjectId(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """The address of one object, for ever."""

    tenant: str
    type: str
    key: str

    @property
    def group(self) -> "GroupId":
        """The group whose turns are taken one at a time, and which commits together."""
        tag = _TAG.search(self.key)
        return (
            GroupId(self.tenant, "", tag.group(1))
            if tag
            else GroupId(self.tenant, self.type, self.key)
        )

    def __str__(self) -> str:
        return f"{self.type}/{self.key}"


def tag_place(key: str) -> int:
    """Return where the tag of `key` begins, 0-based; -1 if it has none."""
    tag = _TAG.search(key) if "{" in key else None
    return tag.start() if tag else -1


class GroupId(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """(tenant, "", tag) for a tagged key, else (tenant, type, key)."""

    tenant: str
    type: str
    name: str


def object_id(tenant: str, type_name: str, key: str) -> ObjectId:
    """Return a checked ObjectId; a wrong part raises InvalidArgumentError with its field."""
    if not _TENANT.fullmatch(tenant):
        raise InvalidArgumentError(
            "tenant: 1 to 63 characters of a-z, 0-9, - and _", field="tenant"
        )
    if not _TYPE.fullmatch(type_name):
        raise InvalidArgumentError(
            "object_type: a letter, then up to 63 letters, digits or _", field="object_type"
        )
    if (
        not key
        or len(key.encode("utf-8", "surrogatepass")) > KEY_BYTES_MAX
        or not key.isprintable()
    ):
        raise InvalidArgumentError(
            f"key: 1 to {KEY_BYTES_MAX} bytes of printable characters", field="key"
        )
    return ObjectId(tenant, type_name, key)


def slot_of(group: GroupId) -> int:
    """Return the group's slot, 0..4095: BLAKE2b-64 of the length-prefixed parts."""
    parts = (group.tenant, group.name) if not group.type else (group.tenant, group.type, group.name)
    raw = [part.encode() for part in parts]
    named = b"".join([len(part).to_bytes(4, "big") + part for part in raw])
    digest = hashlib.blake2b(named, digest_size=8)
    return int.from_bytes(digest.digest(), "big") % SLOT_COUNT


def shard_of(group: GroupId, shard_count: int = SHARD_COUNT_DEFAULT) -> int:
    """Return the shard, 0..shard_count-1, that holds the group's slot (equal ranges)."""
    return slot_of(group) * shard_count // SLOT_COUNT
