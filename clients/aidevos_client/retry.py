"""When to try again and for how long to wait: jittered, bounded by the caller's deadline."""

import random
import time
from dataclasses import dataclass

from aidevos.core.errors import AidevosError
from aidevos.runtime.status import retry_after_ms


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts, in seconds: at random below a bound that doubles."""

    first_s: float = 0.02
    max_s: float = 2.0

    def pause_s(self, attempt: int, error: AidevosError) -> float:
        """Return the pause after attempt 1, 2, ...; never below what the server asked for."""
        bound = min(self.max_s, self.first_s * 2.0 ** min(attempt, 30))
        asked = retry_after_ms(error.to_record()) / 1_000
        return asked + random.uniform(0, bound)  # noqa: S311 (jitter, not a secret)


class Deadline:
    """The time that a caller gives, over all attempts."""

    def __init__(self, timeout_s: float) -> None:
        """Begin now."""
        self._end = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def allows(self, error: AidevosError, pause_s: float) -> bool:
        """Whether another attempt makes sense after `error` and a pause.

        A final one is the handler's own, and recorded: the same request_id gets it again.
        """
        return error.retryable and "final" not in error.metadata and self.left_s() > pause_s
