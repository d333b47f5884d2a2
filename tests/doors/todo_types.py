"""The types of a small todo app, as a bundle would have them: one root, one object per todo."""

from __future__ import annotations

import html
from typing import Any

import msgspec

import aidevos
from aidevos import (
    AlreadyExistsError,
    DurableObject,
    FailedPreconditionError,
    InvalidArgumentError,
    Violation,
    apply,
    command,
    query,
)

UNSET = msgspec.UNSET
Given = Any


class Added(aidevos.Event):
    id: str
    title: str
    order: int | None
    price: float | None


class Changed(aidevos.Event):
    title: str
    completed: bool
    order: int | None


class Todo(DurableObject):
    class State(aidevos.State):
        id: str = ""
        title: str = ""
        completed: bool = False
        order: int | None = None
        price: float | None = None

    state: State

    @command
    def add(self, id: str, title: str, order: int | None, price: float | None) -> None:
        self.emit(Added(id=id, title=title, order=order, price=price))

    @command
    def change(
        self, title: Given = UNSET, completed: Given = UNSET, order: Given = UNSET
    ) -> dict[str, Any]:
        check(title=title, completed=completed, order=order)
        state = self.state
        self.emit(
            Changed(
                title=state.title if title is UNSET else title,
                completed=state.completed if completed is UNSET else completed,
                order=state.order if order is UNSET else order,
            )
        )
        return self.show()

    @command
    def finish(self) -> dict[str, Any]:
        if self.state.completed:
            raise FailedPreconditionError("it is completed already", field="completed")
        return self.change(completed=True)

    @command
    def remove(self) -> None:
        self.delete()

    @query
    def show(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self.state)

    @query
    def broken(self) -> int:
        raise ValueError("a bug")

    @apply
    def _added(self, event: Added) -> None:
        self.state.id, self.state.title = event.id, event.title
        self.state.order, self.state.price = event.order, event.price

    @apply
    def _changed(self, event: Changed) -> None:
        self.state.title, self.state.completed = event.title, event.completed
        self.state.order = event.order


class TodoApp(DurableObject):
    class State(aidevos.State):
        pass

    @command
    def add_todo(
        self, title: Given = None, order: Given = None, price: float | None = None
    ) -> dict[str, Any]:
        check(title=title, order=order)
        if any(todo.state.title == title for todo in self.group.all(Todo)):
            taken = Violation("title", "NOT_UNIQUE", "there is one of this title")
            raise AlreadyExistsError("there is one of this title", violations=(taken,))
        id = self.new_id()
        todo = self.group.create(Todo, self.group.key(id))
        todo.add(id, title, order, price)
        return todo.show()

    @command
    def delete_todos(self) -> None:
        for todo in self.group.all(Todo):
            todo.remove()

    @query
    def list_todos(self, completed: bool | None = None) -> list[dict[str, Any]]:
        found = [todo.show() for todo in self.group.all(Todo)]
        return [todo for todo in found if completed is None or todo["completed"] == completed]

    @query
    def page_todos(
        self, base: str, api: str, problem: str, completed: bool | None = None
    ) -> dict[str, str]:
        todos = self.list_todos(completed)
        rows = "".join(f"<li data-id={t['id']}>{html.escape(t['title'])}</li>" for t in todos)
        return {
            "html": f"<style>li{{color:red}}</style><main><p>{html.escape(problem)}</p>"
            f'<ul data-count="{len(todos)}">{rows}</ul><a href="{api}">API</a>'
            f'<form method="post" action="{base}/do/add?from=All"></form></main>'
        }


def check(**given: Given) -> None:
    """Refuse what does not fit, all at once."""
    wrong = []
    title, order = given["title"], given["order"]
    if title is not UNSET:
        if title is None:
            wrong.append(Violation("title", "REQUIRED", "title is required"))
        elif not isinstance(title, str):
            wrong.append(Violation("title", "TYPE", "title must be text"))
        elif title == "":
            wrong.append(Violation("title", "TOO_SHORT", "title is too short"))
    if order not in (UNSET, None) and type(order) is not int:
        wrong.append(Violation("order", "TYPE", "order must be a whole number"))
    if wrong:
        raise InvalidArgumentError(wrong[0].detail, violations=tuple(wrong))
