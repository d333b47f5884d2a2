"""Calls through the gRPC door: answers, refusals on the wire, bad input."""

import asyncio
import time

import grpc
import pytest
from aidevos_host.config import HostConfig
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_world import World, call, running

from aidevos.core.call import PAYLOAD_BYTES_MAX
from aidevos.core.ids import ObjectId
from aidevos.v1 import objects_pb2 as pb

Code = grpc.StatusCode


def details(error: grpc.aio.AioRpcError, kind: type[Message]) -> list[Message]:
    """Return the google.rpc details of one kind, read as any client in any language would."""
    trailers = dict(error.trailing_metadata())
    status = Status.FromString(trailers["grpc-status-details-bin"])
    assert status.code == error.code().value[0]
    found = []
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            found.append(detail)
    return found


async def refused(world: World, request: pb.InvokeRequest, **more: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await world.objects.Invoke(request, **{"timeout": 5, **more})
    return caught.value


def reason(error: grpc.aio.AioRpcError) -> str:
    (info,) = details(error, ErrorInfo)
    assert info.domain == "aidevos"
    return str(info.reason)


async def test_a_command_answers_with_reply_and_version(world: World) -> None:
    answer = await world.invoke("add", b'{"n": 2}', request_id="x")
    assert (answer.payload, answer.version, answer.request_id) == (b"2", 1, "x")
    assert not answer.is_repeat


async def test_a_repeated_id_gets_the_first_answer(world: World) -> None:
    first = await world.invoke("add", b'{"n": 2}', request_id="x")
    again = await world.invoke("add", b'{"n": 2}', request_id="x")
    assert (again.payload, again.version) == (first.payload, first.version)
    assert again.is_repeat


async def test_a_command_without_an_id_gets_a_fresh_one_each_time(world: World) -> None:
    first, second = await world.invoke(), await world.invoke()
    assert first.request_id != second.request_id
    assert second.version == 2


async def test_a_query_reads_and_changes_nothing(world: World) -> None:
    await world.invoke()
    assert (await world.invoke("total")).payload == b"1"
    assert (await world.invoke("total")).version == 1


async def test_a_handlers_refusal_names_every_wrong_field_on_the_wire(world: World) -> None:
    error = await refused(world, call("refuse"))
    assert error.code() is Code.FAILED_PRECONDITION
    assert error.details() == "two things are wrong"
    (bad,) = details(error, BadRequest)
    found = [(v.field, v.reason, v.description) for v in bad.field_violations]
    assert found == [("a", "TOO_LOW", "a is low"), ("b", "TAKEN", "b is taken")]


async def test_a_version_conflict_is_aborted_and_says_both_versions(world: World) -> None:
    await world.invoke()
    error = await refused(world, call(expected_version=7))
    assert (error.code(), reason(error)) == (Code.ABORTED, "VERSION_CONFLICT")
    (info,) = details(error, ErrorInfo)
    assert dict(info.metadata) == {"expected": "7", "actual": "1"}


async def test_a_bug_of_a_handler_tells_nothing_of_itself(world: World) -> None:
    error = await refused(world, call("fail"))
    assert (error.code(), reason(error)) == (Code.INTERNAL, "HANDLER_FAILED")
    assert "secret" not in (error.details() or "")


async def test_a_bug_of_the_server_tells_nothing_of_itself(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down() -> None:
        raise RuntimeError("secret of the server")

    world.between.before = break_down
    error = await refused(world, call())
    assert (error.code(), reason(error)) == (Code.INTERNAL, "INTERNAL")
    assert "secret" not in (error.details() or "")
    assert "secret of the server" in caplog.text


@pytest.mark.parametrize(
    ("request_", "code", "why", "field"),
    [
        (call(object_type="Nothing"), Code.NOT_FOUND, "NOT_FOUND", "object_type"),
        (call("nothing"), Code.NOT_FOUND, "NOT_FOUND", "method"),
        (call(key=""), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "key"),
        (call(key="a\n"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "key"),
        (call(object_type="1"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "object_type"),
        (call(tenant="No!"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "tenant"),
        (call("add", b'{"n": "2"}'), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "n"),
        (call("add", b'{"m": 2}'), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "m"),
        (call("add", b"[1]"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "payload"),
        (call("add", b"{"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "payload"),
        (call("add", b"\xff"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "payload"),
        (call(request_id="x" * 129), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "request_id"),
        (call(request_id="é"), Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "request_id"),
        (call(must_exist=True), Code.NOT_FOUND, "NOT_FOUND", "key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_input_is_refused_with_its_field(
    world: World, request_: pb.InvokeRequest, code: grpc.StatusCode, why: str, field: str
) -> None:
    error = await refused(world, request_)
    assert (error.code(), reason(error)) == (code, why)
    (bad,) = details(error, BadRequest)
    assert [violation.field for violation in bad.field_violations] == [field]
    assert (await world.invoke(key="neighbour")).version == 1


async def test_an_oversized_payload_is_refused_and_names_the_bound(world: World) -> None:
    error = await refused(world, call("add", b" " * (PAYLOAD_BYTES_MAX + 1)))
    assert (error.code(), reason(error)) == (Code.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert str(PAYLOAD_BYTES_MAX) in (error.details() or "")
    largest = b'{"n": 1' + b" " * (PAYLOAD_BYTES_MAX - 8) + b"}"
    assert (await world.invoke("add", largest)).version == 1


async def test_a_message_beyond_every_bound_is_refused_unread(world: World) -> None:
    error = await refused(world, call("add", b" " * (5 << 20)))
    assert error.code() is Code.RESOURCE_EXHAUSTED
    assert (await world.invoke()).version == 1


async def test_an_id_that_came_with_another_payload_is_refused(world: World) -> None:
    await world.invoke("add", b'{"n": 1}', request_id="x")
    error = await refused(world, call("add", b'{"n": 2}', request_id="x"))
    assert (error.code(), reason(error)) == (Code.ALREADY_EXISTS, "ALREADY_EXISTS")


async def test_an_expired_call_is_refused_for_good(world: World) -> None:
    late = call(request_id="x")
    late.expires_at.FromMilliseconds(1)
    error = await refused(world, late)
    assert (error.code(), reason(error)) == (Code.FAILED_PRECONDITION, "EXPIRED")
    assert (await world.invoke("total")).version == 0


async def test_a_memory_beyond_a_day_cannot_be_asked_for(world: World) -> None:
    greedy = call(request_id="x")
    greedy.expires_at.FromMilliseconds(int(time.time() * 1_000) + 90_000_000)
    error = await refused(world, greedy)
    (bad,) = details(error, BadRequest)
    assert [violation.field for violation in bad.field_violations] == ["expires_at"]


async def test_a_deadline_of_zero_applies_nothing(world: World) -> None:
    error = await refused(world, call(), timeout=0)
    assert error.code() is Code.DEADLINE_EXCEEDED
    assert (await world.invoke("total")).version == 0


async def test_a_call_whose_deadline_passed_while_it_waited_never_runs(world: World) -> None:
    world.door.identity.monotonic_ms = lambda: 0  # Every deadline is long ago for the host.
    error = await refused(world, call())
    assert (error.code(), reason(error)) == (Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    seen = await world.host.list_events(ObjectId("default", "Counter", "a"), "operator")
    assert seen == ()


async def test_overload_asks_for_a_pause() -> None:
    async with running(config=HostConfig(shard_count=1, mailbox_bytes_max=10)) as world:
        error = await refused(world, call("add", b'{"n":     1}'))
        assert (error.code(), reason(error)) == (Code.RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED")
        (retry,) = details(error, RetryInfo)
        assert retry.retry_delay.ToMilliseconds() == 100


async def test_many_calls_at_once_are_each_applied_once(world: World) -> None:
    answers = await asyncio.gather(*(world.invoke() for _ in range(200)))
    assert sorted(answer.version for answer in answers) == list(range(1, 201))
