"""Is what a turn leaves fit to be kept? Its size, and that its events alone give its state."""

from aidevos.core import codec
from aidevos.core.record import RECORD_BYTES_MAX
from aidevos.core.turn import EventRecord
from aidevos.objects.bugs import CheatError, MisuseError
from aidevos.objects.fold import fold_onto
from aidevos.objects.unit import Unit

STATE_BYTES_MAX = 8 << 20
"""Largest encoded state of one object that a turn may leave."""

MEASURED_EVERY = 256
"""An object's state is encoded to be measured whenever its version comes to a multiple of this,
or the turn leaves many bytes."""

MANY = 64 << 10
SMALL = 4 << 10
"""One event of at most so many bytes can not leave too many, beside a reply that was checked."""


def check_sizes(unit: Unit, reply_bytes: int) -> None:
    """Raise MisuseError if the turn of `unit` leaves more than is kept."""
    events = unit.events
    size = len(events[0][2]) if len(events) == 1 else sum(len(body) for _, _, body in events)
    before = unit.entry.version
    crossed = before // MEASURED_EVERY != (before + len(events)) // MEASURED_EVERY
    if not crossed and size + reply_bytes < MANY:
        return
    if size + reply_bytes > RECORD_BYTES_MAX:
        raise MisuseError(
            f"{unit.turn.where}: reply and events have {size + reply_bytes} bytes, at most "
            f"{RECORD_BYTES_MAX} are kept"
        )
    state_bytes = len(codec.to_json(unit.instance.state))
    if state_bytes > STATE_BYTES_MAX:
        raise MisuseError(
            f"{unit.turn.where}: the state of {unit.object} has {state_bytes} bytes, at most "
            f"{STATE_BYTES_MAX} are kept; spread it over several objects"
        )


def check_state(unit: Unit) -> None:
    """Prove that the stored events alone give this state: what a revival will see.

    Raises CheatError. Needs `unit.before`, and costs a decoding and two encodings of the state.
    """
    definition, before = unit.definition, unit.before
    assert before is not None, unit.object
    state = unit.instance.state
    base = definition.stored_state.decode(before, definition.state.schema_version)
    again = fold_onto(definition, base, (EventRecord(*row) for row in unit.events))
    if again != state and codec.to_json(again) != codec.to_json(state):
        raise CheatError(
            f"{definition.name}: the state after the turn is not what its events give; only "
            "@apply methods may change self.state, and from their event alone"
        )
