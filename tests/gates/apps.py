"""Three unlike app models: a plain list, parents with guards and limits, money with sums."""

from aidevos_agents.spec.expr import (
    Compare,
    Literal,
    Path,
)
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    App,
    Field,
    Page,
    Route,
    Sort,
    Take,
    Thing,
)


def is_(name: str, value: bool | int | str | None) -> Compare:
    return Compare("eq", Path((name,)), Literal(value))


def not_(name: str, value: bool | int | str | None) -> Compare:
    return Compare("ne", Path((name,)), Literal(value))


def takes(*names: str) -> tuple[Take, ...]:
    """`title!` must be given, `order` may be."""
    return tuple(Take(name.rstrip("!"), name.endswith("!")) for name in names)


TODO = App(
    name="todo",
    title="Todo",
    things=(
        Thing(
            name="todo",
            plural="todos",
            fields=(
                Field(name="title", kind="text", required=True, shortest=1, longest=200),
                Field(name="completed", kind="yes_no", default=False),
                Field(name="order", kind="whole", minimum="0"),
                Field(name="url", kind="link", source="address"),
            ),
        ),
    ),
    actions=(
        Action(kind="create", verb="add", thing="todo", takes=takes("title!", "order")),
        Action(
            kind="change", verb="change", thing="todo", takes=takes("title", "order", "completed")
        ),
        Action(kind="delete", verb="delete", thing="todo"),
        Action(kind="delete_all", verb="delete", thing="todo"),
    ),
    pages=(
        Page(
            name="All todos",
            kind="list",
            thing="todo",
            sort=(Sort("order"), Sort("age")),
        ),
        Page(name="Open todos", kind="list", thing="todo", where=is_("completed", False)),
    ),
    routes=(
        Route(
            method="POST",
            path="/todos",
            action=ActionRef("create", "add", "todo"),
            takes=("title", "order"),
            status=201,
            gives="one",
        ),
        Route(
            method="GET",
            path="/todos",
            action=ActionRef("list", "list", "todo"),
            status=200,
            gives="many",
        ),
        Route(
            method="GET",
            path="/todos/{id}",
            action=ActionRef("show", "show", "todo"),
            status=200,
            gives="one",
        ),
        Route(
            method="PATCH",
            path="/todos/{id}",
            action=ActionRef("change", "change", "todo"),
            takes=("title", "order", "completed"),
            status=200,
            gives="one",
        ),
        Route(
            method="DELETE",
            path="/todos/{id}",
            action=ActionRef("delete", "delete", "todo"),
            status=204,
            gives="nothing",
        ),
        Route(
            method="DELETE",
            path="/todos",
            action=ActionRef("delete_all", "delete", "todo"),
            status=204,
            gives="nothing",
        ),
    ),
)
