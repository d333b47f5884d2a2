"""The object types of Todo."""

from todo_app.app import TodoApp
from todo_app.pages import TodoPages
from todo_app.todos import Todo

__all__ = [
    "Todo",
    "TodoApp",
    "TodoPages",
]
