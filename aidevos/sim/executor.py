"""A worker apart from its host: it holds live states, and can be killed at any step.

Turns of a group run one at a time in the order in which they were sent, with drops in one order
with them; activations are taken when they are read, before turns that wait. Results go back in
order, later. When it dies, what it held is gone; results on their way arrive or are lost; then the
host is told, and so is everybody who was not answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from aidevos.core import codec
from aidevos.core.errors import HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord, Held, TurnRequest, TurnResult
from aidevos.sim.bursts import SimBurst
from aidevos.sim.columns import Frame, Sent, bursts, single_turns, tell_burst
from aidevos.sim.counters import (
    GROUP_OF,
    OF_GROUP,
    OTHER,
    QUERIES,
    Counter,
    Counters,
    deltas,
    refusal,
    shown,
)
from aidevos.sim.plants import Plant
from aidevos.sim.turns import SimTurn
from aidevos.sim.world import World

LOST = TurnResult(outcome="lost")
DIES_IN_BURST = 0.1
"""Chance that the process is killed about when it runs a burst."""
PART_TOLD = 0.3
"""Chance that the first results of a burst are told before the others are there."""
Order = Callable[[], None]
States = Callable[[list[Held | None]], None]


class OnTheWay:
    """Something that the worker sent to its host; void when it was lost."""

    __slots__ = ("arrive", "void")

    def __init__(self, arrive: Callable[[], None]) -> None:
        """`arrive` is called unless it is made void."""
        self.arrive = arrive
        self.void = False


class Worker:
    """core/turn.Executor for counters, by virtual time; one process at a time."""

    def __init__(self, world: World, plant: Plant | None) -> None:
        """Begin with nothing held."""
        self.generation = 0
        self.held: Counters = {}
        self._floors: dict[ObjectId, int] = {}
        """Versions of what failed turns took away: what is activated below is out of date."""
        self._world = world
        self._plant = plant
        self._think_ms = world.weather.think_ms
        self._alive = True
        self._life = 0
        self._lanes: dict[str, deque[Order | int]] = {}
        self._busy: dict[str, int] = {}
        """By group, the number of the turn that runs."""
        self._sent: Sent = {}
        self._requests: dict[int, TurnRequest] = {}
        """What the process was told to run, and has not."""
        self._frames: dict[int, Frame] = {}
        """By the number of each turn that came in a burst."""
        self._taken: deque[SimTurn] = deque(maxlen=3)
        self._last = 0
        self._way: deque[OnTheWay] = deque()
        self._free_ms = 0

    # ---- core/turn.Executor ------------------------------------------------------------------

    def activate(self, object: ObjectId, held: Held) -> None:
        """Hold an object as soon as the process reads this; ignored if it is held."""
        if self._alive:
            self._later(self._world.between(0, 1), partial(self.hold, object, held))

    def run(self, turn: SimTurn) -> None:
        """Run one turn; `turn.ran` is called later."""
        self._begin(turn, turn.request)

    def run_burst(self, burst: SimBurst) -> None:
        """Run the turns of a burst."""
        count = len(burst)
        frame = Frame(self._last + 1, count)
        for place in range(count):
            self._frames[self._last + 1] = frame
            self._begin(burst, burst.request(place))
        if self._world.chance(DIES_IN_BURST):
            self._later(self._world.between(1, 2 * self._think_ms), self.kill)

    def _begin(self, sent: SimTurn | SimBurst, request: TurnRequest) -> None:
        self._last += 1
        self._sent[self._last], self._requests[self._last] = sent, request
        self._enter(request.object, self._last)

    def drop(self, objects: Iterable[ObjectId]) -> None:
        """Hold these no more, after the turns sent before."""
        for object in objects:
            self._enter(object, partial(self._drop, object))

    def states(self, objects: Sequence[ObjectId], then: States) -> None:
        """Tell states as the turns sent before left them; None for what is not held."""
        found: dict[ObjectId, Held | None] = {}
        waiting = [then]
        life = self._life

        def tell(states: list[Held | None]) -> None:
            if waiting:
                waiting.pop()(states)

        def state(object: ObjectId) -> None:
            counter = self.held.get(object)
            found[object] = None if counter is None else _held(counter)
            if len(found) == len(objects):
                self._send(lambda: tell([found[one] for one in objects]))

        for object in objects:
            self._enter(object, partial(state, object))
        nothing: list[Held | None] = [None] * len(objects)
        if not objects or not self._alive:
            tell(nothing)
        else:  # Whoever waits for the states of a process that died is told that there are none.
            self._world.after(300, lambda: tell(nothing) if life != self._life else None)

    # ---- death -------------------------------------------------------------------------------

    def kill(self) -> None:
        """Kill -9; the host notices a little later."""
        if not self._alive:
            return
        world = self._world
        self._alive = False
        self._life += 1
        self.held = {}
        self._floors = {}
        self._lanes.clear()
        self._requests.clear()
        self._frames.clear()
        kept = world.between(0, len(self._way))
        guilty = set(self._busy.values())
        self._busy.clear()
        late = list(self._way)[kept:]
        for lost in late:
            lost.void = True
        last = max(0, self._free_ms - world.now_ms)
        world.after(last + world.between(1, 30), lambda: self._noticed(guilty, late))

    def _noticed(self, guilty: set[int], late: list[OnTheWay]) -> None:
        """The host sees that the process ended: nothing is held, the next one begins."""
        self._world.tell("a worker died; the next begins")
        self._alive = True
        self.generation += 1
        self._way.clear()
        halved = bursts(self._sent)
        self._world.counts["lost"] += len(halved)
        sent, self._sent = single_turns(self._sent), {}
        if self._plant is Plant.SENT_AGAIN:
            for turn in self._taken:
                if turn.scope is not None:
                    turn.ran(LOST)
        for lost in late if self._plant is Plant.DEAD_RESULT else ():
            self._world.after(self._world.between(2, 20), lost.arrive)
        self._taken.clear()
        for number, turn in sent.items():
            if number in guilty:
                error = HandlerFailedError("its worker died; nothing was changed").to_record()
                turn.ran(TurnResult(outcome="failed", error=error))
            else:
                turn.ran(LOST)
        for burst in halved if self._plant is Plant.BURST_SENT_AGAIN else ():
            self.run_burst(burst)

    def lose_one(self, object: ObjectId) -> None:
        """Let one object go without a word: the next turn of it finds it lost."""
        self.held.pop(object, None)

    # ---- in the process ------------------------------------------------------------------------

    def hold(self, object: ObjectId, held: Held) -> None:
        """Take an object as the host gave it, unless it is held."""
        if object in self.held or held.version < self._floors.get(object, 0):
            return
        self._floors.pop(object, None)
        value = int(held.state) if held.state is not None else 0
        value += sum(int(event.body) for event in held.events)
        self.held[object] = Counter(held.version, value)

    def _drop(self, object: ObjectId) -> None:
        self.held.pop(object, None)
        self._floors.pop(object, None)

    def _enter(self, object: ObjectId, order: Order | int) -> None:
        """Send an order; void if the process ends before it comes to it."""
        if not self._alive:
            return
        group = GROUP_OF[object]
        lane = self._lanes.setdefault(group, deque())
        lane.append(order)
        if group not in self._busy:
            self._busy[group] = 0
            self._later(1, partial(self._next, group))

    def _next(self, group: str) -> None:
        """Do what is in order up to the next turn, which takes its time."""
        lane = self._lanes[group]
        while lane:
            order = lane.popleft()
            if isinstance(order, int):
                self._busy[group] = order
                self._later(
                    self._world.between(0, self._think_ms), partial(self._run, group, order)
                )
                return
            order()
        del self._busy[group]

    def _run(self, group: str, number: int) -> None:
        request = self._requests[number]
        object = request.object
        other = OTHER.get(object) if request.method in OF_GROUP else None
        if self._world.chance(0.01):
            self.lose_one(object)
        if object not in self.held:
            self._answer(group, number, LOST)
        elif other is not None and other not in self.held:
            self._read(group, number, other)
        else:
            self._answer(group, number, self._turn(request))

    def _read(self, group: str, number: int, other: ObjectId) -> None:
        """Ask the host for another object, after all results so far; the group waits."""
        life = self._life

        def answered(held: Held | None) -> None:
            if life != self._life:
                return
            if held is None:
                error = HandlerFailedError("its group cannot be read").to_record()
                failed = TurnResult(outcome="failed", error=error)
                self._later(1, lambda: self._answer(group, number, failed))
                return
            self._floors.pop(other, None)  # The host knew all results so far.
            self._later(1, lambda: self.hold(other, held))
            self._later(1, lambda: self._run(group, number))

        turn = self._sent[number]
        assert isinstance(turn, SimTurn), "objects of bursts are in no group"
        self._send(partial(turn.read_group, other, answered))

    def _turn(self, request: TurnRequest) -> TurnResult:
        """Run a turn on what is held."""
        held, object, method = self.held, request.object, request.method
        own = held[object]

        def value(one: ObjectId) -> int:
            return held[one].value

        if method in QUERIES:
            reply = shown(object, method, value)
            return TurnResult(outcome="ok", version=own.version, reply=reply)
        n = int(request.payload)
        changed = deltas(object, method, n, value)
        if method == "spoil" and (changed is None or self._world.rng.random() < 0.5):
            return self._spoil(request, n)
        if changed is None:
            return TurnResult(
                outcome="refused",
                version=own.version,
                reply=shown(object, method, value),
                error=refusal(object, value),
            )
        changes = tuple(_change(one, held[one], delta) for one, delta in changed.items())
        reply = shown(object, method, value)
        return TurnResult(outcome="ok", version=own.version, reply=reply, changes=changes)

    def _spoil(self, request: TurnRequest, n: int) -> TurnResult:
        """Emit, then raise (by chance) or refuse: what was half done is dropped."""
        object = request.object
        own, values = self.held[object], self.held
        failed = TurnResult(
            outcome="failed",
            error=HandlerFailedError("it raised").to_record(),
            dropped=(object,),
        )
        refused = TurnResult(
            outcome="refused",
            version=own.version,
            reply=str(own.value).encode(),
            error=refusal(object, lambda one: values[one].value),
            dropped=(object,),
        )
        if self._plant is Plant.HALF_KEPT:
            own.value += n
            return msgspec.structs.replace(failed if n % 2 else refused, dropped=())
        self._floors[object] = self.held.pop(object).version
        return failed if n % 2 else refused

    # ---- on the way back -----------------------------------------------------------------------

    def _answer(self, group: str, number: int, result: TurnResult) -> None:
        del self._requests[number]
        frame = self._frames.pop(number, None)
        if frame is None:
            turn = self._sent[number]
            assert isinstance(turn, SimTurn), turn
            self._send(lambda: self._arrived(number, turn, result))
        elif frame.put(number, result) or self._world.rng.random() < PART_TOLD:
            self._send(partial(self._told, *frame.take()))
        self._busy[group] = 0
        self._next(group)

    def _told(self, first: int, results: list[TurnResult]) -> None:
        """Take results of turns that were sent as a burst, whatever became of it since."""
        place = 0
        while place < len(results):
            item = self._sent.get(first + place)
            if isinstance(item, SimBurst):
                place += tell_burst(self._sent, first + place, results[place:])
                continue
            if item is not None:  # Else it is of a process that died (plant DEAD_RESULT).
                self._arrived(first + place, item, results[place])
            place += 1

    def _arrived(self, number: int, turn: SimTurn, result: TurnResult) -> None:
        if self._sent.pop(number, None) is None:
            turn.ran_late(result)
            return
        self._taken.append(turn)
        turn.ran(result)

    def _send(self, arrive: Callable[[], None]) -> None:
        """Let something arrive at the host, after what was sent before."""
        world, sent = self._world, OnTheWay(arrive)
        self._way.append(sent)
        self._free_ms = max(self._free_ms, world.now_ms + world.between(0, 2 + self._think_ms))

        def arrives() -> None:
            if not sent.void:
                self._way.popleft()
                arrive()

        world.after(self._free_ms - world.now_ms, arrives)

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        life = self._life
        self._world.after(delay_ms, lambda: action() if life == self._life else None)


def _held(counter: Counter) -> Held:
    return Held(counter.version, codec.to_json(counter.value), 1)


def _change(object: ObjectId, counter: Counter, delta: int) -> ChangeRecord:
    counter.version += 1
    counter.value += delta
    event = EventRecord("Changed", 1, codec.to_json(delta))
    return ChangeRecord(object, counter.version, (event,))
