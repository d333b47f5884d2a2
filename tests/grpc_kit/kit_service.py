"""The service that the conformance kit calls: every kind of handler, on messages of plain bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import grpc

from aidevos.doors.grpc_interface import Registry

NAME = "aidevos.kit.Kit"
Context = Any
seen: ContextVar[str] = ContextVar("seen", default="")


class Kit:
    """Handlers, and what they saw. `gate` holds those that wait."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.over = asyncio.Event()
        self.count = 0

    # ---- unary ---------------------------------------------------------------------------------

    async def echo(self, request: bytes, context: Context) -> bytes:
        return request

    def plain(self, request: bytes, context: Context) -> bytes:
        return request

    async def hold(self, request: bytes, context: Context) -> bytes:
        """Answer when the gate opens; note how it ended."""
        context.add_done_callback(lambda _: self.over.set())
        self.entered.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return request

    async def timed(self, request: bytes, context: Context) -> bytes:
        """Use what needs a task: before anything suspended, and after."""
        async with asyncio.timeout(5):
            await self.echo(request, context)
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return b"timed out"
        return b"not"

    async def gathered(self, request: bytes, context: Context) -> bytes:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.echo(bytes([i]), context)) for i in range(3)]
        return b"".join(task.result() for task in tasks)

    async def variable(self, request: bytes, context: Context) -> bytes:
        """Return what an earlier call left in a context variable: nothing, ever."""
        before = seen.get()
        seen.set(request.decode())
        if request == b"suspend":
            await asyncio.sleep(0)
        return f"{before}{seen.get()}".encode()

    async def bug(self, request: bytes, context: Context) -> bytes:
        if request:
            await asyncio.sleep(0)
        raise RuntimeError("secret of the handler")

    async def wrong(self, request: bytes, context: Context) -> bytes:
        return 7  # type: ignore[return-value]

    async def abort(self, request: bytes, context: Context) -> bytes:
        trailers = (("kit-why", "because"), ("grpc-status-details-bin", b"\x00\xffdetails"))
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, request.decode(), trailers)
        raise AssertionError("abort raises")

    async def code(self, request: bytes, context: Context) -> bytes:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details(request.decode())
        context.set_trailing_metadata((("kit-set", "yes"),))
        return b"no one reads this"

    async def metadata(self, request: bytes, context: Context) -> bytes:
        """Send everything that begins with `kit-` back: as head, and as trailers."""
        ours = tuple(
            (name, value)
            for name, value in context.invocation_metadata()
            if name.startswith("kit-")
        )
        await context.send_initial_metadata(ours)
        context.set_trailing_metadata(ours)
        return repr(sorted(name for name, _ in context.invocation_metadata())).encode()

    async def remaining(self, request: bytes, context: Context) -> bytes:
        return repr(context.time_remaining()).encode()

    async def packed(self, request: bytes, context: Context) -> bytes:
        context.set_compression(grpc.Compression.Gzip)
        return request

    async def peer(self, request: bytes, context: Context) -> bytes:
        return context.peer().encode()

    # ---- streams -------------------------------------------------------------------------------

    async def collect(self, requests: AsyncIterator[bytes], context: Context) -> bytes:
        return b",".join([request async for request in requests])

    async def size(self, requests: AsyncIterator[bytes], context: Context) -> bytes:
        total = 0
        async for request in requests:
            total += len(request)
            self.count += 1
            if self.count == 1 and request[:4] == b"hold":
                self.entered.set()
                await self.gate.wait()
        return b"%d" % total

    async def range(self, request: bytes, context: Context) -> AsyncIterator[bytes]:
        number, size = map(int, request.split())
        for index in range(number):
            self.count += 1
            yield b"%d" % index + bytes(size)

    async def written(self, request: bytes, context: Context) -> None:
        for index in range(int(request)):
            await context.write(b"%d" % index)

    async def chat(self, requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
        async for request in requests:
            if request == b"bug":
                raise RuntimeError("secret of the handler")
            if request == b"abort":
                await context.abort(grpc.StatusCode.ABORTED, "as asked")
            yield request.upper()

    async def read(self, requests: AsyncIterator[bytes], context: Context) -> None:
        while (request := await context.read()) is not grpc.aio.EOF:
            await context.write(request)

    async def refuse(
        self, requests: AsyncIterator[bytes], context: Context
    ) -> AsyncIterator[bytes]:
        """End the call before anything is read."""
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
        yield b"never"

    async def early(self, requests: AsyncIterator[bytes], context: Context) -> bytes:
        """Answer without looking at what is sent."""
        return b"early"

    async def forever(self, request: bytes, context: Context) -> AsyncIterator[bytes]:
        """Stream one item and wait; note how it ended."""
        try:
            yield b"first"
            self.entered.set()
            await self.gate.wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise

    def register(self, server: Registry) -> None:
        """Put the service on a server, as generated code does."""
        unary, out = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        into, both = grpc.stream_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        kinds = {
            unary: "echo plain hold timed gathered variable bug wrong abort code metadata"
            " remaining packed peer",
            into: "collect size early",
            out: "range written forever",
            both: "chat read refuse",
        }
        methods = {
            name.capitalize(): kind(getattr(self, name))
            for kind, names in kinds.items()
            for name in names.split()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, methods),))
        server.add_registered_method_handlers(NAME, methods)
