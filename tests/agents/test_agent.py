"""The framework against the real mail: acks, redelivery, leases, derived ids, states."""

import asyncio

import pytest
from agents_world import PATIENCE_S, running
from aidevos_agents.agent import BaseAgent, Message, Outcome, Task

from aidevos import FailedPreconditionError
from aidevos.v1 import agents_pb2 as pb

GREET = {"task": "greet", "input": {"name": "Ada"}}


class Greeter(BaseAgent):
    """Greets. `gate` holds it in the middle of its work; `fails` are raised one after another."""

    def __init__(self) -> None:
        super().__init__("greeter", "greeter", ["greet"])
        self.seen: list[str] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails: list[Exception] = []

    async def process_task(self, task: Task) -> Outcome:
        self.seen.append(task.id)
        self.begun.set()
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)
        return Outcome(ok=True, output={"greeting": f"Hello {task.input['name']}"})


def states(receipt: pb.Receipt) -> list[str]:
    return [pb.AckState.Name(ack.state).removeprefix("ACK_STATE_").lower() for ack in receipt.acks]


async def test_a_task_is_processed_and_its_outcome_sent_back_with_every_ack_an_event() -> None:
    async with running() as world:
        world.run(Greeter())
        await world.tell("greeter", GREET)
        answer = (await world.said("m1.result")).message
        assert (answer.sender, answer.recipient) == ("greeter", "operator")
        assert (answer.message_type, answer.reply_to) == ("result", "m1")
        assert answer.content.struct_value["greeting"] == "Hello Ada"
        receipt = await world.settled("m1", pb.ACK_STATE_DONE)
        assert states(receipt)[-3:] == ["delivered", "started", "done"]


async def test_a_task_whose_process_is_gone_comes_again_and_is_answered_once() -> None:
    async with running() as world:
        first, second = Greeter(), Greeter()
        first.gate.clear()
        world.run(first, "one", lease_ms=1_000)
        await world.tell("greeter", GREET)
        await asyncio.wait_for(first.begun.wait(), PATIENCE_S)
        world.tasks[0].cancel()
        await asyncio.gather(world.tasks[0], return_exceptions=True)
        world.run(second, "one")  # The same process name: it need not wait for the lease.
        await world.said("m1.result")
        receipt = await world.settled("m1", pb.ACK_STATE_DONE)
        assert receipt.attempts == 2
        assert second.seen == ["m1"]
        assert len(await world.records()) == 2


async def test_a_message_that_is_worked_on_for_long_is_not_delivered_a_second_time() -> None:
    async with running() as world:
        agent = Greeter()
        agent.gate.clear()
        world.run(agent, lease_ms=1_000)
        await world.tell("greeter", GREET)
        await asyncio.wait_for(agent.begun.wait(), PATIENCE_S)
        assert agent.communication is not None
        pull = pb.ReceiveMessagesRequest(
            agent_id="greeter", lease_epoch=agent.communication.epoch, wait_ms=2_500
        )
        stub = world.connection.agents
        assert (await world.connection.call(stub.ReceiveMessages, pull)).deliveries == []
        agent.gate.set()
        assert (await world.settled("m1", pb.ACK_STATE_DONE)).attempts == 1


async def test_a_handler_that_fails_gives_the_message_back_with_its_reason() -> None:
    async with running() as world:
        agent = Greeter()
        agent.fails = [ValueError("no such name"), FailedPreconditionError("not now")]
        world.run(agent)
        await world.tell("greeter", GREET)
        receipt = await world.settled("m1", pb.ACK_STATE_DONE)
        assert receipt.attempts == 3
        assert states(receipt).count("nack") == 2
        assert agent.seen == ["m1", "m1", "m1"]


async def test_a_second_process_waits_for_the_lease_and_takes_over_when_it_is_given_back() -> None:
    async with running() as world:
        first, second = Greeter(), Greeter()
        stop = world.run(first, "one")
        await world.tell("greeter", GREET)
        await world.settled("m1", pb.ACK_STATE_DONE)
        world.run(second, "two")
        stop.set()
        await asyncio.wait_for(world.tasks[0], PATIENCE_S)
        await world.tell("greeter", GREET, message_id="m2")
        await world.settled("m2", pb.ACK_STATE_DONE)
        assert (first.seen, second.seen) == (["m1"], ["m2"])


async def test_the_message_at_hand_is_finished_when_an_agent_is_told_to_stop() -> None:
    async with running() as world:
        agent = Greeter()
        agent.gate.clear()
        stop = world.run(agent)
        await world.tell("greeter", GREET)
        await asyncio.wait_for(agent.begun.wait(), PATIENCE_S)
        stop.set()
        agent.gate.set()
        await asyncio.wait_for(world.tasks[0], PATIENCE_S)
        assert (await world.settled("m1", pb.ACK_STATE_DONE)).attempts == 1


async def test_handling_a_message_again_says_the_same_again_and_not_a_second_time() -> None:
    class Chatty(BaseAgent):
        failed = False

        async def receive_message(self, message: Message) -> None:
            for word in ("one", "two"):
                await self.send_message("operator", word)
            if not Chatty.failed:
                Chatty.failed = True
                raise ValueError("after everything was said")

    async with running() as world:
        world.run(Chatty("chatty", "chatty", []))
        await world.tell("chatty", "go", message_type="standard")
        assert (await world.settled("m1", pb.ACK_STATE_DONE)).attempts == 2
        said = [r.message for r in await world.records() if r.message.sender == "chatty"]
        assert [message.content.string_value for message in said] == ["one", "two"]
        assert {message.causation_id for message in said} == {"m1"}


async def test_state_and_memory_come_back_in_another_process() -> None:
    class Counting(BaseAgent):
        async def receive_message(self, message: Message) -> None:
            await self.load_state()
            self.state["count"] = self.state.get("count", 0) + 1
            self.memory.remember("talk", "fact", str(message.content))
            await self.save_state()

    async with running() as world:
        stop = world.run(Counting("counting", "counting", []))
        await world.tell("counting", "a", message_type="standard")
        await world.settled("m1", pb.ACK_STATE_DONE)
        stop.set()
        await asyncio.wait_for(world.tasks[0], PATIENCE_S)
        again = Counting("counting", "counting", [])
        world.run(again)
        await world.tell("counting", "b", message_type="standard", message_id="m2")
        await world.settled("m2", pb.ACK_STATE_DONE)
        assert again.state == {"count": 2}
        assert [note.text for note in again.memory.recall("talk")] == ["a", "b"]


async def test_a_message_that_is_no_task_is_answered_with_what_is_missing() -> None:
    async with running() as world:
        world.run(Greeter())
        await world.tell("greeter", "greet please")
        answer = (await world.said("m1.result")).message.content.struct_value
        assert answer["ok"] is False
        assert "task message needs" in answer["reasons"][0]["what"]


async def test_an_agent_that_is_not_connected_says_how_to_run_it() -> None:
    with pytest.raises(FailedPreconditionError, match="serve_agent"):
        await Greeter().save_state()
    with pytest.raises(FailedPreconditionError, match="conversation_id"):
        await Greeter().send_message("operator", "hello")
