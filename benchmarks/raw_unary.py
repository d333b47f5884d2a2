"""Unary adds by raw HTTP/2 frames: closed loops that leave the cores to the servers."""

from aidevos.v1 import objects_pb2 as pb
from benchmarks.h2_load import OK, Load

INVOKE = "/aidevos.v1.ObjectService/Invoke"


class RawLoops:
    """`benchmarks.h2_load` in the form of closed loops; ids never repeat."""

    def __init__(self, address: str, objects: int, outstanding: int) -> None:
        """Add to so many objects of the server at `address`, one after the other."""

        def request(number: int) -> bytes:
            return pb.InvokeRequest(
                object_type="Counter",
                key=f"b{number * 7919 % objects}",
                method="add",
                payload=b'{"n": 1}',
                request_id=f"raw-{number}",
            ).SerializeToString()

        self._load = Load(address, INVOKE, request, outstanding)
        self.done = 0

    async def run(self, seconds: float) -> tuple[float, list[float]]:
        """Call for so many seconds; return how long it took and each call's latency."""
        report = await self._load.run(seconds)
        assert set(report.statuses) == {OK}, report.statuses
        self.done += report.calls
        return report.seconds, self._load.latencies_s

    def close(self) -> None:
        """Disconnect."""
        self._load.close()
