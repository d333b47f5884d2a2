"""What authors of durable objects import. `import aidevos` gives the same names."""

from msgspec import UNSET
from msgspec import UnsetType as Unset

from aidevos.core.errors import (
    AidevosError,
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    Violation,
)
from aidevos.objects.bugs import DefinitionError, MisuseError
from aidevos.objects.methods import apply, command, query
from aidevos.objects.object import DurableObject, Group
from aidevos.objects.schema import Event, State, upcast

__all__ = [
    "UNSET",
    "AidevosError",
    "AlreadyExistsError",
    "DefinitionError",
    "DurableObject",
    "Event",
    "FailedPreconditionError",
    "Group",
    "InvalidArgumentError",
    "MisuseError",
    "NotFoundError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "State",
    "Unset",
    "Violation",
    "apply",
    "command",
    "query",
    "upcast",
]
