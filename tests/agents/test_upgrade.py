"""Which changed specs may follow the version that serves."""

from typing import Any

import pytest
from aidevos_agents.spec.model import App, Field, Thing
from aidevos_agents.upgrade import in_the_way


def app(*fields: Field, name: str = "book") -> App:
    return App(name="shelf", title="Shelf", things=(Thing(name=name, plural="x", fields=fields),))


def text(name: str = "title", **more: Any) -> Field:
    return Field(name=name, kind="text", **more)


def reasons(old: Field | None, new: Field | None) -> list[str]:
    before, after = ((field,) if field else () for field in (old, new))
    return [reason.what for reason in in_the_way(app(*before), app(*after), {})]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (text(), text()),
        (None, text()),
        (None, text(required=True, default="none")),
        (text(required=True, longest=20), text(longest=21)),
        (text(shortest=2), text(shortest=1)),
        (
            Field(name="kind", kind="choice", choices=("a", "b")),
            Field(name="kind", kind="choice", choices=("b", "a", "c")),
        ),
        (None, Field(name="url", kind="link", source="address", required=True)),
        (Field(name="url", kind="link", source="address"), None),
    ],
)
def test_what_keeps_every_stored_value_valid_may_follow(
    old: Field | None, new: Field | None
) -> None:
    assert reasons(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (text(), None, "is gone"),
        (text(), Field(name="title", kind="whole"), "was text and would be whole"),
        (None, text(required=True), "required, and stored ones have none"),
        (text(), text(required=True), "becomes required"),
        (text(longest=20), text(longest=19), "tighter"),
        (text(), text(shortest=1), "tighter"),
        (text(), text(unique=True), "becomes unique"),
        (
            Field(name="kind", kind="choice", choices=("a", "b")),
            Field(name="kind", kind="choice", choices=("a",)),
            "no longer has the choice b",
        ),
    ],
)
def test_what_a_stored_value_may_not_meet_is_refused(
    old: Field | None, new: Field | None, why: str
) -> None:
    (what,) = reasons(old, new)
    assert why in what


def test_a_thing_that_is_gone_is_refused_and_a_new_one_may_come() -> None:
    assert in_the_way(app(), app(name="film"), {})[0].what.endswith("stored ones would be lost")
    both = App(name="s", title="S", things=(*app().things, *app(name="film").things))
    assert in_the_way(app(), both, {}) == ()


def test_a_refusal_names_the_line_of_the_field_or_else_of_its_thing() -> None:
    lines = {"thing:book": 5, "field:book.title": 9}
    changed = in_the_way(app(text()), app(text(unique=True)), lines)
    gone = in_the_way(app(text()), app(), {"thing:book": 5})
    assert [reason.line for reason in (*changed, *gone)] == [9, 5]
