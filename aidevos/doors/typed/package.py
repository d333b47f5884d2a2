"""One version of a package as it is served: which rpc runs which method, and for whom.

Pools and codecs are made when they are first needed: a version that nobody calls costs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from aidevos.core.ids import ObjectId, object_id
from aidevos.doors.app_routes import Pattern
from aidevos.doors.typed.compatibility import complaints_of
from aidevos.doors.typed.contract import Contract, Rpc
from aidevos.doors.typed.descriptors import file_of
from aidevos.doors.typed.pool import Pool

TENANT = "default"
"""Every credential is of this tenant."""

Allows = Callable[[str, str, str], bool]
"""Whether (principal, type, method) may be called, as the host's policy says."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the objects of a service are: an app's in its group, a type's under any key."""

    prefix: str = ""
    root: str = ""
    base: str = ""
    """Path of the app's API, for the addresses of its things."""

    def object(self, rpc: Rpc, key: str) -> ObjectId:
        """Return the object that an rpc calls. Raises InvalidArgumentError."""
        if rpc.on == "root":
            return ObjectId(TENANT, rpc.type, self.root)
        return object_id(TENANT, rpc.type, self.prefix + key if key else "")


@dataclass(frozen=True)
class Package:
    """`contract` served by what `current` (the same or another version) says is there now."""

    contract: Contract
    current: Contract
    keys: Keys
    allows: Allows = field(repr=False)

    @cached_property
    def file(self) -> FileDescriptorProto:
        """The descriptor with comments, for reflection and export."""
        return file_of(self.contract)

    @cached_property
    def pool(self) -> Pool:
        """The message classes."""
        return Pool(self.file)

    @cached_property
    def served(self) -> dict[str, Rpc]:
        """What each rpc runs now; one that could not keep its word is left out."""
        if self.contract is self.current:
            return {rpc.name: rpc for rpc in self.current.rpcs}
        now = {rpc.name: rpc for rpc in self.current.rpcs}
        return {
            rpc.name: now[rpc.name]
            for rpc in self.contract.rpcs
            if not complaints_of(rpc, self.contract, self.current)
        }

    def shown_to(self, principal: str) -> bool:
        """Whether `principal` may call anything of it."""
        return any(self.allows(principal, rpc.type, rpc.method) for rpc in self.contract.rpcs)

    def links(self, rpc: Rpc) -> dict[str, Pattern]:
        """Return the addresses that a thing is shown with."""
        return {name: Pattern(path) for name, path in rpc.links.items()}
