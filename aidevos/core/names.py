"""Names of one shard's objects as short bytes: a section for (tenant, type), then the key. Pure.

Within a section names are in the order of the keys. Sections are numbered as they come, for ever:
the table of them is in every checkpoint.
"""

from collections.abc import Iterable

from aidevos.core.ids import ObjectId

Section = tuple[str, str]
"""(tenant, type)."""
_FIRST, _DIGIT = 0x21, 0x4000
"""A section is two characters: its number in digits of 14 bits, above the zero byte."""


class Names:
    """The sections of one shard."""

    def __init__(self, sections: Iterable[Section] = ()) -> None:
        """Begin with the table of a checkpoint."""
        self._sections: list[Section] = []
        self._heads: dict[Section, str] = {}
        self._types: dict[str, list[str]] = {}
        for section in sections:
            self._add(section)

    def name(self, object: ObjectId) -> bytes:
        """Return the name of `object`."""
        section = (object.tenant, object.type)
        head = self._heads.get(section) or self._add(section)
        return (head + object.key).encode()

    def of(self, tenant: str, type_name: str, key: str) -> bytes:
        """Return the name of a key, of an object or not; above all if the section is new."""
        head = self._heads.get((tenant, type_name))
        return b"\xff" if head is None else (head + key).encode()

    def object(self, name: bytes) -> ObjectId:
        """Return the object of a name."""
        text = name.decode()
        number = (ord(text[0]) - _FIRST) * _DIGIT + ord(text[1]) - _FIRST
        tenant, type_name = self._sections[number]
        return ObjectId(tenant, type_name, text[2:])

    def types(self, tenant: str) -> list[str]:
        """Return the tenant's types, sorted."""
        return sorted(self._types.get(tenant, ()))

    def sections(self) -> tuple[Section, ...]:
        """Return the table, in the order of the numbers."""
        return tuple(self._sections)

    def _add(self, section: Section) -> str:
        high, low = divmod(len(self._sections), _DIGIT)
        head = chr(_FIRST + high) + chr(_FIRST + low)
        self._heads[section] = head
        self._sections.append(section)
        self._types.setdefault(section[0], []).append(section[1])
        return head
