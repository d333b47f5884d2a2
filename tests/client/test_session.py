"""The session's own rules, without a server: numbers, mark, halves, credit, copies."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from aidevos_client.frames import frame_of
from aidevos_client.pending import PendingCall
from aidevos_client.session import FRAME_BYTES, FRAME_CALLS_MAX, Session

from aidevos.core.errors import AidevosError
from aidevos.v1 import sessions_pb2 as pb


def call(payload: bytes = b"{}", deadline: float = 9.0) -> PendingCall:
    future = asyncio.get_running_loop().create_future()
    return PendingCall(("Counter", "a"), "add", payload, deadline, future)


def session_with(*calls: PendingCall, credit: int = 4_096, size: int = 16 << 20) -> Session:
    session = Session("s", 1)
    session.credited(credit, size)
    session.fresh.extend(calls)
    return session


def answer(*numbers: int) -> pb.AnswerFrame:
    ones = [1] * len(numbers)
    return pb.AnswerFrame(
        numbers=numbers, versions=ones, payload_ends=count_ends(len(numbers)), payloads=b"7" * 99
    )


def count_ends(size: int) -> list[int]:
    return list(range(1, size + 1))


def numbers(calls: list[PendingCall]) -> list[int]:
    return [found.number for found in calls]


async def test_a_frame_takes_up_to_64_calls_then_half_of_what_is_outstanding_then_256() -> None:
    small = session_with(*(call() for _ in range(64)))
    assert [len(small.next_calls()) for _ in range(2)] == [64, 0]
    session = session_with(*(call() for _ in range(200)))
    assert [len(session.next_calls()) for _ in range(3)] == [100, 100, 0]
    many = session_with(*(call() for _ in range(2_000)))
    assert len(many.next_calls()) == FRAME_CALLS_MAX
    few = session_with(call(), call())
    assert len(few.next_calls()) == 2


async def test_the_mark_stays_below_a_call_that_is_not_answered_and_then_jumps() -> None:
    session = session_with(*(call() for _ in range(4)))
    assert session.mark == 0
    assert numbers(session.next_calls()) == [1, 2, 3, 4]
    session.take(answer(2, 3))
    assert session.mark == 0
    session.take(answer(1))
    assert session.mark == 3
    session.take(answer(4))
    assert session.mark == 4


async def test_a_cancelled_call_holds_the_mark_until_its_answer_or_the_end_of_its_stream() -> None:
    first, second = call(), call()
    session = session_with(first, second)
    session.next_calls()
    first.future.cancel()
    session.take(answer(2))
    session.sweep()
    assert session.mark == 0
    session.broken()
    assert (session.mark, session.idle) == (2, True)


async def test_a_call_that_timed_out_holds_the_mark_as_well() -> None:
    first, second = call(), call()
    session = session_with(first, second)
    session.next_calls()
    session.end(first, AidevosError("too late"))
    session.take(answer(2))
    assert session.mark == 0
    session.take(answer(1))
    assert session.mark == 2
    assert first.future.exception() is not None


async def test_a_call_that_is_cancelled_before_it_is_sent_has_no_number() -> None:
    first, second = call(), call()
    session = session_with(first, second)
    first.future.cancel()
    assert session.next_calls() == [second]
    assert (first.number, second.number) == (0, 1)


async def test_after_a_break_the_unanswered_go_again_under_their_numbers_and_first() -> None:
    calls = [call() for _ in range(6)]
    session = session_with(*calls[:4])
    session.next_calls()
    session.take(answer(2))
    session.fresh.extend(calls[4:])
    session.broken()
    assert session.next_calls() == [], "no stream, no credit"
    session.credited(100, 100)
    assert numbers(session.next_calls()) == [1, 3, 4, 5, 6]
    assert [found.doubtful for found in calls] == [True, False, True, True, False, False]
    assert session.sent_number == 6


async def test_a_late_second_answer_of_a_number_is_ignored() -> None:
    session = session_with(call(), credit=2)
    session.next_calls()
    session.take(answer(1))
    session.take(answer(1, 5))
    session.fresh.extend([call(), call(), call()])
    assert len(session.next_calls()) == 2, "the credit is that of two calls, not of three"


async def test_a_refused_call_keeps_its_number_and_the_mark_waits_for_it() -> None:
    only = call()
    session = session_with(only)
    session.next_calls()
    refused = pb.AnswerFrame(numbers=[1], versions=[0], payload_ends=[0])
    refused.errors.add(index=0)
    ((found, _),) = session.take(refused)
    assert found is only
    session.rest(only)
    session.take(answer(1))
    assert not only.future.done(), "an answer to a copy that is not under way is none"
    assert (session.mark, session.next_calls()) == (0, [])
    session.wake(only)
    assert numbers(session.next_calls()) == [1]


async def test_bytes_are_bounded_by_the_frame_and_by_the_credit() -> None:
    large = FRAME_BYTES - 10
    session = session_with(*(call(bytes(large)) for _ in range(4)), size=3 * large)
    assert [len(session.next_calls()) for _ in range(4)] == [1, 1, 1, 0]
    session.take(answer(1))
    assert len(session.next_calls()) == 1


async def test_a_narrower_session_has_half_as_much_under_way_and_recovers() -> None:
    session = session_with(*(call() for _ in range(200)), credit=100)
    while session.next_calls():
        pass
    assert session.sent_number == 100
    session.broken(narrower=True)
    session.credited(100, 1_000)
    while session.next_calls():
        pass
    under_way = [number for number, found in session.pending.items() if found.flying]
    assert under_way == list(range(1, 51))
    session.take(answer(*under_way))
    while session.next_calls():
        pass
    assert sum(found.flying for found in session.pending.values()) == 100


async def test_an_expected_version_and_a_deadline_make_columns_of_their_own() -> None:
    plain, versioned, bounded = call(), call(), call(deadline=12.5)
    versioned.expected_version = 0
    bounded.bounded = True
    assert not frame_of([plain], 0, 9.0).calls.expected_versions
    assert not frame_of([plain], 0, 9.0).calls.timeouts_ms
    frame = frame_of([plain, versioned, bounded], 0, 9.0).calls
    assert list(frame.expected_versions) == [-1, 0, -1]
    assert list(frame.timeouts_ms) == [0, 0, 3_500]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_numbers_are_new_and_the_mark_is_below_what_may_come(
    seed: int,
) -> None:
    """Calls, answers, refusals, cancellations, breaks at random: no answer is lost or doubled."""
    chaos = Chaos(random.Random(seed), Session("s", 1))
    mark = 0
    for _ in range(600):
        chaos.step()
        assert chaos.session.mark >= mark
        mark = chaos.session.mark
        assert all(number > mark for number in chaos.session.pending)
        assert set(chaos.session.again) <= set(chaos.session.pending.values())
    assert sorted(chaos.sent) == list(range(1, chaos.session.sent_number + 1))
    assert all(chaos.sent[number].future.done() for number in chaos.answered)
    for found in chaos.sent.values():
        if found.future.done():
            found.future.exception()  # Read, so that the loop does not complain.


@dataclass
class Chaos:
    """One session that things happen to."""

    rng: random.Random
    session: Session
    sent: dict[int, PendingCall] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)

    def step(self) -> None:
        kinds = (self.submit, self.send, self.answer, self.give_up, self.breaks)
        self.rng.choices(kinds, weights=(4, 4, 4, 2, 1))[0]()

    def submit(self) -> None:
        self.session.fresh.append(call())

    def send(self) -> None:
        mark = self.session.mark
        for found in self.session.next_calls():
            assert found.number > mark
            assert self.sent.setdefault(found.number, found) is found

    def answer(self) -> None:
        flying = [number for number, found in self.session.pending.items() if found.flying]
        chosen = self.rng.sample(flying, self.rng.randint(0, len(flying)))
        self.session.take(answer(*chosen))
        self.answered.update(chosen)

    def give_up(self) -> None:
        for found in list(self.session.everyone()):
            if self.rng.random() < 0.1:
                self.session.end(found, AidevosError("enough"))
        self.session.sweep()

    def breaks(self) -> None:
        self.session.broken()
        self.session.credited(self.rng.randint(1, 50), 1 << 20)
