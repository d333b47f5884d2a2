"""A typed service as values: packages, messages, enums, rpcs. Pure; stored as they are here.

A contract is made without numbers from what is installed, and gets them by `numbering`. Numbers,
names and types that were given once are kept for ever: what is gone is `reserved` or `retired`.
"""

from typing import Literal

import msgspec

KEY, REQUEST_ID, EXPECTED_VERSION, PAGE_SIZE, PAGE_TOKEN, CLEAR = 1, 2, 3, 4, 5, 9
"""The platform's numbers in requests."""
VERSION, IS_REPEAT, ANSWERED_ID, NEXT_PAGE_TOKEN = 1, 2, 3, 4
"""The platform's numbers in responses."""
FIRST_OF_AUTHOR = 10
"""First number of a request's or response's own fields; other messages begin at 1."""
ONEOF = "kind"
"""Name of the oneof of a union's message."""

Absent = Literal["omit", "null", "empty"]
"""What JSON gets for a field that is not set: nothing, null, or an empty list or map."""


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field. `type` is a scalar, a well-known message, or a name of this contract."""

    name: str
    json: str = ""
    """Its property in JSON; empty for the platform's own. In a union: the tag's value."""
    kind: Literal["scalar", "message", "enum"] = "scalar"
    type: str
    label: Literal["one", "many", "map"] = "one"
    number: int = 0
    required: bool = False
    """Whether a call without it is refused."""
    nullable: bool = False
    """Whether `clear` may name it: null says something else than leaving it out."""
    absent: Absent = "omit"
    doc: str = ""

    @property
    def wire(self) -> tuple[str, str, str]:
        """What may never change."""
        return self.kind, self.type, self.label


class Reserved(msgspec.Struct, frozen=True, array_like=True):
    """A number and a name that were used once."""

    number: int
    name: str


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message. `role` says whose fields it has."""

    name: str
    fields: tuple[Field, ...] = ()
    role: Literal["request", "response", "value", "union"] = "value"
    constants: dict[str, str | int] = {}
    """Properties that JSON has and the message does not: the tag of a union's member."""
    tag: str = ""
    """Of a union: the property that tells which."""
    reserved: tuple[Reserved, ...] = ()
    doc: str = ""


class EnumValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value: its name in proto, its value in JSON."""

    name: str
    json: str | int
    number: int = 0


class Enum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One enum; number 0 is `..._UNSPECIFIED` and not among its values."""

    name: str
    values: tuple[EnumValue, ...]
    reserved: tuple[Reserved, ...] = ()
    doc: str = ""


class Rpc(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rpc: which method of which object it calls, and how the reply is answered."""

    name: str
    request: str
    response: str
    type: str
    method: str
    on: Literal["key", "thing", "root"] = "key"
    """`key`: any object of the type; `thing`: one that is there; `root`: the app's own."""
    query: bool = False
    watch: bool = False
    """A server stream: the query's answer, and again each time that it is another one."""
    paged: bool = False
    links: dict[str, str] = {}
    """Fields of the thing that are addresses, with their routes."""
    doc: str = ""


class Contract(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a package: `package` is its name without the version."""

    package: str
    major: int = 1
    service: str
    rpcs: tuple[Rpc, ...]
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...] = ()
    retired_messages: tuple[Message, ...] = ()
    """No longer in the package; their numbers are kept should they come back."""
    retired_enums: tuple[Enum, ...] = ()
    doc: str = ""

    @property
    def package_name(self) -> str:
        """For example `counter.v1`."""
        return f"{self.package}.v{self.major}"

    @property
    def service_name(self) -> str:
        """For example `counter.v1.CounterService`."""
        return f"{self.package_name}.{self.service}"

    def message(self, name: str) -> Message | None:
        """Return the message called `name`, or None."""
        return next((message for message in self.messages if message.name == name), None)

    def enum(self, name: str) -> Enum | None:
        """Return the enum called `name`, or None."""
        return next((enum for enum in self.enums if enum.name == name), None)

    def rpc(self, name: str) -> Rpc | None:
        """Return the rpc called `name`, or None."""
        return next((rpc for rpc in self.rpcs if rpc.name == name), None)
