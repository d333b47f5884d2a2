"""A stream of a session on a host, straight at its port, that keeps what it hears."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from aidevos_host.host import Host
from counter_type import until

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError
from aidevos.doors.port import AnswerColumns, CallColumns, SessionName

END_MS = int(time.time() * 1_000) + 3_600_000


@dataclass
class Stream:
    """One stream of a session. `say` sends a frame of `key.method` texts."""

    host: Host
    session: str = "s"
    end_ms: int = END_MS
    sent: int = 0
    told: dict[int, list[Answer | AidevosError]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (info,) = self.host.types("default")
        self._kind = info.name
        name = SessionName("default", "someone", self.session, self.end_ms)
        self.port = self.host.open_session(name, self.sent, self._hear)

    def say(self, *calls: str, first: int = 0, mark: int = 0, **columns: object) -> range:
        """Send a frame; return its numbers."""
        first = first or self.sent + 1
        numbers = range(first, first + len(calls))
        self.sent = max(self.sent, first + len(calls) - 1)
        split = [call.partition(".")[::2] for call in calls]
        objects = list(dict.fromkeys(key for key, _ in split))
        methods = list(dict.fromkeys(method for _, method in split))
        frame = {
            "numbers": list(numbers),
            "objects": [(self._kind, key) for key in objects],
            "methods": methods,
            "object_index": [objects.index(key) for key, _ in split],
            "method_index": [methods.index(method) for _, method in split],
            "payloads": [b"{}"] * len(calls),
        }
        self.port.calls(CallColumns(mark=mark, **{**frame, **columns}))  # type: ignore[arg-type]
        return numbers

    async def hear(self, numbers: Sequence[int]) -> list[object]:
        """Return what each call came to: a payload, or the reason of a refusal; each once."""
        await until(lambda: self.told.keys() >= set(numbers))
        return [self.heard(number) for number in numbers]

    def heard(self, number: int) -> object:
        (one,) = self.told[number]
        if isinstance(one, AidevosError):
            return one.reason
        return one.error.reason if one.error else int(one.payload.strip(b'"x') or 0)

    def _hear(
        self, answers: list[tuple[int, Answer | AidevosError]], columns: list[AnswerColumns]
    ) -> None:
        for number, answer in answers:
            self.told.setdefault(number, []).append(answer)
        for some in columns:
            for number, version, reply in zip(*some, strict=True):
                self.told.setdefault(number, []).append(Answer(version=version, payload=reply))
