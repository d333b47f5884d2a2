"""Opens the gRPC door on its listener's place.

gRPC binds for itself and says little when it cannot; so the place is bound early like the
others, where a taken port is told well, and let go right before gRPC takes it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aidevos.doors.grpc_door import GrpcDoor
from aidevos_standalone.listeners import Listener


@asynccontextmanager
async def open_grpc(door: GrpcDoor, listener: Listener) -> AsyncIterator[None]:
    """Answer on the listener's place; at the end let calls under way finish."""
    place = listener.place
    listener.socket.close()
    await door.start(place)
    try:
        yield
    finally:
        await door.stop()
