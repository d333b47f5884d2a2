"""Virtual time, one source of chance, and the story of what happened. Deterministic by its seed."""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bad it gets until `calm_ms`; after that nothing is lost, delayed long or crashed."""

    calm_ms: int = 20_000
    loss: float = 0.08
    """Chance that a statement, a call or an answer is lost."""
    repeat: float = 0.08
    """Chance that a second copy of a statement or a call arrives later."""
    late: float = 0.06
    """Chance of a delay far beyond every timeout."""
    crash_every_ms: int = 2_500
    jump_ms: int = 20_000
    """Clocks jump by up to this much, in both directions."""


class World:
    """An event queue over virtual milliseconds."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        """Everything that happens follows from `seed` and `weather`."""
        self.seed = seed
        self.rng = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        self.weather = weather or Weather()
        self.now_ms = 0
        self.story: deque[str] = deque(maxlen=400)
        self._queue: list[tuple[int, int, Action]] = []
        self._count = 0

    @property
    def calm(self) -> bool:
        """Whether the last fault is over."""
        return self.now_ms >= self.weather.calm_ms

    def after(self, delay_ms: int, action: Action) -> None:
        """Do `action` in `delay_ms`; equal times keep their order."""
        assert delay_ms >= 0, delay_ms
        self._count += 1
        heapq.heappush(self._queue, (self.now_ms + delay_ms, self._count, action))

    def tell(self, line: str) -> None:
        """Add a line to the story."""
        self.story.append(f"{self.now_ms:>7} {line}")

    def chance(self, probability: float) -> bool:
        """Whether a fault happens now; never when it is calm."""
        return self.rng.random() < probability and not self.calm

    def delay(self) -> int:
        """Return how long something takes on its way."""
        if self.chance(self.weather.late):
            return self.rng.randint(300, 9_000)
        return self.rng.randint(1, 5 if self.calm else 40)

    def run(self, until_ms: int) -> None:
        """Let time pass until `until_ms`, or until nothing is left to happen."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, action = heapq.heappop(self._queue)
            action()
        self.now_ms = max(self.now_ms, min(until_ms, self.now_ms))
