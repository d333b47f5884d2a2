"""A client with sessions: it numbers its calls, pipelines them, says its mark, loses streams.

What is not answered is sent again under the same numbers, on other streams, perhaps two at once.
A session is renewed before it ends, or after; a client that dies never comes back to its own.
"""

from collections.abc import Iterable
from functools import partial

from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
    AlreadyAnsweredError,
    ExpiredError,
    InvalidArgumentError,
    UnavailableError,
)
from aidevos.core.ids import ObjectId
from aidevos.sim.checker import Checker
from aidevos.sim.client import ALONE, choose, choose_usual, late_ms
from aidevos.sim.counters import SHARD_OF, Ask, Method
from aidevos.sim.owner import Owner, route
from aidevos.sim.plants import Plant
from aidevos.sim.stream import Stream
from aidevos.sim.world import World

WINDOW = 8
BURST_CALLS = 6
CAREFUL = 0.6
USUAL_SHARE = 0.3
"""How often new calls are such that a host can take them as a burst."""
STREAM_TIMEOUT_MS = 400
RENEW_MS = 1_000
"""So long before its end a session takes no more calls."""


class StreamEnd:
    """A stream as its client sees it; what it sends arrives in order, or not at all."""

    def __init__(self, owner: Owner) -> None:
        """Begin to `owner`."""
        self.owner = owner
        self.stream: Stream | None = None
        """The host's end, once the first frame has arrived."""
        self.open = True
        self.arrives_ms = 0
        self.answers_ms = 0


class SessionClient:
    """Makes calls in sessions, one session after another."""

    def __init__(self, world: World, owners: list[Owner], checker: Checker) -> None:
        """Bind to the cluster; `start` begins."""
        self._world = world
        self._owners = owners
        self._checker = checker
        self._plant = owners[0].plant
        self._name = ""
        self._left = 0
        self._sessions = 0
        self._session = ""
        self._expires_ms = 0
        self._last = 0
        self._mark = self._said = 0
        self._waiting: dict[int, Ask] = {}
        """Calls of the session that have no answer."""
        self._silent_ms: dict[int, int] = {}
        """When a waiting call is sent again unless it is answered."""
        self._streams: dict[int, StreamEnd] = {}
        """By shard: where its calls go."""

    @property
    def done(self) -> bool:
        """Whether every call has its answer."""
        return not self._waiting and self._left == 0

    def start(self, name: str, calls: int) -> None:
        """Begin to make `calls` calls."""
        self._name, self._left = name, calls
        self._renew()
        self._step()

    def crash(self) -> None:
        """Kill -9: it remembers nothing, not even what it waited for; another one begins."""
        self._world.tell(f"client {self._name} crashes in {self._session}")
        self._renew()

    def _renew(self) -> None:
        self._sessions += 1
        self._session = f"{self._name}s{self._sessions}"
        self._expires_ms = self._world.now_ms + self._world.between(3_000, 15_000)
        self._last = self._mark = self._said = 0
        self._waiting.clear()
        self._silent_ms.clear()
        for end in dict.fromkeys(self._streams.values()):
            self._close(end)
        self._streams.clear()

    # ---- calls -----------------------------------------------------------------------------

    def _step(self) -> None:
        """Do something every now and then: new calls, a stream given up, silence, a renewal."""
        world, rng = self._world, self._world.rng
        if self.done:
            return
        world.after(world.between(1, 120) if rng.random() < 0.95 else 1_500, self._step)
        if self._streams and world.chance(0.06):
            self._lose(rng.choice(list(self._streams.values())))
        if self._expires_ms - world.now_ms > RENEW_MS:
            self._send([*self._overdue(), *self._new()])
        elif self._waiting:
            self._send(self._overdue())
        else:
            self._renew()

    def _new(self) -> list[Ask]:
        """Return new calls, as many as the window lets and chance wants."""
        world, room = self._world, min(self._left, WINDOW - len(self._waiting))
        if world.rng.random() < USUAL_SHARE:
            objects = world.rng.choices(ALONE, k=2)
            return [self._one(*choose_usual(world, objects)) for _ in range(min(room, BURST_CALLS))]
        return [self._one(*choose(world)) for _ in range(min(room, world.between(0, 4)))]

    def _one(self, object: ObjectId, method: Method, n: int) -> Ask:
        self._left -= 1
        self._last += 1
        key = (self._session, self._last)
        ask = self._checker.ask(object, method, n, key, self._expires_ms)
        self._waiting[self._last] = ask
        return ask

    def _overdue(self) -> list[Ask]:
        now = self._world.now_ms
        late = [ask for n, ask in self._waiting.items() if self._silent_ms.get(n, 0) <= now]
        for ask in late:
            if self._silent_ms.get(ask.number):
                self._streams.pop(SHARD_OF[ask.object], None)
        return late

    # ---- streams ---------------------------------------------------------------------------

    def _send(self, asks: Iterable[Ask]) -> None:
        """Send frames, one for each stream; a copy of one may come again later."""
        frames: dict[StreamEnd, list[Ask]] = {}
        for ask in asks:
            self._silent_ms[ask.number] = self._world.now_ms + STREAM_TIMEOUT_MS
            frames.setdefault(self._stream_to(SHARD_OF[ask.object]), []).append(ask)
        for end, frame in frames.items():
            self._frame(end, frame)
            if self._world.chance(self._world.weather.repeat):
                late = partial(self._late, frame, self._mark, self._session)
                self._world.after(late_ms(self._world), late)

    def _late(self, asks: list[Ask], mark: int, session: str) -> None:
        """A copy of a frame arrives late, on a stream of its own."""
        end = StreamEnd(route(self._owners, SHARD_OF[asks[0].object]))
        self._frame(end, asks, mark, session)
        self._close(end)

    def _stream_to(self, shard: int) -> StreamEnd:
        """Return the stream for calls of a shard: the one of another shard, or a new one."""
        end = self._streams.get(shard)
        if end is None or not end.open:
            rng = self._world.rng
            known = [one for one in self._streams.values() if one.open]
            share = known and rng.random() < 0.3
            end = rng.choice(known) if share else StreamEnd(route(self._owners, shard))
            self._streams[shard] = end
        return end

    def _frame(
        self, end: StreamEnd, asks: list[Ask], mark: int | None = None, session: str | None = None
    ) -> None:
        world = self._world
        if mark is None:
            mark = self._said = self._say()
        name, expires = session or self._session, asks[0].expires_ms
        if self._plant is Plant.MARK_UNANSWERED and session is None:
            mark = self._last - 1
        end.arrives_ms = max(end.arrives_ms, world.now_ms + world.delay())

        def arrives() -> None:
            if end.stream is None:
                end.stream = Stream(end.owner, name, expires, partial(self._leave, end))
            end.stream.calls(mark, asks)

        world.after(end.arrives_ms - world.now_ms, arrives)

    def _say(self) -> int:
        """Return up to which number it says that it has all answers: perhaps less than it could."""
        careful = self._world.rng.random() < CAREFUL
        return self._world.between(self._said, self._mark) if careful else self._mark

    def _lose(self, end: StreamEnd) -> None:
        """The stream breaks: what is on its way to the host may still arrive, answers do not."""
        end.open = False
        for shard in [shard for shard, one in self._streams.items() if one is end]:
            del self._streams[shard]
        for number, ask in self._waiting.items():
            if self._streams.get(SHARD_OF[ask.object]) is None:
                self._silent_ms[number] = 0
        self._close(end)

    def _close(self, end: StreamEnd) -> None:
        """The host learns that nobody listens, after all frames that were sent."""
        end.open = False
        world = self._world

        def closed() -> None:
            if end.stream is not None:
                end.stream.close()

        world.after(max(end.arrives_ms - world.now_ms, 0) + world.delay(), closed)

    # ---- answers ---------------------------------------------------------------------------

    def _leave(self, end: StreamEnd, answers: list[tuple[Ask, Answer | AidevosError]]) -> None:
        world = self._world
        for ask, value in answers:
            self._checker.leaves(ask, value)
        end.answers_ms = max(end.answers_ms, world.now_ms + world.delay())
        world.after(end.answers_ms - world.now_ms, lambda: self._arrive(end, answers))

    def _arrive(self, end: StreamEnd, answers: list[tuple[Ask, Answer | AidevosError]]) -> None:
        for ask, value in answers if end.open else ():
            if ask.session == self._session and ask.number in self._waiting:
                self._answered(ask, value)

    def _answered(self, ask: Ask, value: Answer | AidevosError) -> None:
        assert not isinstance(value, AlreadyAnsweredError), f"{ask.name}: refused, still waiting"
        if isinstance(value, UnavailableError) and not value.metadata.get("surely"):
            self._silent_ms[ask.number] = 0
            self._streams.pop(SHARD_OF[ask.object], None)
            return
        if self._plant is Plant.SESSION_EXPIRY_MOVES and self._move(ask, value):
            return
        if isinstance(value, UnavailableError | ExpiredError):
            self._checker.surely_not(ask)
        del self._waiting[ask.number]
        self._silent_ms.pop(ask.number, None)
        self._mark = min(self._waiting) - 1 if self._waiting else self._last
        self._checker.durable.marks[self._session] = self._mark

    def _move(self, ask: Ask, value: Answer | AidevosError) -> bool:
        """Plant: what expired is sent again in the same session, which ends later now."""
        if not isinstance(value, ExpiredError | InvalidArgumentError) or self._world.calm:
            return False
        self._expires_ms = self._world.now_ms + 20_000
        for number, one in self._waiting.items():
            moved = Ask(one.object, one.method, one.n, *one.key, self._expires_ms, one.floor)
            self._waiting[number] = self._checker.durable.asks[one.key] = moved
            self._silent_ms[number] = 0
        self._streams.clear()
        return True
