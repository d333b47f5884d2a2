"""Agents' mail through real servicers, host and gRPC: stored once, delivered until done."""

import asyncio
import hashlib
from typing import Any

import msgspec
import pytest
from aidevos_controlplane.values import to_value
from control_world import Client, World, refused
from google.protobuf.json_format import MessageToDict

from aidevos.core.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from aidevos.system.names import conversation_of, message_of
from aidevos.v1 import agents_pb2 as pb

ROOM = "room-1"


def message(id: str, recipient: str = "backend", **more: Any) -> pb.Message:
    content = to_value(more.pop("content", {"n": 1}))
    return pb.Message(
        sender="pm",
        recipient=recipient,
        message_id=id,
        conversation_id=ROOM,
        content=content,
        **more,
    )


class Agent:
    """One process of an agent, as a test drives it."""

    def __init__(self, world: World, role: str, process: str = "1") -> None:
        self.client: Client = world.agent(role, process)
        self.role = role
        self.epoch = 0

    async def register(self) -> "Agent":
        answer = await self.client.call(
            self.client.mail.RegisterAgent,
            pb.RegisterAgentRequest(agent_id=self.role, role=self.role, capabilities=["x"]),
        )
        self.epoch = answer.lease_epoch
        return self

    async def send(self, message: pb.Message) -> Any:
        request = pb.SendMessageRequest(message=message)
        return await self.client.call(self.client.mail.SendMessage, request)

    async def receive(self, limit: int = 10, wait_ms: int = 0) -> list[pb.Delivery]:
        request = pb.ReceiveMessagesRequest(
            agent_id=self.role,
            lease_epoch=self.epoch,
            max_messages=limit,
            wait_ms=wait_ms,
            lease_ms=5_000,
        )
        answer = await self.client.call(self.client.mail.ReceiveMessages, request)
        return list(answer.deliveries)

    async def ack(self, id: str, state: Any, reason: str = "") -> Any:
        request = pb.AckMessageRequest(
            agent_id=self.role,
            lease_epoch=self.epoch,
            conversation_id=ROOM,
            message_id=id,
            state=state,
            reason=reason,
        )
        return await self.client.call(self.client.mail.AckMessage, request)


@pytest.fixture
async def pm(world: World) -> Agent:
    return await Agent(world, "pm").register()


@pytest.fixture
async def backend(world: World) -> Agent:
    return await Agent(world, "backend").register()


async def receipts(world: World, **conditions: Any) -> list[Any]:
    request = pb.ListMessagesRequest(**conditions)
    answer = await world.operator.call(world.operator.mail.ListMessages, request)
    return list(answer.messages)


async def test_a_message_arrives_as_it_was_sent(pm: Agent, backend: Agent) -> None:
    content = {"text": "hello", "count": 3, "share": 0.5, "list": [True, None]}
    await pm.send(
        message(
            "m1",
            content=content,
            reply_to="m0",
            task_id="t1",
            attachments=[pb.Attachment(name="a", sha256="0" * 64, size=1)],
            cost=pb.Cost(amount="0.01", currency="USD", billed=True),
        )
    )
    [delivery] = await backend.receive()
    got = MessageToDict(delivery.message)
    assert got["content"] == content
    assert (got["sender"], got["recipient"], got["messageId"]) == ("pm", "backend", "m1")
    assert (got["messageType"], got["replyTo"], got["seq"]) == ("standard", "m0", 1)
    assert got["timestamp"].endswith("Z")
    assert got["cost"] == {"amount": "0.01", "currency": "USD", "billed": True}
    assert delivery.attempt == 1


async def test_a_repeated_message_is_stored_once_also_after_a_crash(
    world: World, pm: Agent
) -> None:
    first = await pm.send(message("m1"))
    again = await pm.send(message("m1"))
    world.clock.advance(3_600_000)
    await world.again()
    late = await (await Agent(world, "pm").register()).send(message("m1"))
    assert [first.repeated, again.repeated, late.repeated] == [False, True, True]
    assert {first.seq, again.seq, late.seq} == {1}
    assert first.hash == late.hash
    assert len(await receipts(world)) == 1


async def test_another_message_under_a_used_id_is_refused(pm: Agent) -> None:
    await pm.send(message("m1"))
    error = await refused(pm.send(message("m1", content={"n": 2})))
    assert isinstance(error, AlreadyExistsError)
    assert error.violations[0].field == "message_id"


async def test_messages_sent_at_once_get_one_order_without_gaps(world: World, pm: Agent) -> None:
    sent = await asyncio.gather(*(pm.send(message(f"m{n}")) for n in range(30)))
    assert sorted(answer.seq for answer in sent) == list(range(1, 31))


async def test_a_done_message_never_comes_again(world: World, pm: Agent, backend: Agent) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    assert (await backend.ack("m1", pb.ACK_STATE_DONE)).state == pb.ACK_STATE_DONE
    assert (await backend.ack("m1", pb.ACK_STATE_DONE)).state == pb.ACK_STATE_DONE
    world.clock.advance(100_000)
    await backend.register()
    assert await backend.receive() == []


async def test_a_message_comes_again_when_its_lease_ends(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    world.clock.advance(4_999)
    assert await backend.receive() == []
    world.clock.advance(1)
    assert [d.attempt for d in await backend.receive()] == [2]


async def test_saying_started_again_keeps_the_lease(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    for _ in range(2):
        world.clock.advance(4_000)
        await backend.ack("m1", pb.ACK_STATE_STARTED)
    world.clock.advance(4_000)
    assert await backend.receive() == []
    [record] = await receipts(world)
    states = [ack.state for ack in record.receipts[0].acks]
    assert states == [pb.ACK_STATE_DELIVERED, pb.ACK_STATE_STARTED]


async def test_a_waiting_receiver_is_woken_by_a_message(pm: Agent, backend: Agent) -> None:
    waiting = asyncio.create_task(backend.receive(wait_ms=30_000))
    await asyncio.sleep(0)
    await pm.send(message("m1"))
    [delivery] = await asyncio.wait_for(waiting, 5)
    assert delivery.message.message_id == "m1"


async def test_a_waiting_receiver_is_woken_by_the_end_of_a_lease(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    waiting = asyncio.create_task(backend.receive(wait_ms=8_000))
    await world.clock.until_slept_for(5_000)
    world.clock.advance(5_000)
    [delivery] = await asyncio.wait_for(waiting, 5)
    assert delivery.attempt == 2


async def test_a_wait_without_a_message_ends_empty(world: World, backend: Agent) -> None:
    waiting = asyncio.create_task(backend.receive(wait_ms=3_000))
    await world.clock.until_slept_for(3_000)
    world.clock.advance(3_000)
    assert await asyncio.wait_for(waiting, 5) == []


async def test_only_one_process_works_for_an_agent(world: World, backend: Agent) -> None:
    other = Agent(world, "backend", "2")
    error = await refused(other.register())
    assert isinstance(error, FailedPreconditionError)
    assert error.metadata["retry_after_ms"] == "15000"
    world.clock.advance(15_000)
    await other.register()
    assert (backend.epoch, other.epoch) == (1, 2)


async def test_a_released_agent_is_free_at_once(world: World, backend: Agent) -> None:
    request = pb.ReleaseAgentRequest(agent_id="backend", lease_epoch=backend.epoch)
    await backend.client.call(backend.client.mail.ReleaseAgent, request)
    assert (await Agent(world, "backend", "2").register()).epoch == 2


async def test_a_new_process_gets_what_the_one_before_had_and_fences_it_off(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    await world.plane._agent_ended("backend", "1")
    successor = await Agent(world, "backend", "2").register()
    assert [d.attempt for d in await successor.receive()] == [2]
    late = await refused(backend.ack("m1", pb.ACK_STATE_DONE))
    assert isinstance(late, FailedPreconditionError)
    assert isinstance(await refused(backend.receive()), FailedPreconditionError)


async def test_a_waiting_process_learns_that_it_was_replaced(world: World, backend: Agent) -> None:
    waiting = asyncio.create_task(backend.receive(wait_ms=30_000))
    await world.clock.until_slept_for()
    await world.plane._agent_ended("backend", "1")
    await Agent(world, "backend", "2").register()
    assert isinstance(await refused(asyncio.wait_for(waiting, 5)), FailedPreconditionError)


async def test_a_nack_comes_again_after_a_pause_that_grows(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    pauses = []
    for _ in range(3):
        [delivery] = await backend.receive()
        before = world.clock.ms
        held = await backend.ack("m1", pb.ACK_STATE_NACK, "no disk")
        pauses.append(held.again.ToMilliseconds() - before)
        assert await backend.receive() == []
        world.clock.advance(pauses[-1])
    assert pauses == [200, 400, 800]
    assert delivery.attempt == 3


async def test_a_message_that_is_never_done_is_a_dead_letter(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    for attempt in range(1, 11):
        assert [d.attempt for d in await backend.receive()] == [attempt]
        world.clock.advance(5_000)
        await backend.register()
    assert await backend.receive() == []
    [record] = await receipts(world)
    assert record.receipts[0].state == pb.ACK_STATE_DEAD
    assert record.receipts[0].attempts == 10
    assert "never done" in record.receipts[0].reason


async def test_an_agent_can_give_a_message_up_at_once(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await backend.receive()
    await backend.ack("m1", pb.ACK_STATE_DEAD, "not for me")
    [record] = await receipts(world)
    assert record.receipts[0].reason == "not for me"


async def test_each_recipient_of_a_broadcast_acks_for_itself(
    world: World, pm: Agent, backend: Agent
) -> None:
    devops = await Agent(world, "devops").register()
    request = pb.BroadcastRequest(message=message("b1", recipient=""))
    answer = await pm.client.call(pm.client.mail.Broadcast, request)
    assert sorted(answer.recipients) == ["backend", "devops"]
    [got] = await backend.receive()
    assert (got.message.recipient, sorted(got.message.recipients)) == ("", ["backend", "devops"])
    await backend.ack("b1", pb.ACK_STATE_DONE)
    await devops.receive()
    [record] = await receipts(world)
    states = {receipt.agent_id: receipt.state for receipt in record.receipts}
    assert states == {"backend": pb.ACK_STATE_DONE, "devops": pb.ACK_STATE_DELIVERED}
    await Agent(world, "security").register()
    again = await pm.client.call(pm.client.mail.Broadcast, request)
    assert (again.repeated, sorted(again.recipients)) == (True, ["backend", "devops"])


async def test_the_messages_of_a_conversation_are_a_chain_that_anybody_can_check(
    world: World, pm: Agent
) -> None:
    for n in range(5):
        await pm.send(message(f"m{n}"))
    before = ""
    for record in await receipts(world, conversation_id=ROOM):
        object = message_of(ROOM, record.message.message_id)
        [sent] = await world.host.list_events(object, "system", limit=1)
        assert record.message.prev_hash == before
        assert record.message.hash == hashlib.sha256(sent.body).hexdigest()
        assert msgspec.json.decode(sent.body)["prev_hash"] == before
        before = record.message.hash


async def test_who_knew_what_when_outlives_a_crash(world: World, pm: Agent, backend: Agent) -> None:
    sent_ms = world.clock.ms
    await pm.send(message("m1", task_id="t1"))
    await pm.send(message("m2", recipient="devops", task_id="t2"))
    world.clock.advance(1_000)
    await backend.receive()
    world.clock.advance(1_000)
    await backend.ack("m1", pb.ACK_STATE_STARTED)
    world.clock.advance(1_000)
    await backend.ack("m1", pb.ACK_STATE_DONE)
    await world.again()
    [record] = await receipts(world, agent_id="backend")
    acks = [(ack.state, ack.time.ToMilliseconds() - sent_ms) for ack in record.receipts[0].acks]
    assert acks == [
        (pb.ACK_STATE_DELIVERED, 1_000),
        (pb.ACK_STATE_STARTED, 2_000),
        (pb.ACK_STATE_DONE, 3_000),
    ]
    assert record.message.timestamp.ToMilliseconds() == sent_ms
    assert [r.message.message_id for r in await receipts(world, task_id="t2")] == ["m2"]
    assert len(await receipts(world, agent_id="pm")) == 2


async def test_a_long_history_comes_in_pages(world: World, pm: Agent) -> None:
    for room in ("room-1", "room-2"):
        for n in range(7):
            sent = message(f"m{n}")
            sent.conversation_id = room
            await pm.send(sent)
        world.clock.advance(1_000)
    seen: list[tuple[str, int]] = []
    token = ""
    while True:
        request = pb.ListMessagesRequest(page_size=5, page_token=token)
        page = await world.operator.call(world.operator.mail.ListMessages, request)
        seen += [(r.message.conversation_id, r.message.seq) for r in page.messages]
        token = page.next_page_token
        if not token:
            break
    assert seen == [(room, seq) for room in ("room-2", "room-1") for seq in range(1, 8)]


async def test_the_states_of_a_long_conversation_stay_small(world: World, pm: Agent) -> None:
    for n in range(300):
        await pm.send(message(f"m{n}", recipient=f"backend.{n % 5}"))
    view = await world.host.get_object(conversation_of(ROOM), "system")
    assert view.version == 300
    assert len(view.state) < 120


async def test_open_messages_are_found_again_after_a_crash(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    await pm.send(message("m2"))
    await backend.receive(limit=1)
    await world.again()
    successor = Agent(world, "backend")
    await successor.register()  # The same process goes on: its lease is still good.
    assert [d.message.message_id for d in await successor.receive()] == ["m2"]
    world.clock.advance(5_000)
    assert [d.message.message_id for d in await successor.receive()] == ["m1", "m2"]


async def test_states_of_an_agent_outlive_its_process(world: World, backend: Agent) -> None:
    request = pb.SaveStateRequest(
        agent_id="backend", lease_epoch=backend.epoch, state_id="plan", state={"step": 3}
    )
    await backend.client.call(backend.client.mail.SaveState, request)
    await world.again()
    other = world.agent("backend", "2")
    load = pb.LoadStateRequest(agent_id="backend", state_id="plan")
    answer = await other.call(other.mail.LoadState, load)
    assert (dict(answer.state), answer.version) == ({"step": 3.0}, 1)
    load.state_id = "nothing"
    assert isinstance(await refused(other.call(other.mail.LoadState, load)), NotFoundError)
    request.lease_epoch = 7
    late = await refused(other.call(other.mail.SaveState, request))
    assert isinstance(late, FailedPreconditionError)


async def test_nobody_speaks_for_another_role(world: World, pm: Agent, backend: Agent) -> None:
    assert isinstance(await refused(backend.send(message("m1"))), PermissionDeniedError)
    sent = pb.SendMessageRequest(message=message("m1"))
    anonymous = await refused(world.nobody.call(world.nobody.mail.SendMessage, sent))
    assert isinstance(anonymous, PermissionDeniedError)
    receive = pb.ReceiveMessagesRequest(agent_id="backend", lease_epoch=1)
    foreign = await refused(pm.client.call(pm.client.mail.ReceiveMessages, receive))
    assert isinstance(foreign, PermissionDeniedError)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"message_id": ""}, "message_id"),
        ({"message_id": "a b"}, "message_id"),
        ({"message_type": "A"}, "message_type"),
        ({"recipient": "Back end"}, "recipient"),
        ({"conversation_id": "../x"}, "conversation_id"),
        ({"evidence": ["zz"]}, "evidence"),
        ({"task_id": "t" * 129}, "task_id"),
    ],
)
async def test_a_wrong_field_is_named(pm: Agent, change: dict[str, Any], field: str) -> None:
    wrong = message("m1")
    for name in change:
        wrong.ClearField(name)
    wrong.MergeFrom(pb.Message(**change))
    error = await refused(pm.send(wrong))
    assert isinstance(error, InvalidArgumentError)
    assert [violation.field for violation in error.violations] == [field]


async def test_a_message_that_is_too_large_is_refused_and_its_neighbours_are_not(
    pm: Agent, backend: Agent
) -> None:
    large = refused(pm.send(message("m1", content="x" * 300_000)))
    error, _ = await asyncio.gather(large, pm.send(message("m2")))
    assert isinstance(error, InvalidArgumentError)
    assert [d.message.message_id for d in await backend.receive()] == ["m2"]


async def test_who_waits_is_told_when_the_server_stops(world: World, backend: Agent) -> None:
    waiting = asyncio.create_task(refused(backend.receive(wait_ms=30_000)))
    await world.clock.until_slept_for()
    await world.plane.stop()
    assert isinstance(await asyncio.wait_for(waiting, 5), UnavailableError)


async def test_what_a_dead_servers_children_held_is_free_at_the_next_start(world: World) -> None:
    child = await Agent(world, "backend", "team-backend-1").register()
    elsewhere = await Agent(world, "pm", "elsewhere").register()
    await world.again()
    successor = await Agent(world, "backend", "team-backend-2").register()
    assert (child.epoch, successor.epoch) == (1, 2)
    assert isinstance(await refused(Agent(world, "pm", "2").register()), FailedPreconditionError)
    assert elsewhere.epoch == 1


async def test_a_process_acks_only_what_was_delivered_to_it(
    world: World, pm: Agent, backend: Agent
) -> None:
    await pm.send(message("m1"))
    assert isinstance(await refused(backend.ack("m1", pb.ACK_STATE_DONE)), NotFoundError)
    assert isinstance(await refused(backend.ack("m2", pb.ACK_STATE_DONE)), NotFoundError)
    await backend.receive()
    await world.plane._agent_ended("backend", "1")
    successor = await Agent(world, "backend", "2").register()
    early = await refused(successor.ack("m1", pb.ACK_STATE_DONE))
    assert isinstance(early, FailedPreconditionError)
