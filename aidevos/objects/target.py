"""What is called: one method of a type of a tenant, with all that its turns need at hand."""

from collections.abc import Callable
from typing import Any

from aidevos.core.errors import NotFoundError
from aidevos.core.record import RECORD_BYTES_MAX
from aidevos.core.turn import Held, Scalar
from aidevos.objects.activations import has_hooks
from aidevos.objects.methods import Method
from aidevos.objects.shelf import Entry, Shelf

QUERY_BYTES_MAX = 16 << 20
"""Largest reply of a query, which is not kept: a list of all things, for example."""

CHECKED_FIRST = 20
"""So many turns of a method are checked before a sample of them is (ADR-0014)."""

CHECK_SHARE = 0.02
"""What checks may cost, as a share of the turns' own time."""

CHECK_EVERY_MIN = 100
"""Turns of a method between two checks, at least."""


RESTORED = 1_000
"""After a turn that failed with changes, so many of its method keep the states from before: the
next one that fails leaves its objects held, and those behind it need not wait until they are
activated again. With one failure in some hundreds that costs next to nothing."""


class Target:
    """Made once for each method that is called. `left` turns may go the short way from now on."""

    __slots__ = (
        *("_careful", "_check_all", "_checked", "_until", "call", "cls", "decode", "held"),
        *("hooked", "index_of", "left", "method", "reply_max", "restores", "shelf", "where"),
        "writes",
    )

    def __init__(self, shelf: Shelf, method: Method, *, check_all: bool, undo: bool) -> None:
        """Take a method of the shelf's type. `undo`: its turns may have to be taken back."""
        self.shelf = shelf
        self.method = method
        self.where = method.where
        self.cls: type[Any] = shelf.definition.cls
        self.held: dict[str, Entry | Held] = shelf.held
        self.decode: Callable[[bytes], Any] = method.decode
        self.call: Callable[[object, Any], Any] = method.call
        self.writes = method.kind == "command"
        self.reply_max = RECORD_BYTES_MAX if self.writes else QUERY_BYTES_MAX
        self.hooked = has_hooks(shelf.definition)
        self.index_of: Callable[[Any], dict[str, Scalar]] = shelf.definition.index_of
        self.left = 0
        self._careful = self.hooked or undo
        """Whether none of its turns may go the short way."""
        self._until = 0
        """Turns before a check, of those that go the long way."""
        self.restores = 0
        """Turns that still have to keep the states from before them."""
        self._check_all = check_all
        self._checked = 0

    def due(self) -> bool:
        """Whether the next turn, which goes the long way, is to be checked."""
        if self.restores:
            return self._due_restoring()
        self._until -= self._careful
        return self.left == 0 and self._until <= 0

    def _due_restoring(self) -> bool:
        self.restores -= 1
        self._until -= 1
        due = self._until <= 0
        if not (self.restores or self._careful):
            self.left, self._until = max(0, self._until), 0
        return due

    def failed(self) -> None:
        """A turn of it failed and may have left changes: the next ones go the long way."""
        if not (self.restores or self._careful):
            self._until, self.left = self.left, 0
        self.restores = RESTORED

    def checked(self, turn_ns: int, check_ns: int) -> None:
        """Set when the next check is due, after one that cost so much beside its turn."""
        self._checked += 1
        if self._checked >= CHECKED_FIRST and not self._check_all:
            every = max(CHECK_EVERY_MIN, int(check_ns / (CHECK_SHARE * max(turn_ns, 1))))
            if self._careful or self.restores:
                self._until = every
            else:
                self.left = every


class NoTarget(Target):
    """Stands for a type or method that is not there: nothing of it is held, `error` is told."""

    __slots__ = ("error",)

    def __init__(self, error: NotFoundError) -> None:
        """`error` is what the caller is told."""
        self.error = error
        self.held = {}
