"""The whole of Todo: making, listing and deleting its things.

`line` in a comment is the line of the spec that says it.
"""

import aidevos
from aidevos.objects import things
from aidevos.objects.fields import UNSET, Checks, Json

from todo_app import todos


class TodoApp(aidevos.DurableObject):
    """Todo: a shared list of things to do."""

    @aidevos.command  # line 18
    def add_todo(
        self,
        *,
        title: Json = UNSET,
        order: Json = UNSET,
    ) -> Json:
        """Add a todo."""
        checks = Checks(self.group)
        title = checks.required(todos.TITLE, title)
        order = checks.optional(todos.ORDER, order)
        checks.done()
        todo = self.group.create(todos.Todo, self.group.key(self.new_id()))
        todo.emit(
            todos.TodoAdded(
                title=title,
                order=order,
            )
        )
        return todo.as_json()

    @aidevos.command  # line 20
    def delete_all_todos(self) -> None:
        """Delete all todos."""
        things.delete_things(self.group, self.group.all(todos.Todo), ())

    @aidevos.query  # line 33
    def list_todos(self) -> Json:
        """List todos."""
        found = self.group.all(todos.Todo)
        return [todo.as_json() for todo in found]
