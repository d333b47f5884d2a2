"""Random app models that a spec may say: for the compiler's way back, generators and gates.

`apps()` gives whole apps: what each says of itself is consistent, every scenario in it is true of
an app built to the model, and every value is valid for its field.
"""

from __future__ import annotations

import re

from aidevos_agents.spec.english import regular_plural
from aidevos_agents.spec.model import App, Field, Parent, Thing, parent_field
from hypothesis import strategies as st
from msgspec.structs import replace

from aidevos_testing import words
from aidevos_testing.app_deeds import actions, pages, rules
from aidevos_testing.app_fields import Draw, field
from aidevos_testing.app_logic import derived
from aidevos_testing.app_plays import plays
from aidevos_testing.app_routes import routes

_IRREGULAR = {"lens": "lenses", "hobby": "hobbyhorses", "key": "keyen"}


@st.composite
def apps(draw: Draw, things_max: int = 3) -> App:
    """Return a random app of one to `things_max` things."""
    things = _with_derived(draw, _things(draw, things_max))
    title = draw(st.sampled_from(("Garden", "My 2 lists", "Über-App & Co", "plan it")))
    app = App(
        name=re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-"),
        title=title,
        description=draw(st.sampled_from(("", "Keeps track of things. All of them."))),
        things=things,
    )
    app = replace(app, actions=actions(draw, app))
    app = replace(app, rules=rules(draw, app))
    app = replace(app, pages=pages(draw, app))
    app = replace(app, routes=routes(draw, app) if draw(st.booleans()) else None)
    background, scenarios = plays(draw, app)
    return replace(app, background=background, scenarios=scenarios)


def _things(draw: Draw, most: int) -> tuple[Thing, ...]:
    names = draw(st.lists(words.thing_names(), min_size=1, max_size=most, unique=True))
    things: list[Thing] = []
    taken: set[str] = set()
    for name in names:
        plural = _IRREGULAR.get(name, regular_plural(name)) if draw(st.booleans()) else None
        plural = plural or regular_plural(name)
        if {name, plural} & taken:
            continue
        taken |= {name, plural}
        things.append(_thing(draw, name, plural, things))
    return tuple(things)


def _thing(draw: Draw, name: str, plural: str, before: list[Thing]) -> Thing:
    parents = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
    made = tuple(Parent(parent.name, draw(st.booleans())) for parent in parents)
    names = draw(st.lists(words.field_names(), min_size=1, max_size=5, unique=True))
    own = [one for one in names if one not in [parent_field(parent) for parent in made]]
    fields = [field(draw, one) for one in own or ["summary"]]
    if before and draw(st.integers(0, 3)) == 0 and "related" not in own:
        fields.append(Field(name="related", kind="reference", of=before[0].name))
    return Thing(name=name, plural=plural, parents=made, fields=tuple(fields))


def _with_derived(draw: Draw, things: tuple[Thing, ...]) -> tuple[Thing, ...]:
    found = []
    for thing in things:
        children = [one for one in things if thing.name in [p.thing for p in one.parents]]
        parents = [one for one in things if one.name in [p.thing for p in thing.parents]]
        made = derived(draw, thing, children, parents) if draw(st.booleans()) else None
        if made is None or "worth" in [one.name for one in thing.fields]:
            found.append(thing)
            continue
        kind, value = made
        extra = Field(name="worth", kind=kind, source="derived", derived=value)
        found.append(replace(thing, fields=(*thing.fields, extra)))
    return tuple(found)
