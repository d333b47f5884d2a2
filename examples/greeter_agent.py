"""An agent of your own: it greets whoever a task names.

With a server running (`bin/aidevos dev`), in another terminal:
.aidevos/env/bin/python examples/greeter_agent.py .aidevos/data
"""

import asyncio
import json
import sys
from pathlib import Path

from aidevos_agents.agent import BaseAgent, Message, Outcome, Task, serve_agent
from aidevos_agents.agent.communication import Communication
from aidevos_agents.agent.connection import Connection


class Greeter(BaseAgent):
    """Greets, and remembers whom."""

    async def process_task(self, task: Task) -> Outcome:
        """Runs again with the same task if this process is killed on the way."""
        name = task.input["name"]
        self.memory.remember(task.run, "fact", f"greeted {name}")
        await self.save_state()
        return Outcome(ok=True, output={"greeting": f"Hello {name}"})


async def ask(asker: Communication, name: str) -> str:
    """Send the greeter a task and return what it answers. Asking twice is asking once."""
    await asker.register("asker", ())
    await asker.send(
        Message(
            sender="asker",
            recipient="greeter",
            conversation_id="greetings",
            message_id=f"greet.{name}",
            message_type="task",
            content={"task": "greet", "input": {"name": name}},
        )
    )
    while True:
        for delivery in await asker.receive():
            await asker.done(delivery.message)
            if delivery.message.reply_to == f"greet.{name}":
                return str(delivery.message.content["greeting"])


async def main(data: str, name: str) -> None:
    """Run a greeter and ask it once."""
    address = json.loads((Path(data) / "address.json").read_text())
    server, token, stop = address["grpc"], address["token"], asyncio.Event()
    greeter = Greeter("greeter", role="greeter", capabilities=["greet"])
    working = asyncio.create_task(serve_agent(greeter, server, token, stop))
    try:
        async with Connection(server, token) as connection:
            asker = Communication(connection, "asker", "example")
            print(await ask(asker, name))
            await asker.release()
    finally:
        stop.set()
        await working


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *(sys.argv[2:] or ["Ada"])))
