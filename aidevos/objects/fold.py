"""Folding: what stored events make of a state. The same for a revival and for a check."""

from collections.abc import Iterable
from typing import Any

from aidevos.core.errors import UpgradeRequiredError
from aidevos.core.turn import EventRecord, Held
from aidevos.objects.bugs import MisuseError
from aidevos.objects.definition import Definition
from aidevos.objects.schema import State

DELETED = "$deleted"
"""Name of the event that ends a life; no class can have it."""


def fold_state(definition: Definition, held: Held) -> State:
    """Return the state of `held` with its events folded in.

    Raises UpgradeRequiredError, HandlerFailedError (a value that does not fit) or MisuseError.
    """
    return fold_onto(definition, _base_state(definition, held), held.events)


def fold_onto(definition: Definition, state: State, events: Iterable[EventRecord]) -> State:
    """Return `state`, which may be changed, with `events` folded in."""
    instance = definition.new()
    instance.state = state
    for record in events:
        _apply(definition, instance, record)
    folded: State = instance.state
    return folded


def _apply(definition: Definition, instance: Any, record: EventRecord) -> None:
    if record.type == DELETED:
        instance.state = definition.state()
        return
    fold = definition.folds.get(record.type)
    if fold is None:
        raise UpgradeRequiredError(
            f"{definition.name} does not know the event {record.type}: newer code wrote it, or "
            "its class was removed; keep the class and its @apply as long as events of it exist"
        )
    event = fold.stored.decode(record.body, record.version)
    try:
        fold.function(instance, event)
    except Exception as error:  # Boundary: whatever an @apply raises is a bug, never a refusal.
        raise MisuseError(f"{definition.name}: @apply of {record.type} raised: {error}") from error


def _base_state(definition: Definition, held: Held) -> State:
    if held.state is None or (held.deleted and not held.events):
        return definition.state()
    state: State = definition.stored_state.decode(held.state, held.state_version)
    return state
