"""Fuzzes our HTTP/2 server, shell included: mutated sessions from seeds, on a transport of bytes.

For each input: nothing escapes, what is written keeps to HTTP/2, it takes a bounded time, and when
the connection is gone nothing is left of it: no call, no task, no byte of the budget.

    .aidevos/env/bin/python tests/h2/h2_fuzz.py --first 0 --inputs 1000000
"""

import argparse
import asyncio
import gc
import logging
import random
import re
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
from h2_sessions import Session, mutated
from h2_witness import Witness

from aidevos.doors.h2.limits import Limits
from aidevos.doors.h2.line import Common
from aidevos.doors.h2.protocol import GrpcProtocol
from aidevos.doors.h2.routes import Routes

INPUT_S_MAX = 2.0
LIMITS = Limits(streams_max=64, message_bytes_max=1 << 20)
BUDGET = 1 << 62


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Fuzz:
    """Handlers of every kind, and one server's common part."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.escaped: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.escaped.append(repr(context)))
        self.outcomes: Counter[str] = Counter()
        self.slowest = (0.0, 0)
        self.common = Common(self.loop, self._routes(), LIMITS, calls_max=1_000)
        self.common.budget.left = BUDGET
        handler = logging.Handler()
        handler.emit = lambda record: self.escaped.append(  # type: ignore[method-assign]
            logging.Formatter().format(record)
        )
        logging.getLogger("aidevos.grpc").addHandler(handler)
        logging.getLogger("aidevos.grpc").propagate = False

    def joined(self, line: GrpcProtocol) -> bool:
        return True

    def left(self, line: GrpcProtocol) -> None:
        pass

    def run(self, seed: int) -> None:
        """Try one input. Raises AssertionError that names the seed."""
        rng = random.Random(seed)
        data = mutated(rng, Session(rng).frames)
        begun = time.perf_counter()
        try:
            self._session(rng, data)
            self._check_nothing_is_left()
        except Exception as error:
            raise AssertionError(f"input {seed}: {error!r}") from error
        took = time.perf_counter() - begun
        self.slowest = max(self.slowest, (took, seed))
        assert took < INPUT_S_MAX, f"input {seed} took {took:.1f} s"

    def close(self) -> None:
        self.common.seats.close()
        self.common.deadlines.close()
        self._turn()
        self.loop.close()

    def _session(self, rng: random.Random, data: bytes) -> None:
        pipe, line = Pipe(), GrpcProtocol(self.common, self)
        line.connection_made(pipe)
        pieces = rng.choice((1, 1, 2, 5))
        for cut in range(pieces):
            part = data[len(data) * cut // pieces : len(data) * (cut + 1) // pieces]
            self._turn(line.data_received, part)
        if rng.random() < 0.5:
            self._turn()
        line.check(self.loop.time())
        assert len(line.core.streams) <= LIMITS.streams_max
        if rng.random() < 0.1:
            self._turn(line.drain)
            self._turn(line.stop_calls)
        fault = line.core.fault
        outcome = "fine" if fault is None else f"{fault.code.name}: {fault.why}"
        self.outcomes[re.sub(r"\d+", "N", outcome)] += 1
        pipe.close()
        self._turn(line.connection_lost, None)
        Witness(data).check(b"".join(pipe.written))

    def _check_nothing_is_left(self) -> None:
        for _ in range(10):
            if self.common.calls == 0:
                break
            self._turn()
        assert self.common.calls == 0, "a call is left"
        assert self.common.budget.left == BUDGET, "bytes are left"
        assert not self.common.deadlines._steps, "a deadline is left"
        assert not self.escaped, self.escaped

    def _turn(self, *callback: Any) -> None:
        """Let the loop run once, with a callback of its own."""
        if callback:
            self.loop.call_soon(*callback)
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    # ---- handlers ------------------------------------------------------------------------------

    def _routes(self) -> Routes:
        unary, out = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        into, both = grpc.stream_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        methods = {
            "Echo": unary(echo),
            "Later": unary(later),
            "Hold": unary(hold),
            "Abort": unary(abort),
            "Soon": unary(echo),
            "Size": into(size),
            "Early": into(early),
            "Range": out(counting),
            "Chat": both(chat),
        }
        routes = Routes()
        routes.add((grpc.method_handlers_generic_handler("fuzz.Fuzz", methods),))
        routes.add_direct("/fuzz.Fuzz/Soon", self._soon)
        return routes

    def _soon(self, request: bytes, call: Any) -> None:
        """Answer or refuse without a coroutine, at once or in the next turn."""
        if len(request) % 3 == 0:
            call.answered(request)
        elif len(request) % 3 == 1:
            self.loop.call_soon(call.answered, request)
        else:
            self.loop.call_soon(call.refused, grpc.StatusCode.ABORTED, "as asked", ())


async def echo(request: bytes, context: Any) -> bytes:
    return request


async def later(request: bytes, context: Any) -> bytes:
    async with asyncio.timeout(60):
        await asyncio.sleep(0)
    return request


async def hold(request: bytes, context: Any) -> bytes:
    await asyncio.Event().wait()
    return request


async def abort(request: bytes, context: Any) -> bytes:
    await context.abort(grpc.StatusCode.ABORTED, "as asked", (("x-bin", request[:100]),))
    raise AssertionError("abort raises")


async def size(requests: AsyncIterator[bytes], context: Any) -> bytes:
    return b"%d" % sum([len(request) async for request in requests])


async def early(requests: AsyncIterator[bytes], context: Any) -> bytes:
    return b"early"


async def counting(request: bytes, context: Any) -> AsyncIterator[bytes]:
    for _ in range(100):
        yield bytes(1_000)


async def chat(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


def fuzz(first: int, inputs: int) -> Fuzz:
    """Try so many inputs; raises AssertionError with the seed of the first that fails."""
    made = Fuzz()
    try:
        for seed in range(first, first + inputs):
            made.run(seed)
    finally:
        made.close()
    return made


def resident_mb() -> float:
    """Return the most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--inputs", type=int, default=10_000)
    given = parser.parse_args()
    begun, before = time.perf_counter(), resident_mb()
    made = fuzz(given.first, given.inputs)
    gc.collect()
    took = time.perf_counter() - begun
    print(f"{given.inputs} inputs in {took:.0f} s, nothing escaped")
    print(f"slowest {made.slowest[0] * 1e3:.1f} ms (seed {made.slowest[1]})")
    print(f"memory {before:.0f} MB before, {resident_mb():.0f} MB at most")
    for outcome, count in made.outcomes.most_common():
        print(f"{count:>9} {outcome}")


if __name__ == "__main__":
    main()
