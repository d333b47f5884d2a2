"""Calls of typed services, on both doors: replies, refusals, streams, pages, what is gone."""

import asyncio
from typing import Any

import grpc
import msgspec
import pytest
from aidevos_host.config import HostConfig
from aidevos_host.policy import ServicePolicy
from todo_types import Todo, TodoApp
from todo_world import MANIFEST, NUMBER, WHOLE, YES_NO
from typed_types import Everything
from typed_world import AS_OPERATOR, TypedWorld, counter, running

import aidevos
from aidevos import DurableObject, command, query
from aidevos.core.errors import AidevosError
from aidevos.core.ids import ObjectId
from aidevos.doors.typed.calls import versions
from aidevos.runtime.status import from_rpc_error
from aidevos.storage.memory import MemoryStore
from aidevos.v1 import objects_pb2 as pb
from aidevos.v1.objects_pb2_grpc import ObjectServiceStub

ADD, TOTAL = "counter.v1.CounterService/Add", "counter.v1.CounterService/Total"


async def test_a_type_is_a_service_as_soon_as_it_is_installed(world: TypedWorld) -> None:
    assert await world.listed() == set()
    await world.serve([counter()])
    assert await world.listed() == {"counter.v1.CounterService"}
    answer = await world.call(ADD, key="a", n=2)
    assert (answer.result, answer.version, answer.is_repeat) == (2, 1, False)
    assert len(answer.request_id) == 32
    assert (await world.call(TOTAL, key="a")).result == 2


async def test_absent_is_not_zero_and_zeros_are_set(world: TypedWorld) -> None:
    await world.serve([counter()])
    assert (await world.call(ADD, key="a")).result == 1  # The default, not zero.
    assert "positive" in (await world.refusal(ADD, key="a", n=0)).message
    total = await world.call(TOTAL, key="never made")
    assert (total.HasField("result"), total.result, total.version) == (True, 0, 0)


async def test_a_request_id_is_applied_once_and_a_version_is_expected(world: TypedWorld) -> None:
    await world.serve([counter()])
    first = await world.call(ADD, key="a", n=5, request_id="x")
    again = await world.call(ADD, key="a", n=5, request_id="x")
    assert (first.result, again.result, again.is_repeat) == (5, 5, True)
    refused = await world.refusal(ADD, key="a", expected_version=7)
    assert (refused.reason, refused.metadata["actual"]) == ("VERSION_CONFLICT", "1")
    assert (await world.call(ADD, key="a", expected_version=1)).version == 2


@pytest.mark.parametrize(
    ("method", "typed", "payload"),
    [
        ("add", {"n": 0}, b'{"n":0}'),
        ("add", {"n": -7}, b'{"n":-7}'),
        ("add", {"expected_version": 9}, b"{}"),
    ],
)
async def test_refusals_are_those_of_invoke_in_every_detail(
    world: TypedWorld, method: str, typed: dict[str, Any], payload: bytes
) -> None:
    await world.serve([counter()])
    own = await world.refusal(ADD, key="a", **typed)
    version = {"expected_version": typed["expected_version"]} if "expected_version" in typed else {}
    request = pb.InvokeRequest(
        object_type="Counter", key="a", method=method, payload=payload, **version
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ObjectServiceStub(world.channel).Invoke(request, timeout=5)
    assert own == from_rpc_error(caught.value).to_record()


async def test_a_request_that_is_no_message_or_has_unknown_fields_is_refused(
    world: TypedWorld,
) -> None:
    await world.serve([counter()])
    method = world.channel.unary_unary(f"/{ADD}")
    told = {}
    for name, raw in (
        ("cut", b"\x0a\x05a"),
        ("unknown", b"\x0a\x01a\xa2\x06\x01x"),
        ("no key", b""),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(raw, timeout=5)
        record = from_rpc_error(caught.value).to_record()
        told[name] = (record.reason, [v.field for v in record.violations])
    wrong = "INVALID_ARGUMENT"
    assert told == {"cut": (wrong, []), "unknown": (wrong, ["100"]), "no key": (wrong, ["key"])}


async def test_null_is_said_by_clear_and_left_out_keeps(world: TypedWorld) -> None:
    await world.serve([Everything])
    change, note = (f"everything.v1.EverythingService/{name}" for name in ("Change", "Note"))
    await world.call(change, key="a", count=1)
    assert (await world.call(note, key="a")).result == "first"
    await world.call(change, key="a", note="second")
    assert (await world.call(note, key="a")).result == "second"
    await world.call(change, key="a", clear=["note"])
    assert not (await world.call(note, key="a")).HasField("result")
    for fields in ({"clear": ["count"]}, {"clear": ["note"], "note": "x"}):
        refused = await world.refusal(change, key="a", **fields)
        assert [v.field for v in refused.violations] == ["clear"]


async def test_a_reply_that_does_not_fit_is_told_and_not_sent(world: TypedWorld) -> None:
    await world.serve([Everything])
    refused = await world.refusal("everything.v1.EverythingService/Wrong", key="a")
    assert refused.reason == "HANDLER_FAILED"
    assert "ObjectService.Invoke" in refused.message
    assert await world.call("everything.v1.EverythingService/Nothing", key="a") is not None


async def test_a_stream_gives_what_is_and_each_change_of_the_answer_once(
    world: TypedWorld,
) -> None:
    await world.serve([Everything])
    service = "everything.v1.EverythingService"
    watching = world.stream(f"{service}/WatchNote", key="a")

    async def next_note() -> Any:
        return world.decode(f"{service}/Note", await watching.read())

    assert (await next_note()).result == "first"
    await world.call(f"{service}/Change", key="a", count=3)  # The note is what it was.
    await world.call(f"{service}/Change", key="a", note="second")
    second = await next_note()
    assert (second.result, second.version) == ("second", 2)
    await world.call(f"{service}/Change", key="a", clear=["note"])
    assert not (await next_note()).HasField("result")
    watching.cancel()


async def test_a_reader_that_falls_behind_goes_on_where_it_was() -> None:
    async with running(config=HostConfig(shard_count=1, watch_buffer=2)) as world:
        await world.serve([counter()])
        seen = versions(world.host, ObjectId("default", "Counter", "a"), 0)
        await world.call(ADD, key="a")
        assert await anext(seen) == 1
        coming = asyncio.ensure_future(anext(seen))
        for _ in range(9):
            await world.call(ADD, key="a")
        rest = [await coming] + [await anext(seen) for _ in range(8)]
        assert rest == [*range(2, 11)]
        await seen.aclose()


async def test_a_stream_ends_with_the_server_and_says_so() -> None:
    async with running() as world:
        await world.serve([counter()])
        watching = world.stream("counter.v1.CounterService/WatchTotal", key="a")
        await watching.read()
        await world.door.stop(grace_s=5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching.read()
        assert from_rpc_error(caught.value).reason == "UNAVAILABLE"


# ---- apps --------------------------------------------------------------------------------------

TODO = "todo.v1.TodoService"
SHOWN = msgspec.structs.replace(
    MANIFEST.views["todo"], kinds={"completed": YES_NO, "order": WHOLE, "price": NUMBER}
)
APP = msgspec.structs.replace(MANIFEST, views={"todo": SHOWN})


async def test_an_app_is_a_service_of_its_actions(world: TypedWorld) -> None:
    await world.serve_app(APP, [TodoApp, Todo])
    made = await world.call(f"{TODO}/AddTodo", title="Buy milk", order=0)
    todo = made.result
    assert (todo.title, todo.completed, todo.order) == ("Buy milk", False, 0)
    assert todo.HasField("order")
    assert not todo.HasField("price")
    assert todo.url == f"/todo/api/todos/{todo.id}"
    changed = await world.call(f"{TODO}/Change", id=todo.id, completed=True)
    assert (changed.result.completed, changed.result.order, changed.version) == (True, 0, 2)
    cleared = await world.call(f"{TODO}/Change", id=todo.id, clear=["order"])
    assert not cleared.result.HasField("order")
    assert str((await world.call(f"{TODO}/Show", id=todo.id)).result) == str(cleared.result)
    listed = await world.call(f"{TODO}/ListTodos")
    assert [found.id for found in listed.results] == [todo.id]
    await world.call(f"{TODO}/Remove", id=todo.id)
    assert not (await world.call(f"{TODO}/ListTodos")).results


async def test_a_thing_that_is_not_there_is_told_by_its_id(world: TypedWorld) -> None:
    await world.serve_app(APP, [TodoApp, Todo])
    for rpc in ("Show", "Change"):
        refused = await world.refusal(f"{TODO}/{rpc}", id="nobody")
        assert (refused.reason, [v.field for v in refused.violations]) == ("NOT_FOUND", ["id"])
    refused = await world.refusal(f"{TODO}/AddTodo", title="")
    assert [(v.field, v.reason) for v in refused.violations] == [("title", "TOO_SHORT")]


async def test_lists_are_cut_into_pages(world: TypedWorld) -> None:
    await world.serve_app(APP, [TodoApp, Todo])
    for title in ("a", "b", "c"):
        await world.call(f"{TODO}/AddTodo", title=title)
    first = await world.call(f"{TODO}/ListTodos", page_size=2)
    rest = await world.call(f"{TODO}/ListTodos", page_size=2, page_token=first.next_page_token)
    assert [todo.title for todo in (*first.results, *rest.results)] == ["a", "b", "c"]
    assert not rest.HasField("next_page_token")
    for fields in ({"page_size": 0}, {"page_size": 1_001}, {"page_token": "?"}):
        refused = await world.refusal(f"{TODO}/ListTodos", **fields)
        assert [v.field for v in refused.violations] == list(fields)


async def test_a_thing_can_be_watched_by_whoever_may_ask_for_it() -> None:
    grants = {("anyone", "Todo", "show"), ("anyone", "TodoApp", "add_todo")}
    async with running() as world:
        await world.serve_app(APP, [TodoApp, Todo], ServicePolicy(frozenset(grants)))
        todo = (await world.call(f"{TODO}/AddTodo", title="x")).result
        watching = world.stream(f"{TODO}/WatchShow", id=todo.id)
        assert world.decode(f"{TODO}/Show", await watching.read()).result.title == todo.title
        assert (await world.refusal(f"{TODO}/Change", id=todo.id)).reason == "PERMISSION_DENIED"
        await world.call(f"{TODO}/Change", AS_OPERATOR, id=todo.id, title="y")
        assert world.decode(f"{TODO}/Show", await watching.read()).result.title == "y"
        await world.call(f"{TODO}/Remove", AS_OPERATOR, id=todo.id)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching.read()
        assert from_rpc_error(caught.value).reason == "NOT_FOUND"


# ---- change ------------------------------------------------------------------------------------


class Said(aidevos.Event):
    text: str


def thing(**methods: Any) -> type[DurableObject]:
    """Return a type called Thing with these methods."""

    class State(aidevos.State):
        text: str = ""

    def said(self: Any, event: Said) -> None:
        self.state.text = event.text

    body = {"State": State, "said": aidevos.apply(said), **methods}
    return type("Thing", (DurableObject,), body)


@query
def read(self: Any) -> str:
    """Read."""
    return str(self.state.text)


@command
def say(self: Any, text: str) -> str:
    """Say a text."""
    self.emit(Said(text=text))
    return text


@command
def say_number(self: Any, text: int) -> str:
    """Say a number."""
    self.emit(Said(text=str(text)))
    return str(text)


@command
def say_loud(self: Any, text: str, loud: bool = False) -> str:
    """Say a text, perhaps loud."""
    shown = text.upper() if loud else text
    self.emit(Said(text=shown))
    return shown


V1, V2 = "thing.v1.ThingService", "thing.v2.ThingService"


async def test_a_wider_type_is_the_same_package_and_old_stubs_go_on(world: TypedWorld) -> None:
    await world.serve([thing(say=say, read=read)])
    old = world.pool(V1).message("SayRequest")(key="a", text="hi").SerializeToString()
    await world.serve([thing(say=say_loud, read=read)])
    assert await world.listed() == {V1}
    await world.channel.unary_unary(f"/{V1}/Say")(old, timeout=5)
    assert (await world.call(f"{V1}/Read", key="a")).result == "hi"
    assert (await world.call(f"{V1}/Say", key="a", text="hi", loud=True)).result == "HI"


async def test_an_incompatible_change_is_the_next_version_beside_the_one_before(
    world: TypedWorld,
) -> None:
    await world.serve([thing(say=say, read=read)])
    await world.call(f"{V1}/Say", key="a", text="x")
    await world.serve([thing(say=say_number, read=read)])
    assert await world.listed() == {V1, V2}
    assert (await world.call(f"{V2}/Say", key="a", text=7)).result == "7"
    assert (await world.call(f"{V1}/Read", key="a")).result == "7"  # As far as it can.
    refused = await world.refusal(f"{V1}/Say", key="a", text="x")
    assert (refused.reason, V2 in refused.message) == ("SERVICE_REMOVED", True)
    await world.serve([thing(say=say, read=read)])  # Back again: v1 is what it was.
    assert (await world.call(f"{V1}/Say", key="a", text="y")).result == "y"
    assert (await world.refusal(f"{V2}/Say", key="a", text=7)).reason == "SERVICE_REMOVED"


async def test_a_dropped_parameter_is_incompatible(world: TypedWorld) -> None:
    await world.serve([thing(say=say_loud, read=read)])
    await world.serve([thing(say=say, read=read)])
    assert await world.listed() == {V1, V2}
    assert (await world.refusal(f"{V1}/Say", key="a", text="x")).reason == "SERVICE_REMOVED"


async def test_what_is_gone_says_so_and_its_open_streams_go_on(world: TypedWorld) -> None:
    await world.serve([thing(say=say, read=read), counter()])
    watching = world.stream(f"{V1}/WatchRead", key="a")
    assert world.decode(f"{V1}/Read", await watching.read()).result == ""
    await world.serve([thing(say=say, read=read)])
    assert await world.listed() == {V1}
    assert (await world.refusal(ADD, key="a")).reason == "SERVICE_REMOVED"
    await world.call(f"{V1}/Say", key="a", text="x")
    assert world.decode(f"{V1}/Read", await watching.read()).result == "x"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await world.channel.unary_unary("/never.v1.WasService/There")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_numbers_and_versions_survive_a_restart() -> None:
    store = MemoryStore()
    async with running(store=store) as world:
        await world.serve([thing(say=say, read=read)])
        await world.serve([thing(say=say_number, read=read)])
        (_, now) = world.door.typed.packages("operator")
        before = msgspec.json.encode(now.contract)
    async with running(store=store) as world:
        await world.serve([counter()])
        gone = await refused_path(world, f"/{V1}/Say")
        assert gone.reason == "SERVICE_REMOVED"
        await world.serve([thing(say=say_number, read=read)])
        assert await world.listed() == {V1, V2}
        assert msgspec.json.encode(world.door.typed.packages("operator")[1].contract) == before


async def refused_path(world: TypedWorld, path: str) -> AidevosError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await world.channel.unary_unary(path)(b"", timeout=5)
    return from_rpc_error(caught.value)


async def test_two_of_one_name_are_two_packages(world: TypedWorld) -> None:
    await world.serve_app(APP, [TodoApp, Todo])

    class Todo2(DurableObject):
        @query
        def read(self) -> str:
            """Read."""
            return "mine"

    Todo2.definition.name = "Todo"  # type: ignore[attr-defined]
    await world.serve([Todo2])
    assert await world.listed() == {TODO, "todo_type.v1.TodoService"}
