"""State and Event: versioned, typed JSON; translating what older code wrote.

A stored value knows the version of its class. Newer than the class: UPGRADE_REQUIRED, so that old
code never drops what it does not know. Older: upcasters, one per version step. A step without an
upcaster means "same shape, new fields take their defaults"; unknown fields are never dropped.
"""

import keyword
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec

from aidevos.core import codec
from aidevos.core.errors import HandlerFailedError, UpgradeRequiredError
from aidevos.objects.bugs import DefinitionError

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
F = TypeVar("F", bound=Callable[..., Any])


_TAKEN = frozenset((*keyword.kwlist, "self", "str", "int", "bool"))
"""Names that no field or argument of Python code can well have."""


def wire_name(name: str) -> str:
    """Return the JSON name of a Python name: `from_` is written `from`, being taken in Python."""
    return name[:-1] if name.endswith("_") and name[:-1] in _TAKEN else name


def python_name(name: str) -> str:
    """Return the Python name of a JSON name: `from_` for `from`; see wire_name."""
    return f"{name}_" if name in _TAKEN else name


class VersionedMeta(msgspec.StructMeta):
    """Lets a class say `class State(aidevos.State, version=2)`."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> Any:
        """Make the class; its version is 1 unless said."""
        version = options.pop("version", 1)
        if not isinstance(version, int) or version < 1:
            raise DefinitionError(f"{name}: version must be a whole number of at least 1")
        namespace["schema_version"] = version
        namespace["upcasters"] = {}
        return super().__new__(cls, name, bases, namespace, **options)


class Versioned(
    msgspec.Struct, metaclass=VersionedMeta, forbid_unknown_fields=True, rename=wire_name
):
    """What State and Event share."""

    schema_version: ClassVar[int]
    upcasters: ClassVar[dict[int, Upcaster]]


class State(Versioned, kw_only=True):
    """The state of an object: every field has a default, for that is the state before its life."""


class EventMeta(VersionedMeta):
    """Makes every event immutable, whatever its class says."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> Any:
        """Make the class, frozen."""
        return super().__new__(cls, name, bases, namespace, **{**options, "frozen": True})


class Event(Versioned, metaclass=EventMeta):
    """A fact, in the past tense, that a command emits and an `@apply` method folds."""


def upcast(kind: type[Versioned], *, from_version: int) -> Callable[[F], F]:
    """Mark a function that turns the JSON object of `from_version` into the next version's.

    It stands beside the class, or in it under `@staticmethod`.
    """
    if not 1 <= from_version < kind.schema_version:
        raise DefinitionError(
            f"{kind.__qualname__} has version {kind.schema_version}: an upcaster goes from a "
            f"version between 1 and {kind.schema_version - 1}, not {from_version}"
        )

    def register(function: F) -> F:
        kind.upcasters[from_version] = function
        return function

    return register


class Stored:
    """Reads stored values of one State or Event class."""

    def __init__(self, kind: type[Versioned], owner: str) -> None:
        """`owner` names the object type in messages. Raises DefinitionError."""
        self.kind = kind
        self._name = f"{owner}.{kind.__name__}"
        try:
            self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
        except TypeError as error:
            raise DefinitionError(f"{self._name} cannot be stored as JSON: {error}") from error

    def decode(self, body: bytes, version: int) -> Any:
        """Return the value. UpgradeRequiredError if newer, HandlerFailedError if unfitting."""
        if version != self.kind.schema_version:
            body = codec.to_json(self._translate(body, version))
        try:
            return self._decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise HandlerFailedError(
                f"{self._name}: a stored value of version {version} does not fit version "
                f"{self.kind.schema_version}: {error}; give it an upcaster"
            ) from error

    def _translate(self, body: bytes, version: int) -> Any:
        if version > self.kind.schema_version:
            raise UpgradeRequiredError(
                f"{self._name} was written by newer code: version {version}, here is "
                f"{self.kind.schema_version}; deploy the newer version again"
            )
        value = codec.from_json(body)
        for step in range(version, self.kind.schema_version):
            translate = self.kind.upcasters.get(step)
            value = translate(value) if translate else value
        return value
