"""A server of its own process for floods: writes its port, and its memory for each line read."""

import asyncio
import resource
import sys

import grpc

from aidevos.doors.h2.server import OwnServer


async def large(request: bytes, context: object) -> bytes:
    """Answer a megabyte, whatever is asked."""
    return bytes(1 << 20)


async def main() -> None:
    server = OwnServer()
    handler = grpc.unary_unary_rpc_method_handler(large)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("fuzz.Fuzz", {"Large": handler}),)
    )
    print(await server.listen("127.0.0.1:0"), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024, flush=True)
    await server.stop(grace_s=0)


if __name__ == "__main__":
    asyncio.run(main())
