"""The gRPC door on grpc.aio over a port that answers at once: what the door itself costs.

`python -m benchmarks.door_server` writes its port when it answers.
"""

import asyncio
from typing import cast

import uvloop

from aidevos.core.call import Answer, Call
from aidevos.doors.grpc_door import GrpcDoor
from aidevos.doors.port import ObjectPort
from aidevos.runtime.tokens import Tokens


class EmptyPort:
    """Knows one answer."""

    async def invoke(self, call: Call) -> Answer:
        """Answer at once."""
        return Answer(version=1, payload=call.payload)


async def main() -> None:
    """Serve until killed."""
    door = GrpcDoor(cast(ObjectPort, EmptyPort()), Tokens(), server="grpcio")
    print(await door.start("127.0.0.1:0"), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
