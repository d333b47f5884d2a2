"""Virtual time, one source of chance, and the story of what happened. Deterministic by its seed."""

import heapq
import random
from collections import Counter, deque
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
    trouble_every_ms: int = 600
    jump_ms: int = 20_000
    """Clocks jump by up to this much, in both directions."""
    wander: float = 0.25
    """Chance that a client tries another host, which then takes the shard."""
    think_ms: int = 3
    """A turn takes up to this long: more of them are on their way together."""
    hot: float = 0.0
    """Chance that a call goes to the one hot group."""


ROUGH = Weather()
BUSY = Weather(
    loss=0.03, repeat=0.2, late=0.01, trouble_every_ms=500, wander=0.01, think_ms=12, hot=0.7
)
"""Hosts stay, workers do not; many calls of few objects are under way."""
COPIES = Weather(
    loss=0.03, repeat=0.6, late=0.01, trouble_every_ms=700, wander=0.03, think_ms=60, hot=0.4
)
"""Turns take long, and most calls come twice."""


class World:
    """An event queue over virtual milliseconds."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        """Everything that happens follows from `seed` and `weather`."""
        self.seed = seed
        self.rng = random.Random(seed)  # noqa: S311 (repeatable on purpose)
        self.weather = weather or (ROUGH, BUSY, COPIES)[seed % 3]
        self._random = self.rng.random
        self.now_ms = 0
        self.story: deque[str] = deque(maxlen=400)
        self.counts: Counter[str] = Counter()
        """What became of bursts."""
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
        return self._random() < probability and self.now_ms < self.weather.calm_ms

    def between(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def delay(self) -> int:
        """Return how long something takes on its way."""
        if self.chance(self.weather.late):
            return self.between(300, 9_000)
        return self.between(1, 5 if self.calm else 40)

    def run(self, until_ms: int) -> None:
        """Let time pass until `until_ms`."""
        while self._queue and self._queue[0][0] <= until_ms:
            self.now_ms, _, action = heapq.heappop(self._queue)
            action()
        self.now_ms = max(self.now_ms, until_ms)
