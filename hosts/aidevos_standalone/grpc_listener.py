"""Opens the gRPC door on its listener's place.

gRPC binds for itself and says little when it cannot; so the place is bound early like the
others, where a taken port is told well, and let go right before gRPC takes it.
"""

from aidevos.doors.grpc_door import GrpcDoor
from aidevos_standalone.listeners import Listener


async def start_grpc(door: GrpcDoor, listener: Listener) -> None:
    """Answer on the listener's place. Raises UnavailableError."""
    place = listener.place
    listener.socket.close()
    await door.start(place)
