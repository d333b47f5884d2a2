"""Answers of one stream that wait to be written, and the frames that they leave in."""

from bisect import bisect_right
from itertools import accumulate

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, FailedPreconditionError
from aidevos.doors.port import AnswerColumns
from aidevos.doors.session_wire import error_to
from aidevos.v1 import sessions_pb2 as pb

FRAME_BYTES = 1 << 20
"""A frame of answers is cut here; a larger reply leaves alone."""
REPLY_BYTES_MAX = 16 << 20
"""A larger reply becomes a refusal of its own call: it would hold its neighbours up."""


class WaitingAnswers:
    """Columns of answers that wait. `bytes` is what their replies and refusals have together."""

    def __init__(self) -> None:
        """Begin empty."""
        self.bytes = 0
        self._numbers: list[int] = []
        self._versions: list[int] = []
        self._payloads: list[bytes] = []
        self._sizes: list[int] = []
        self._repeated: list[int] = []
        """Places of recorded answers."""
        self._errors: list[pb.CallError] = []
        """By rising place, which is their `index`."""

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, answers: list[tuple[int, Answer | AidevosError]]) -> None:
        """Put answers at the end."""
        numbers, versions, payloads = self._numbers, self._versions, self._payloads
        first, refused = len(numbers), len(self._errors)
        for number, answer in answers:
            if isinstance(answer, AidevosError):
                self._refuse(0, answer, final=False)
            elif answer.error is not None:
                self._note_repeat(answer)
                self._refuse(answer.version, AidevosError.from_record(answer.error), final=True)
            elif len(answer.payload) > REPLY_BYTES_MAX:
                self._refuse(answer.version, _too_large(len(answer.payload)), final=True)
            else:
                if answer.repeated:
                    self._note_repeat(answer)
                payloads.append(answer.payload)
                versions.append(answer.version)
            numbers.append(number)
        self._measure(first, refused)

    def add_columns(self, columns: AnswerColumns) -> None:
        """Put answers of calls that were all well at the end."""
        sizes = list(map(len, columns.payloads))
        self._numbers += columns.numbers
        self._versions += columns.versions
        self._payloads += columns.payloads
        self._sizes += sizes
        self.bytes += sum(sizes)

    def take(self) -> tuple[list[int], pb.SessionResponse]:
        """Remove what leaves in the next frame; return its numbers and the frame."""
        count = len(self._numbers)
        if self.bytes > FRAME_BYTES:
            count = max(1, bisect_right(list(accumulate(self._sizes)), FRAME_BYTES))
        numbers, payloads = self._numbers[:count], self._payloads[:count]
        response = pb.SessionResponse()
        frame = response.answers
        frame.numbers.extend(numbers)
        frame.versions.extend(self._versions[:count])
        frame.payload_ends.extend(accumulate(map(len, payloads)))
        frame.payloads = b"".join(payloads)
        if self._errors:
            frame.errors.extend(error for error in self._errors if error.index < count)
        if self._repeated:
            frame.repeated_index.extend(place for place in self._repeated if place < count)
        self._drop(count)
        return numbers, response

    def clear(self) -> None:
        """Forget all: nobody will read them."""
        self._drop(len(self._numbers))

    # ---- inside ----------------------------------------------------------------------------

    def _refuse(self, version: int, error: AidevosError, *, final: bool) -> None:
        self._errors.append(error_to(len(self._numbers), error, final=final))
        self._payloads.append(b"")
        self._versions.append(version)

    def _note_repeat(self, answer: Answer) -> None:
        if answer.repeated:
            self._repeated.append(len(self._numbers))

    def _measure(self, first: int, refused: int) -> None:
        """Enter what was put in from place `first` and error `refused` on."""
        sizes = list(map(len, self._payloads[first:]))
        for error in self._errors[refused:]:
            sizes[error.index - first] = error.ByteSize()
        self._sizes += sizes
        self.bytes += sum(sizes)

    def _drop(self, count: int) -> None:
        self.bytes -= sum(self._sizes[:count])
        for column in (self._numbers, self._versions, self._payloads, self._sizes):
            del column[:count]
        self._repeated = [place - count for place in self._repeated if place >= count]
        self._errors = [error for error in self._errors if error.index >= count]
        for error in self._errors:
            error.index -= count


def _too_large(size: int) -> AidevosError:
    return FailedPreconditionError(
        f"the reply has {size} bytes, a frame carries at most {REPLY_BYTES_MAX}: ask for less at "
        "a time",
        size=size,
    )
