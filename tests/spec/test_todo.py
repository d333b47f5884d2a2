"""The model of examples/todo.md, written by hand, and where its elements were said."""

import subprocess
import sys
from pathlib import Path

from aidevos_agents.spec import compile_spec, render
from aidevos_agents.spec.expr import Compare, Literal
from aidevos_agents.spec.expr import Path as Way
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    App,
    Count,
    Do,
    Field,
    Given,
    Has,
    Make,
    Offer,
    Page,
    Refused,
    Route,
    Scenario,
    Sort,
    Step,
    Take,
    Thing,
)

TODO = (Path(__file__).resolve().parents[2] / "examples" / "todo.md").read_text()
ADD = ActionRef("create", "add", "todo")
LIST = ActionRef("list", "list", "todo")
SHOW = ActionRef("show", "show", "todo")
CHANGE = ActionRef("change", "change", "todo")
DELETE = ActionRef("delete", "delete", "todo")
DELETE_ALL = ActionRef("delete_all", "delete", "todo")
GOLDEN = App(
    name="todo",
    title="Todo",
    description="A shared list of things to do. Anybody who can reach the service can use it.",
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
        Action(
            kind="create",
            verb="add",
            thing="todo",
            takes=(Take("title", required=True), Take("order")),
        ),
        Action(
            kind="change",
            verb="change",
            thing="todo",
            takes=(Take("title"), Take("order"), Take("completed")),
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
            offers=(Offer(ADD), Offer(CHANGE, ("completed",)), Offer(DELETE)),
        ),
        Page(
            name="Open todos",
            kind="list",
            thing="todo",
            where=Compare("eq", Way(("completed",)), Literal(False)),
            sort=(Sort("age"),),
        ),
    ),
    routes=(
        Route(
            method="POST",
            path="/todos",
            action=ADD,
            takes=("title", "order"),
            status=201,
            gives="one",
        ),
        Route(method="GET", path="/todos", action=LIST, status=200, gives="many"),
        Route(method="GET", path="/todos/{id}", action=SHOW, status=200, gives="one"),
        Route(
            method="PATCH",
            path="/todos/{id}",
            action=CHANGE,
            takes=("title", "order", "completed"),
            status=200,
            gives="one",
        ),
        Route(method="DELETE", path="/todos/{id}", action=DELETE, status=204, gives="nothing"),
        Route(method="DELETE", path="/todos", action=DELETE_ALL, status=204, gives="nothing"),
    ),
    scenarios=(
        Scenario(
            "a new todo is not completed",
            (
                Step("when", Do(action=ADD, values=(Given("title", "Buy milk"),))),
                Step("then", Has(thing="todo", field="completed", value=False)),
                Step("then", Has(thing="todo", field="url", present=True)),
            ),
        ),
        Scenario(
            "a todo needs a title",
            (
                Step("when", Do(action=ADD, values=(Given("title", ""),))),
                Step("then", Refused(field="title", reason="TOO_SHORT")),
            ),
        ),
        Scenario(
            "completing a todo takes it off the open todos",
            (
                Step("given", Make(thing="todo", values=(Given("title", "Buy milk"),))),
                Step("when", Do(action=CHANGE, values=(Given("completed", True),))),
                Step("then", Count(thing="todo", count=0, page="Open todos")),
                Step("then", Count(thing="todo", count=1, page="All todos")),
            ),
        ),
    ),
)


def test_todo_is_wholly_understood() -> None:
    found = compile_spec(TODO)
    assert found.problems == ()
    assert found.model == GOLDEN
    assert found.coverage.sentences == found.coverage.understood == 26


def test_every_element_knows_its_line() -> None:
    lines = compile_spec(TODO).lines
    assert lines["thing:todo"] == 7
    assert lines["field:todo.title"] == 11
    assert lines["action:add todo"] == 18
    assert lines["action:delete all todos"] == 21
    assert lines["page:Open todos"] == 26
    assert lines["route:PATCH /todos/{id}"] == 35
    assert lines["scenario:a todo needs a title"] == 47


def test_only_the_paragraph_under_the_title_is_description() -> None:
    units = [one for one in compile_spec(TODO).units if one.status == "description"]
    assert [one.line for one in units] == [3]


def test_what_is_said_back_means_the_same() -> None:
    assert compile_spec(render(GOLDEN)).model == GOLDEN


def test_importing_the_package_loads_no_parser() -> None:
    code = (
        "import sys, aidevos_agents.spec, aidevos_agents.spec.model; print('lark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
