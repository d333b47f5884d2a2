"""An author may call things, fields and pages as the generated code calls its own."""

from pathlib import Path

import pytest
from aidevos_agents.spec import compile_spec
from app_world import World

SPEC = """# Names

Whatever an author likes.

## Things

### {thing}

| field   | type | rule     |
|---------|------|----------|
| {field} | text | required |

### Leaf

A leaf belongs to a {thing}.

| field | type | rule |
|-------|------|------|
| size  | text |      |

## Actions

- Anyone can add a {thing}.
- Anyone can change a {thing}.
- Anyone can delete a {thing}.
- Anyone can add a leaf.

## Pages

- **{page}**: all leaves, oldest first.
"""
THINGS = ("html", "fields", "ties", "rules", "event", "values", "aidevos")
FIELDS = ("things", "aidevos", "html", "cage", "found", "event", "self", "fields")


@pytest.mark.parametrize(
    ("thing", "field", "page"),
    [
        *((thing, "label", "All") for thing in THINGS),
        *(("cage", field, "All") for field in FIELDS),
        ("cage", "label", "rules"),
        ("cage", "label", "The house rules.x"),
    ],
)
async def test_names_of_the_code_are_names_for_authors_too(
    tmp_path: Path, thing: str, field: str, page: str
) -> None:
    compilation = compile_spec(SPEC.format(thing=thing, field=field, page=page))
    assert compilation.model is not None, compilation.problems
    (named,) = (one for one in compilation.model.things if one.name == thing)
    things = f"/{named.plural}"
    async with World(compilation.model, tmp_path) as world:
        made = await world.api("POST", things, {field: "a"})
        assert made.status_code == 201, made.text
        one = f"{things}/{made.json()['id']}"
        changed = await world.api("PATCH", one, {field: "b"})
        assert (changed.status_code, changed.json()[field]) == (200, "b")
        leaf = await world.api("POST", "/leaves", {thing: made.json()["id"], "size": "s"})
        assert leaf.status_code == 201, leaf.text
        assert (await world.api("DELETE", one)).status_code == 409
        shown = await world.http.get(f"/{world.manifest.name}/")
        assert leaf.json()["id"] in shown.text
