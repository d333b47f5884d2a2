"""`aidevos demo`: one durable object through `kill -9`, in a few lines."""

import json
import secrets
import tempfile
import time
from contextlib import ExitStack

import click
from aidevos_client import CallOptions, Client

from aidevos.core.call import Answer
from aidevos.doors.port import ObjectView
from aidevos_cli.context import need_server
from aidevos_cli.example import counter_server
from aidevos_cli.failures import CliError
from aidevos_cli.options import output_option
from aidevos_cli.output import emit_item
from aidevos_cli.remote import Remote
from aidevos_cli.server import ServerProcess


@click.command()
@click.option("--data", default="", help="Directory; without it a new one, removed at the end.")
@output_option
def demo(data: str, fmt: str) -> None:
    """Make a counter, kill its server with kill -9, start it again: nothing is lost.

    For example: aidevos demo
    """
    with ExitStack() as stack:
        chosen = data or stack.enter_context(tempfile.TemporaryDirectory(prefix="aidevos-demo-"))
        Demo(chosen, fmt, stack).run()


class Demo:
    """The steps, each told when it is done."""

    def __init__(self, data: str, fmt: str, stack: ExitStack) -> None:
        """`stack` ends whatever runs at the end."""
        self._data = data
        self._fmt = fmt
        self._stack = stack
        self._key = f"demo-{secrets.token_hex(3)}"

    def run(self) -> None:
        """Create, call, kill -9, call again, look back."""
        server = self._start("started")
        first = self._add(2, "first")
        self._add(3, "second")
        server.kill()
        self._tell("killed", f"kill -9 {server.pid}: no goodbye, nothing flushed", pid=server.pid)
        self._start("started_again")
        third = self._add(4, "third")
        repeat = self._add(2, "first")
        self._look_back(third)
        if (repeat.version, repeat.payload) != (first.version, first.payload):
            raise CliError("a repeated call got another answer", reason="DATA_LOSS")

    def _start(self, event: str) -> ServerProcess:
        begun = time.perf_counter()
        server = counter_server(self._data)
        self._stack.callback(server.stop)
        server.ready()
        took = time.perf_counter() - begun
        words = event.replace("_", " ")
        said = f"{words} a server on {self._data} in {took:.1f} s, process {server.pid}"
        self._tell(event, said, pid=server.pid, seconds=round(took, 3))
        return server

    def _add(self, n: int, request_id: str) -> Answer:
        async def work(client: Client) -> Answer:
            options = CallOptions(request_id=f"{self._key}-{request_id}")
            return await client.invoke(("Counter", self._key), "add", {"n": n}, options)

        answer = self._remote().run(work)
        reply = json.loads(answer.payload)
        again = " (sent again: the first answer, nothing counted twice)" if answer.repeated else ""
        said = f"Counter/{self._key} add {n} -> {reply}, version {answer.version}{again}"
        facts = {"reply": reply, "version": answer.version, "repeated": answer.repeated}
        self._tell("called", said, n=n, **facts)
        return answer

    def _look_back(self, last: Answer) -> None:
        async def work(client: Client) -> tuple[ObjectView, ObjectView]:
            first = await client.get("Counter", self._key, version=1)
            return first, await client.get("Counter", self._key)

        then, now = (json.loads(view.state) for view in self._remote().run(work))
        if now["total"] != json.loads(last.payload):
            raise CliError(f"the state is {now} after {last.payload!r}", reason="DATA_LOSS")
        said = f"state at version 1: {json.dumps(then)}; now, at {last.version}: {json.dumps(now)}"
        self._tell("state", said, at_version_1=then, version=last.version, now=now)

    def _remote(self) -> Remote:
        found = need_server(self._data)
        return Remote(self._data, found.grpc, found.token, self._fmt)

    def _tell(self, event: str, said: str, **facts: object) -> None:
        if self._fmt == "table":
            print(said, flush=True)
        else:
            emit_item(self._fmt, {"event": event, **facts})
