"""Framed calls of the client against a real host and door in this process."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "doors"))

from aidevos_client import CallOptions, Client
from frame_client import until
from grpc_world import World, running

from aidevos.core.call import PAYLOAD_BYTES_MAX, Answer
from aidevos.core.errors import (
    ExpiredError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from aidevos.doors import session_stream
from aidevos.doors.grpc_door import SERVERS
from aidevos.doors.port import CallColumns, OnAnswers, SessionName, SessionPort

A = ("Counter", "a")
B = ("Counter", "b")


@pytest.fixture(params=sorted(SERVERS))
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with running(server=request.param) as made:
        yield made


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with Client(f"127.0.0.1:{world.port}") as made:
        yield made


class Held:
    """Holds the calls of one key at the host's edge until told."""

    def __init__(self, world: World, key: str) -> None:
        self.entered, self.leave = asyncio.Event(), asyncio.Event()
        self._world, self._key = world, key
        world.between.before = self

    async def __call__(self) -> None:
        if self._world.between.seen[-1].object.key == self._key:
            self.entered.set()
            await self.leave.wait()


def frames(world: World) -> list[int]:
    """Return how many calls each frame had."""
    return [len(frame.numbers) for _, frame in world.between.sessions.frames]


def sessions(world: World) -> set[SessionName]:
    """Return the sessions from which frames came."""
    return {name for name, _ in world.between.sessions.frames}


async def test_what_is_called_at_once_goes_in_few_frames_of_one_session(
    world: World, client: Client
) -> None:
    answers = await asyncio.gather(*(client.invoke(A, "add") for _ in range(200)))
    assert sorted(answer.version for answer in answers) == list(range(1, 201))
    sizes = frames(world)
    assert sum(sizes) == 200
    assert sizes[0] == 100
    assert len(sizes) <= 6
    assert len(sessions(world)) == 1


async def test_commands_and_queries_share_the_numbers_and_the_mark_follows(
    world: World, client: Client
) -> None:
    for method in ("add", "total", "refuse", "add"):
        try:
            await client.invoke(A, method)
        except FailedPreconditionError:
            assert method == "refuse"
    found = [(frame.mark, list(frame.numbers)) for _, frame in world.between.sessions.frames]
    assert found == [(0, [1]), (1, [2]), (2, [3]), (3, [4])]


async def test_a_call_with_an_identity_of_its_own_goes_alone(world: World, client: Client) -> None:
    mine = CallOptions(request_id="mine")
    first, again = [await client.invoke(A, "add", options=mine) for _ in range(2)]
    assert (first.version, again.version, again.repeated) == (1, 1, True)
    with pytest.raises(NotFoundError):
        await client.invoke(B, "add", options=CallOptions(must_exist=True))
    assert frames(world) == []


@pytest.mark.parametrize(
    ("address", "method", "payload"),
    [
        (A, "add", b" " * (PAYLOAD_BYTES_MAX + 1)),
        (A, "add", b" " * (5 << 20)),
        (("Counter", "k" * 5_000_000), "add", b"{}"),
        (("T" * 5_000, "a"), "add", b"{}"),
        (("Counter", "\n"), "add", b"{}"),
    ],
    ids=["payload", "huge payload", "huge key", "long type", "bad key"],
)
async def test_what_fits_into_no_frame_is_refused_alone(
    world: World, client: Client, address: tuple[str, str], method: str, payload: bytes
) -> None:
    bad, good = await asyncio.gather(
        client.invoke(address, method, payload), client.invoke(A, "add"), return_exceptions=True
    )
    assert isinstance(bad, InvalidArgumentError)
    assert not isinstance(good, BaseException)
    assert len(sessions(world)) == 1


async def test_a_key_that_is_no_text_harms_no_neighbour(client: Client) -> None:
    bad, good = await asyncio.gather(
        client.invoke(("Counter", "\ud800"), "add"), client.invoke(A, "add"), return_exceptions=True
    )
    assert isinstance(bad, InvalidArgumentError)
    assert not isinstance(good, BaseException)


async def test_a_cancelled_call_ends_alone_and_holds_the_mark_until_it_is_answered(
    world: World, client: Client
) -> None:
    held = Held(world, "a")
    slow = asyncio.ensure_future(client.invoke(A, "add"))
    await held.entered.wait()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    for version in (1, 2, 3):
        assert (await client.invoke(B, "add")).version == version
    assert world.between.sessions.frames[-1][1].mark == 0
    held.leave.set()
    await until(lambda: not world.between.sessions.tasks)
    assert (await client.invoke(A, "add")).version == 2
    assert (await client.invoke(A, "add")).version == 3
    assert world.between.sessions.frames[-1][1].mark == 5


async def test_a_timeout_ends_its_own_call_alone_and_tells_that_the_outcome_is_unknown(
    world: World, client: Client
) -> None:
    held = Held(world, "a")
    short = CallOptions(timeout_s=0.05)
    slow = asyncio.ensure_future(client.invoke(A, "add", options=short))
    long = asyncio.ensure_future(client.invoke(A, "add"))
    with pytest.raises(OutcomeUnknownError, match="request_id"):
        await slow
    assert (await client.invoke(B, "add")).version == 1
    held.leave.set()
    assert (await long).version in (1, 2)


async def test_a_timeout_of_the_callers_own_is_a_deadline_for_the_server(
    world: World, client: Client
) -> None:
    await client.invoke(A, "add")
    await client.invoke(A, "add", options=CallOptions(timeout_s=7))
    first, second = (call.deadline_ms for call in world.between.seen)
    assert first is None
    assert 0 < (second or 0) - world.door.identity.monotonic_ms() <= 7_000


async def test_without_a_server_a_call_that_was_never_sent_is_told_so() -> None:
    async with Client("127.0.0.1:1") as client:
        with pytest.raises(UnavailableError, match="nothing was applied") as caught:
            await client.invoke(A, "add", options=CallOptions(timeout_s=0.1))
    assert not isinstance(caught.value, OutcomeUnknownError)


async def test_a_shard_that_moved_is_asked_again_under_the_same_number(
    world: World, client: Client
) -> None:
    async def moved_once() -> None:
        if len(world.between.seen) == 1:
            raise OutcomeUnknownError("the shard moved", retry_after_ms=1)

    world.between.before = moved_once
    assert (await client.invoke(A, "add")).version == 1
    assert len({call.id for call in world.between.seen}) == 1
    assert [frame.mark for _, frame in world.between.sessions.frames] == [0, 0]


async def test_a_session_is_renewed_and_what_is_under_way_finishes_in_the_old_one(
    world: World, client: Client
) -> None:
    held = Held(world, "a")
    slow = asyncio.ensure_future(client.invoke(A, "add"))
    await held.entered.wait()
    carrier = client._framed._carrier
    assert carrier is not None
    carrier.usable_until = 0
    assert (await client.invoke(B, "add")).version == 1
    assert world.between.sessions.streams == 2
    held.leave.set()
    assert (await slow).version == 1
    await until(lambda: world.between.sessions.streams == 1)
    assert len(sessions(world)) == 2
    assert world.between.sessions.frames[-1][1].mark == 1, "the old session's last word"


async def test_a_call_that_came_too_late_for_its_session_goes_into_a_new_one(
    world: World, client: Client
) -> None:
    await client.invoke(A, "add")

    async def over() -> None:
        if len(world.between.seen) == 2:
            raise ExpiredError("the call expired and was not applied; it never will be")

    world.between.before = over
    assert (await client.invoke(A, "add")).version == 2
    assert len(sessions(world)) == 2


async def test_an_expired_call_of_which_a_copy_was_lost_sight_of_is_in_doubt(
    world: World, client: Client
) -> None:
    async def moved_then_expired() -> None:
        if len(world.between.seen) == 1:
            raise OutcomeUnknownError("the shard moved", retry_after_ms=1)
        raise ExpiredError("the call expired; it never will be applied")

    world.between.before = moved_then_expired
    with pytest.raises(OutcomeUnknownError, match="may be applied"):
        await client.invoke(A, "add")
    assert len(world.between.seen) == 2


class Falters:
    """A port whose first session breaks at its second frame and is then expired.

    It is away until `calling_again` is set, so that a call can come while there is no stream.
    """

    def __init__(self, world: World) -> None:
        self.calling_again = asyncio.Event()
        self.opened: list[str] = []
        self._plain = world.between.sessions

    def open_session(self, name: SessionName, sent_number: int, answer: OnAnswers) -> SessionPort:
        self.opened.append(name.session_id)
        session = self._plain.open_session(name, sent_number, answer)
        if len(self.opened) == 1:
            return OneFrame(session)
        if name.session_id != self.opened[0]:
            return session
        session.close()
        if not self.calling_again.is_set():
            raise UnavailableError("away")
        raise ExpiredError("the session has expired")


class OneFrame:
    def __init__(self, session: SessionPort) -> None:
        self._session, self._frames = session, 0
        self.close = session.close

    def calls(self, frame: CallColumns) -> None:
        self._frames += 1
        if self._frames > 1:
            raise UnavailableError("away")
        self._session.calls(frame)


async def test_of_a_session_that_expired_while_away_only_what_was_never_sent_moves_on(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = Falters(world)
    monkeypatch.setattr(world.between, "open_session", port.open_session)
    await client.invoke(A, "add")
    sent = asyncio.ensure_future(client.invoke(A, "add"))
    await until(lambda: len(port.opened) > 1)
    waiting = asyncio.ensure_future(client.invoke(B, "add"))
    await asyncio.sleep(0)  # It is submitted, and there is no stream.
    port.calling_again.set()
    with pytest.raises(OutcomeUnknownError):
        await sent
    assert (await waiting).version == 1
    assert (await client.invoke(B, "add")).version == 2, "what moved was applied once"
    assert len(set(port.opened)) == 2


async def test_a_clock_that_is_far_off_is_told_at_once_and_not_tried_for_ever(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SessionName] = []

    def open_session(name: SessionName, sent_number: int, answer: OnAnswers) -> SessionPort:
        opened.append(name)
        raise ExpiredError("the session has expired")

    monkeypatch.setattr(world.between, "open_session", open_session)
    with pytest.raises(ExpiredError):
        await client.invoke(A, "add")
    assert len(opened) == 1


async def test_answers_that_are_too_many_to_carry_come_with_less_under_way(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each frame is answered at once, and all answers of one above 100 calls are too many."""
    monkeypatch.setattr(session_stream, "UNREAD_BYTES_MAX", 100)
    sizes: list[int] = []

    class AllAtOnce:
        def __init__(self, answer: OnAnswers) -> None:
            self._answer = answer

        def calls(self, frame: CallColumns) -> None:
            sizes.append(len(frame.numbers))
            answers = [(number, Answer(version=1, payload=b"7")) for number in frame.numbers]
            self._answer(answers, [])

        def close(self) -> None:
            pass

    def open_session(name: SessionName, sent_number: int, answer: OnAnswers) -> AllAtOnce:
        return AllAtOnce(answer)

    monkeypatch.setattr(world.between, "open_session", open_session)
    options = CallOptions(timeout_s=10)
    calls = [client.invoke(A, "add", options=options) for _ in range(300)]
    assert {answer.payload for answer in await asyncio.gather(*calls)} == {b"7"}
    assert sizes[-1] <= 100
    assert len(sizes) < 20


async def test_a_refusal_is_answered_by_the_pause_that_it_asks_for(
    world: World, client: Client
) -> None:
    async def overloaded_once() -> None:
        if len(world.between.seen) == 1:
            raise ResourceExhaustedError("overloaded", retry_after_ms=150)

    world.between.before = overloaded_once
    begun = time.monotonic()
    assert (await client.invoke(A, "add")).version == 1
    assert time.monotonic() - begun >= 0.15


async def test_more_callers_than_the_server_gives_credit_for_all_get_their_turn(
    world: World, client: Client
) -> None:
    calls = [client.invoke(("Counter", f"k{number % 50}"), "total") for number in range(5_000)]
    answers = await asyncio.gather(*calls)
    assert len(answers) == 5_000
    assert max(frames(world)) == 256
    assert world.between.sessions.streams == 1


async def test_a_stranger_is_told_so_at_once() -> None:
    async with running(address="0.0.0.0:0") as world, Client(f"127.0.0.1:{world.port}") as client:
        found = await asyncio.gather(
            *(client.invoke(A, "add") for _ in range(3)), return_exceptions=True
        )
    assert [type(error) for error in found] == [UnauthenticatedError] * 3
    assert len({id(error) for error in found}) == 3


async def test_closing_tells_those_who_wait_and_ends_the_session(world: World) -> None:
    async with Client(f"127.0.0.1:{world.port}") as client:
        held = Held(world, "a")
        slow = asyncio.ensure_future(client.invoke(A, "add"))
        await held.entered.wait()
    with pytest.raises(OutcomeUnknownError, match="closed"):
        await slow
    held.leave.set()
    await until(lambda: world.between.sessions.streams == 0)


async def test_a_client_that_is_closed_with_nothing_under_way_passes_the_mark_over_all(
    world: World,
) -> None:
    async with Client(f"127.0.0.1:{world.port}") as client:
        await client.invoke(A, "add")
        await client.invoke(A, "add")
    _, last = world.between.sessions.frames[-1]
    assert (last.mark, list(last.numbers)) == (2, [])
    assert world.between.sessions.streams == 0


async def test_a_server_that_stops_and_one_that_comes_are_one_to_the_caller(world: World) -> None:
    async with Client(f"127.0.0.1:{world.port}") as client:
        held = Held(world, "a")
        slow = asyncio.ensure_future(client.invoke(A, "add"))
        await held.entered.wait()
        await world.door.stop(grace_s=0.05)
        held.leave.set()
        async with running(address=f"127.0.0.1:{world.port}") as other:
            other.between._host = world.host
            assert (await slow).version == 1
            assert (await client.invoke(A, "add")).version == 2
    assert sessions(other) == sessions(world)
