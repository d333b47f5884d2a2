"""When and why the process stops: a signal, or a part that failed for good."""

import asyncio
import signal

from aidevos.core.errors import AidevosError
from aidevos_standalone.tell import tell

OK, UNAVAILABLE = 0, 5


class Stop:
    """Set once; every part is given it and none sets it but by `fatal`."""

    def __init__(self) -> None:
        """Begin unset."""
        self.event = asyncio.Event()
        self._failures: list[BaseException] = []

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT mean a clean stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.event.set)

    def fatal(self, error: BaseException) -> None:
        """Stop because a part cannot go on; the exit code will say so."""
        self._failures.append(error)
        self.event.set()

    @property
    def failed(self) -> bool:
        """Whether a part failed for good."""
        return bool(self._failures)

    def exit_code(self) -> int:
        """Say why if something failed; 0 after a clean stop that was asked for, else 5."""
        for error in self._failures:
            say_why(error)
        return UNAVAILABLE if self._failures else OK


def say_why(error: BaseException) -> None:
    """Tell an expected error as one line: reason and sentence."""
    reason = error.reason if isinstance(error, AidevosError) else "INTERNAL"
    tell("error", reason=reason, message=str(error))
