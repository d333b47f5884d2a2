"""Framed calls through the gRPC door: answers, refusals of single calls, repeats, the end."""

import asyncio

import grpc
import pytest
from frame_client import Ask, FrameClient, opening
from grpc_world import OPERATOR, World, running
from test_grpc_calls import reason

from aidevos.core.call import PAYLOAD_BYTES_MAX
from aidevos.doors.session_stream import CREDIT_CALLS
from aidevos.v1.errors_pb2 import Reason

Code = grpc.StatusCode
BOTH = pytest.mark.usefixtures("sessions")


async def opened(world: World, name: str = "s", sent: int = 0) -> FrameClient:
    client = FrameClient(world.channel)
    await client.open(opening(name, sent))
    return client


@BOTH
async def test_calls_of_one_frame_are_answered_each_under_its_number(world: World) -> None:
    client = await opened(world)
    found = await client.ask(
        Ask(1, "add", b'{"n":2}'), Ask(2, "add", b'{"n":3}'), Ask(3, "add", key="b")
    )
    assert {number: (got.payload, got.version) for number, got in found.items()} == {
        1: (b"2", 1),
        2: (b"5", 2),
        3: (b"1", 1),
    }
    assert (await client.ask(Ask(4, "total")))[4].payload == b"5"
    assert await client.end() is Code.OK


@BOTH
async def test_the_first_frame_of_the_server_is_credit(world: World) -> None:
    credit = await FrameClient(world.channel).open()
    assert (credit.calls, credit.bytes > 4 << 20) == (CREDIT_CALLS, True)


@BOTH
async def test_one_calls_refusal_harms_no_neighbour_of_its_frame(world: World) -> None:
    client = await opened(world)
    bad = {
        2: Ask(2, "refuse"),
        3: Ask(3, "enough"),
        4: Ask(4, "fail"),
        5: Ask(5, "nothing"),
        6: Ask(6, type="Nothing"),
        7: Ask(7, key=""),
        8: Ask(8, type="1"),
        9: Ask(9, payload=b"{"),
        10: Ask(10, payload=b"\xff"),
        11: Ask(11, payload=b'{"n":"2"}'),
        12: Ask(12, payload=b" " * (PAYLOAD_BYTES_MAX + 1)),
    }
    found = await client.ask(Ask(1), *bad.values(), Ask(13))
    reasons = {number: Reason.Name(got.reason)[7:] for number, got in found.items()}
    assert reasons == {
        1: "UNSPECIFIED",
        2: "FAILED_PRECONDITION",
        3: "RESOURCE_EXHAUSTED",
        4: "HANDLER_FAILED",
        5: "NOT_FOUND",
        6: "NOT_FOUND",
        7: "INVALID_ARGUMENT",
        8: "INVALID_ARGUMENT",
        9: "INVALID_ARGUMENT",
        10: "INVALID_ARGUMENT",
        11: "INVALID_ARGUMENT",
        12: "INVALID_ARGUMENT",
        13: "UNSPECIFIED",
    }
    assert sorted(found[number].version for number in (1, 13)) == [1, 2]
    assert [wrong.field for wrong in found[2].error.violations] == ["a", "b"]
    assert [number for number, got in found.items() if got.error and got.error.is_final] == [
        2,
        3,
        9,
        10,
        11,
    ]


async def test_a_version_that_a_call_expects_and_a_deadline_are_columns(world: World) -> None:
    client = await opened(world)
    await client.send(Ask(1), Ask(2), Ask(3, key="b"), expected_versions=[0, 7, -1])
    found = await client.answers(3)
    assert (found[1].version, found[3].version) == (1, 1)
    assert found[2].reason == Reason.REASON_VERSION_CONFLICT
    assert dict(found[2].error.metadata) == {"expected": "7", "actual": "1"}
    await client.send(Ask(4, key="c"), Ask(5, key="d"), timeouts_ms=[0, 60_000])
    deadlines = {call.object.key: call.deadline_ms for call in world.between.seen[-2:]}
    await client.answers(2)
    deadlines = {call.object.key: call.deadline_ms for call in world.between.seen[-2:]}
    assert deadlines["c"] is None
    assert 50_000 < deadlines["d"] - world.door.identity.monotonic_ms() <= 60_000


@BOTH
async def test_a_repeat_on_another_stream_gets_the_recorded_answer(world: World) -> None:
    first = await (await opened(world)).ask(Ask(1, "add", b'{"n":2}'), Ask(2, "refuse"))
    again = await opened(world, sent=2)
    found = await again.ask(Ask(1, "add", b'{"n":2}'), Ask(2, "refuse"), Ask(3))
    assert (found[1].payload, found[1].version) == (first[1].payload, first[1].version)
    assert [number for number, got in found.items() if got.repeated] == [1, 2]
    assert found[2].error.message == first[2].error.message
    assert found[3].version == 2


async def test_the_same_number_joins_while_under_way_and_with_other_arguments_is_refused(
    world: World,
) -> None:
    client = await opened(world)
    all_here, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        if len(world.between.seen) == 4:
            all_here.set()
        await leave.wait()

    world.between.before = hold
    await client.send(Ask(1), Ask(1), Ask(2, key="b"))
    await client.send(Ask(1, payload=b'{"n":9}'))
    await asyncio.wait_for(all_here.wait(), 5)
    leave.set()
    found: list[tuple[int, int, int]] = []
    while len(found) < 4:
        answers = (await client.read()).answers
        reasons = {error.index: error.reason for error in answers.errors}
        found += [
            (number, version, reasons.get(place, 0))
            for place, (number, version) in enumerate(
                zip(answers.numbers, answers.versions, strict=True)
            )
        ]
    exists = Reason.REASON_ALREADY_EXISTS
    assert sorted(found) == [(1, 0, exists), (1, 1, 0), (1, 1, 0), (2, 1, 0)]


@BOTH
async def test_a_number_that_comes_twice_in_a_frame_is_applied_once_and_answered_twice(
    world: World,
) -> None:
    client = await opened(world)
    await client.send(Ask(1), Ask(1), Ask(2, key="b"))
    found: list[tuple[int, int]] = []
    while len(found) < 3:
        answers = (await client.read()).answers
        found += zip(answers.numbers, answers.versions, strict=True)
    assert sorted(found) == [(1, 1), (1, 1), (2, 1)]
    other = await client.ask(Ask(1, payload=b'{"n":9}'))
    assert other[1].reason == Reason.REASON_ALREADY_EXISTS
    assert (await client.ask(Ask(3, "total")))[3].payload == b"1"


@BOTH
async def test_a_number_at_or_below_the_mark_is_refused_and_never_applied(world: World) -> None:
    client = await opened(world)
    await client.ask(Ask(1), Ask(2))
    found = await client.ask(Ask(2), Ask(3), mark=2)
    assert found[2].reason == Reason.REASON_ALREADY_ANSWERED
    assert found[3].version == 3
    await client.send(mark=3)  # A frame without calls raises the mark as well.
    assert (await client.ask(Ask(3)))[3].reason == Reason.REASON_ALREADY_ANSWERED


@BOTH
async def test_the_same_session_of_another_tenant_or_caller_is_another_session(
    world: World,
) -> None:
    await (await opened(world)).ask(Ask(1))
    operator = FrameClient(world.channel, (("authorization", f"Bearer {OPERATOR}"),))
    await operator.open(opening("s"))
    found = await operator.ask(Ask(1))
    assert (found[1].version, found[1].repeated) == (2, False)
    other = FrameClient(world.channel)
    await other.open(opening("s", tenant="other"))
    assert (await other.ask(Ask(1)))[1].reason == Reason.REASON_NOT_FOUND


async def test_a_stranger_is_not_let_in() -> None:
    async with running(address="0.0.0.0:0") as world:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await FrameClient(world.channel).open()
        assert reason(caught.value) == "UNAUTHENTICATED"


async def test_a_closed_side_is_answered_to_the_end(world: World) -> None:
    client = await opened(world)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        entered.set()
        await leave.wait()

    world.between.before = hold
    await client.send(Ask(1), Ask(2))
    await entered.wait()
    await client.stream.done_writing()
    leave.set()
    assert sorted(await client.answers(2)) == [1, 2]
    assert await asyncio.wait_for(client.stream.code(), 5) is Code.OK
    assert world.between.sessions.streams == 0


async def test_a_stop_answers_what_is_under_way_and_says_to_open_again(world: World) -> None:
    client = await opened(world)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        entered.set()
        await leave.wait()

    world.between.before = hold
    await client.send(Ask(1))
    await entered.wait()
    stopping = asyncio.ensure_future(world.door.stop(grace_s=5))
    leave.set()
    assert (await client.answers(1))[1].version == 1
    error = await client.refused()
    assert (error.code(), reason(error)) == (Code.UNAVAILABLE, "UNAVAILABLE")
    await stopping


async def test_a_session_that_is_opened_while_the_server_stops_is_sent_away(world: World) -> None:
    other = await opened(world, "other")
    late = FrameClient(world.channel)
    late.stream = world.framed.Session()
    await world.invoke()  # On the same connection: the stream before it has begun.
    stopping = asyncio.ensure_future(world.door.stop(grace_s=5))
    assert reason(await other.refused()) == "UNAVAILABLE"
    assert reason(await late.refused(opening("late"))) == "UNAVAILABLE"
    await stopping
