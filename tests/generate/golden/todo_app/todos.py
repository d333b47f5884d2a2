"""A todo.

Made from the spec of Todo; `line` in a comment is the line of the spec that says it.
"""

from __future__ import annotations

import aidevos
from aidevos.objects import fields, listing, things
from aidevos.objects.fields import UNSET, Checks, Json, Unset

TITLE = fields.Text("title", shortest=1, longest=200)  # line 11
COMPLETED = fields.YesNo("completed")  # line 12
ORDER = fields.Whole("order", minimum=0)  # line 13


class TodoAdded(aidevos.Event):
    """A todo was added."""

    title: str = ""
    completed: bool = False
    order: int | None = None


class TodoChanged(aidevos.Event):
    """A todo was changed."""

    title: str | Unset = UNSET
    completed: bool | Unset = UNSET
    order: int | Unset | None = UNSET


class Todo(aidevos.DurableObject):
    """A todo."""

    class State(aidevos.State):
        """What is kept of a todo."""

        title: str = ""
        completed: bool = False
        order: int | None = None

    state: State

    @aidevos.command  # line 19
    def change_todo(
        self,
        *,
        title: Json = UNSET,
        order: Json = UNSET,
        completed: Json = UNSET,
    ) -> Json:
        """Change a todo."""
        checks = Checks(self.group)
        title = checks.change(TITLE, title)
        order = checks.change_or_clear(ORDER, order)
        completed = checks.change(COMPLETED, completed)
        checks.done()
        event = TodoChanged(
            title=title,
            completed=completed,
            order=order,
        )
        if fields.differs(self.state, event):
            self.emit(event)
        return self.as_json()

    @aidevos.command  # line 20
    def delete_todo(self) -> None:
        """Delete a todo."""
        self.delete()

    @aidevos.query  # line 34
    def show_todo(self) -> Json:
        """Show a todo."""
        return self.as_json()

    def as_json(self) -> Json:
        """Return a todo as the API shows it."""
        return {
            "id": things.id_of(self),
            "title": self.state.title,
            "completed": self.state.completed,
            "order": self.state.order,
        }

    @aidevos.apply
    def _added(self, event: TodoAdded) -> None:
        fields.assign(self.state, event)

    @aidevos.apply
    def _changed(self, event: TodoChanged) -> None:
        fields.assign(self.state, event)


def all_todos(group: aidevos.Group) -> list[Todo]:  # line 25
    """Return what the page "All todos" shows, in its order."""
    return listing.ordered(group.all(Todo), listing.By(lambda todo: todo.state.order))


def open_todos(group: aidevos.Group) -> list[Todo]:  # line 26
    """Return what the page "Open todos" shows, in its order."""
    return [todo for todo in group.all(Todo) if not todo.state.completed]
