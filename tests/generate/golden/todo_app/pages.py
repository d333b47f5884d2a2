"""The pages of Todo; their looks are in templates."""

import aidevos
from aidevos.objects import html, listing
from aidevos.objects.fields import Json

from todo_app import todos


class TodoPages(aidevos.DurableObject):
    """The pages of Todo."""

    @aidevos.query  # line 25
    def all_todos(
        self,
        *,
        base: str,
        api: str,
        problem: str = "",
    ) -> Json:
        """Show the page All todos."""
        found = todos.all_todos(self.group)
        shown = listing.sliced(found, "", None)
        return html.page(
            "todo_app/all_todos.html",
            base=base,
            api=api,
            problem=problem,
            here="all-todos",
            count=shown.count,
            number=shown.number,
            pages=shown.pages,
            things=[one.as_json() for one in shown.items],
        )

    @aidevos.query  # line 26
    def open_todos(
        self,
        *,
        base: str,
        api: str,
        problem: str = "",
    ) -> Json:
        """Show the page Open todos."""
        found = todos.open_todos(self.group)
        shown = listing.sliced(found, "", None)
        return html.page(
            "todo_app/open_todos.html",
            base=base,
            api=api,
            problem=problem,
            here="open-todos",
            count=shown.count,
            number=shown.number,
            pages=shown.pages,
            things=[one.as_json() for one in shown.items],
        )
