"""The results of turns that ran, until a frame takes them, in columns."""

from aidevos.core.turn import TurnResult
from aidevos.objects.outcome import NO_INDEX, Ran

TURNS_RAN = 12
"""Tag of frames.TurnsRan, which is written from its columns: no EventRecord is made for it."""

_NOTHING: Ran = (0, b"", (), NO_INDEX)


class Answers:
    """Results in the order of their turns. `rows` is public: a result that is a Ran is appended."""

    __slots__ = ("_first", "_others", "rows")

    def __init__(self) -> None:
        """Begin with the first turn, whose number is 1."""
        self._first = 1
        self.rows: list[Ran] = []
        self._others: dict[int, TurnResult] = {}

    def add_other(self, result: TurnResult) -> None:
        """Take a result that is no Ran."""
        self._others[len(self.rows)] = result
        self.rows.append(_NOTHING)

    def take(self) -> list[object]:
        """Return what was collected, in none or one message, and begin anew."""
        count = len(self.rows)
        if not count:
            return []
        message = (TURNS_RAN, self._first, *zip(*self.rows, strict=True), self._others)
        self._first += count
        self.rows.clear()
        self._others = {}
        return [message]
