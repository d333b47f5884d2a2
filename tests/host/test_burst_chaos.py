"""Frames of any kind, in any parts, under deaths, lies, things taken back and lost shards.

The reply of `add` is the total after it, and each adds one: so the replies of all that were well
are 1, 2, 3 ... for each object, each once. A lost, doubled or exchanged result breaks that.
"""

import random

import pytest
from counter_type import until
from lane_stream import Stream
from lane_world import LaneWorld, lane_world

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError

KEYS = ("a", "b", "c", "d", "{g}e")
METHODS = ("add",) * 8 + ("nothing", "refuse", "total", "fail")
GARBAGE = (
    (0, b"1", [("Added", 1, b'{"by":1}')], {}),
    (3, b"{", [("Added", 1, b'{"by":1}')], {}),
    (1_000_000, b"77", [("Added", 1, b'{"by":1}')], {}),
    (1_000_000, b"78", (), {}),
)


class Chaos:
    """One run: what was asked, by session and number, and what it came to at first."""

    def __init__(self, world: LaneWorld, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.streams = [Stream(world.host, session) for session in "stu"]
        self.asked: dict[tuple[str, int], str] = {}
        self.frames: list[tuple[Stream, range]] = []

    def commands(self, session: str) -> list[int]:
        """Return the numbers of a session that a repeat does not run again."""
        return [
            n
            for (of, n), call in self.asked.items()
            if of == session and not call.endswith(".total")
        ]

    async def step(self) -> None:
        """Do one thing, mostly a frame or some work of the worker."""
        chance, world = self.chance, self.world
        steps = [self.frame] * 8 + [self.work] * 8 + [self.repeat] * 2
        steps += [self.die, self.lie, self.take_back, self.lose, self.hibernate, self.replace]
        await chance.choice(steps)()
        if chance.random() < 0.3:
            await world.go(0)

    async def frame(self) -> None:
        stream = self.chance.choice(self.streams)
        calls = [self.call() for _ in range(self.chance.choice((1, 2, 5, 20, 60)))]
        now = self.world.host.ports.monotonic_ms()
        late = [self.chance.choice((0, now + 60_000, now)) for _ in calls]
        more = {"deadlines_ms": late} if self.chance.random() < 0.1 else {}
        numbers = stream.say(*calls, **more)  # type: ignore[arg-type]
        self.frames.append((stream, numbers))
        for number, call in zip(numbers, calls, strict=True):
            self.asked[stream.session, number] = call

    def call(self) -> str:
        methods = METHODS if self.chance.random() < 0.2 else ("add", "add", "nothing")
        return f"{self.chance.choice(KEYS)}.{self.chance.choice(methods)}"

    async def work(self) -> None:
        await self.world.go(self.chance.choice((1, 3, 10, 1_000)))

    async def repeat(self) -> None:
        """Ask for a frame once more, over another stream; nobody looks at what it hears."""
        if self.frames:
            stream, numbers = self.chance.choice(self.frames)
            ask_again(self, stream.session, list(numbers))

    async def die(self) -> None:
        await self.world.go(0)
        self.world.worker.die()

    async def lie(self) -> None:
        place = self.world.next + self.chance.randrange(30)
        self.world.worker.lies[place] = self.chance.choice(GARBAGE)

    async def take_back(self) -> None:
        object = self.world.object(self.chance.choice(KEYS))
        engine = self.world.engine
        if engine.residents.get(object) is not None:
            engine.take_back(engine.residents.count, [object])

    async def lose(self) -> None:
        if self.chance.random() < 0.3:
            shard = self.world.host._shards[0]
            shard.lost(None)
            await self.world.reopened(shard)

    async def hibernate(self) -> None:
        residents = self.world.engine.residents
        residents.hibernate(self.world.host.ports.monotonic_ms() + 1, len(residents))

    async def replace(self) -> None:
        if self.chance.random() < 0.3:
            old = self.world.executor
            worker = self.world.worker
            self.world.install(self.world.service.version + 1)
            self.world.worker.waits = True
            worker.waits = False
            await until(lambda: not old._scheduled)
            worker.go()


def ask_again(chaos: Chaos, session: str, numbers: list[int]) -> Stream:
    stream = Stream(chaos.world.host, session, sent=max(numbers))
    calls = [chaos.asked[session, number] for number in numbers]
    stream.say(*calls, first=1, numbers=numbers)
    return stream


def is_definite(one: Answer | AidevosError) -> bool:
    return isinstance(one, Answer)


async def settled(chaos: Chaos) -> dict[tuple[str, int], Answer | AidevosError]:
    """Let all end, each told once; ask again for what is not known; return what each came to."""
    chaos.world.worker.waits = False
    chaos.world.worker.lies.clear()
    await chaos.world.go()
    came: dict[tuple[str, int], Answer | AidevosError] = {}
    for stream in chaos.streams:
        numbers = [number for session, number in chaos.asked if session == stream.session]
        await until(lambda: stream.told.keys() >= set(numbers))  # noqa: B023
        assert all(len(told) == 1 for told in stream.told.values()), "each call is told once"
        came |= {(stream.session, number): stream.told[number][0] for number in numbers}
    for _ in range(3):
        for session in "stu":
            numbers = chaos.commands(session)
            if numbers:
                again = ask_again(chaos, session, numbers)
                await until(lambda: again.told.keys() >= set(numbers))  # noqa: B023
                for number in numbers:
                    check_repeat(came, (session, number), again.told[number][0])
    return came


def check_repeat(
    came: dict[tuple[str, int], Answer | AidevosError],
    call: tuple[str, int],
    again: Answer | AidevosError,
) -> None:
    before = came[call]
    if isinstance(before, Answer):
        assert isinstance(again, Answer)
        same = (before.version, before.payload, before.error)
        assert same == (again.version, again.payload, again.error), call
    else:
        came[call] = again


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happens_each_call_counts_once_and_is_told_its_own_result(
    seed: int,
) -> None:
    async with lane_world(None, *KEYS) as world:
        chaos = Chaos(world, seed)
        for _ in range(60):
            await chaos.step()
        came = await settled(chaos)
        for key in KEYS:
            adds = [
                int(one.payload)
                for call, one in came.items()
                if chaos.asked[call] == f"{key}.add" and isinstance(one, Answer)
            ]
            assert sorted(adds) == list(range(1, len(adds) + 1)), key
