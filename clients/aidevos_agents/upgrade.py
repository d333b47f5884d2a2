"""Whether a changed spec may become the next version: what is stored must fit what is new.

A next version serves the things that are stored already. So nothing stored may be lost (a thing or
a field that is gone, a field of another kind), and every stored thing must meet what is new
(a required field, a tighter bound, a choice taken away). What cannot be known without looking at
every stored thing is refused: the version before goes on being served.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from aidevos_agents.runs import Reason
from aidevos_agents.spec.model import App, Field, Thing, all_fields

NEW_NAME = "give the spec another title to build it as another app, or put it back"
LOWER = ("minimum", "shortest", "fewest_items")
UPPER = ("maximum", "longest", "most_items")


def in_the_way(old: App, new: App, lines: Mapping[str, int]) -> tuple[Reason, ...]:
    """Return why `new` cannot follow `old`; nothing if it can. `lines` are those of `new`."""
    things = {thing.name: thing for thing in new.things}
    reasons: list[Reason] = []
    for thing in old.things:
        if thing.name in things:
            for field, what in _of_thing(thing, things[thing.name]):
                at = lines.get(f"field:{thing.name}.{field}") or lines.get(f"thing:{thing.name}")
                reasons.append(_reason(at, what))
        else:
            gone = f"the thing {thing.name!r} is gone; stored ones would be lost"
            reasons.append(_reason(None, gone))
    return tuple(reasons)


def _reason(line: int | None, what: str) -> Reason:
    return Reason(line or 0, f"it cannot follow the version that is served: {what}", NEW_NAME)


def _stored(thing: Thing) -> dict[str, Field]:
    kept = ("given", "created", "changed")
    return {field.name: field for field in all_fields(thing) if field.source in kept}


def _of_thing(old: Thing, new: Thing) -> Iterator[tuple[str, str]]:
    """Yield (field, what is in the way)."""
    before, after = _stored(old), _stored(new)
    for name, field in before.items():
        where = f"the field {name!r} of {old.name!r}"
        if name not in after:
            yield name, f"{where} is gone; stored values would be lost"
        else:
            yield from ((name, what) for what in _of_field(where, field, after[name]))
    for name, field in after.items():
        if name not in before and field.required and field.default is None:
            yield (
                name,
                f"the new field {name!r} of {old.name!r} is required, and stored ones have none "
                "(make it optional, or say what it starts as)",
            )


def _of_field(where: str, old: Field, new: Field) -> Iterator[str]:
    if (old.kind, old.of) != (new.kind, new.of):
        yield f"{where} was {old.kind} and would be {new.kind}"
        return
    if new.required and not old.required and old.default is None:
        yield f"{where} becomes required, and stored ones may have none"
    if missing := [choice for choice in old.choices if choice not in new.choices]:
        yield f"{where} no longer has the choice {', '.join(missing)}"
    if new.unique and not old.unique:
        yield f"{where} becomes unique, and stored values may repeat"
    if any(_tighter(getattr(old, b), getattr(new, b), 1) for b in LOWER) or any(
        _tighter(getattr(old, b), getattr(new, b), -1) for b in UPPER
    ):
        yield f"the bounds of {where.removeprefix('the ')} become tighter than stored values may be"


def _tighter(old: str | int | None, new: str | int | None, sign: int) -> bool:
    """Whether a lower (sign 1) or upper (sign -1) bound leaves out what was allowed before."""
    if new is None:
        return False
    return old is None or sign * Decimal(str(new)) > sign * Decimal(str(old))
