"""Events whose fields are partly UNSET: whether they change a state, and folding them."""

from typing import TypeVar

import msgspec

from aidevos.objects.schema import Event, State

T = TypeVar("T")


def assign(state: State, event: Event) -> None:
    """Set the state's fields of the same names to what the event has; UNSET ones stay."""
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if value is not msgspec.UNSET:
            setattr(state, name, value)


def differs(state: State, event: Event, *ignoring: str) -> bool:
    """Whether `assign` would change anything in other fields than `ignoring`."""
    return any(
        (value := getattr(event, name)) is not msgspec.UNSET and value != getattr(state, name)
        for name in event.__struct_fields__
        if name not in ignoring
    )


def latest(given: T | msgspec.UnsetType, before: T) -> T:
    """Return what was given, or what was before if nothing was."""
    return before if isinstance(given, msgspec.UnsetType) else given
