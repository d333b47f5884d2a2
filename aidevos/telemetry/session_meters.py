"""Counts the calls of a session frame by frame: some tenths of a microsecond a call.

What is the same for many calls (type, time of arrival) is one shared mark; answers are counted by
mark, then each mark once.
"""

import time
from collections import Counter
from collections.abc import Callable

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, NotFoundError
from aidevos.doors.port import AnswerColumns, CallColumns, OnAnswers, SessionPort

OK = "OK"
Count = Callable[[str, str, float, int], None]
"""Take (object type, outcome, seconds, how many)."""
_Mark = tuple[str, float]
"""(object type, perf_counter of the arrival)."""
_UNKNOWN: _Mark = ("", 0.0)


class MeteredSession:
    """A SessionPort that counts; bind `port` right after making it."""

    port: SessionPort

    def __init__(self, count: Count, on_answers: OnAnswers) -> None:
        """Count with `count`; pass answers on."""
        self._count = count
        self._on_answers = on_answers
        self._marks: dict[int, _Mark] = {}

    def calls(self, frame: CallColumns) -> None:
        """Pass on; note when the calls came."""
        now = time.perf_counter()
        marks: list[_Mark] = [(type_name, now) for type_name, _ in frame.objects]
        self._marks.update(
            zip(frame.numbers, map(marks.__getitem__, frame.object_index), strict=True)
        )
        self.port.calls(frame)

    def close(self) -> None:
        """Pass on."""
        self._marks.clear()
        self.port.close()

    def answered(
        self, answers: list[tuple[int, Answer | AidevosError]], columns: list[AnswerColumns]
    ) -> None:
        """Count, and pass on."""
        now, pop = time.perf_counter(), self._marks.pop
        for some in columns:
            well = Counter([pop(number, _UNKNOWN) for number in some.numbers])
            for (type_name, begun), times in well.items():
                self._count(type_name, OK, now - (begun or now), times)
        seen = Counter([(pop(number, _UNKNOWN), outcome_of(value)) for number, value in answers])
        for ((type_name, begun), outcome), times in seen.items():
            known = "" if outcome == NotFoundError.reason else type_name
            self._count(known, outcome, now - (begun or now), times)
        self._on_answers(answers, columns)


def outcome_of(value: Answer | AidevosError) -> str:
    """Return OK or the reason of the refusal."""
    if isinstance(value, AidevosError):
        return value.reason
    return OK if value.error is None else value.error.reason
