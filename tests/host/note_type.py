"""A type of the SDK for tests of the host, run in its process: notes in a group."""

from typing import Any

from aidevos_host.catalog import Service
from aidevos_host.config import HostConfig
from aidevos_host.host import Host
from aidevos_host.policy import OPEN
from aidevos_host.ports import Ports

import aidevos
from aidevos.core.call import Call, CallId
from aidevos.core.ids import ObjectId
from aidevos.objects import DurableObject, Event, FailedPreconditionError, apply, command, query
from aidevos.objects.executor import InProcessExecutor
from aidevos.storage.base import ConditionalStore
from aidevos.storage.log import ShardLog


class Note(DurableObject):
    """Some text and a rank that lists can ask for."""

    indexed = ("rank",)

    class State(aidevos.State):
        """What a note holds."""

        text: str = ""
        rank: int = 0

    class Written(Event):
        """The text was replaced."""

        text: str
        rank: int

    @command
    def write(self, text: str = "", rank: int = 0, reply: int = 0) -> str:
        """Replace text and rank; answer with `reply` bytes."""
        self.emit(self.Written(text=text, rank=rank))
        return "x" * reply

    @command
    def remove(self) -> None:
        """Delete the note."""
        self.delete()

    @command
    def mumble(self) -> None:
        """Refuse with a text that no encoding knows."""
        raise FailedPreconditionError("half a \ud800 character")

    @command
    def count(self) -> None:
        """Refuse with a number where a text belongs."""
        raise FailedPreconditionError(7)  # type: ignore[arg-type]

    @query
    def read(self) -> str:
        """Return the text."""
        return self.state.text

    @query
    def names(self) -> list[str]:
        """Return the texts of the group, oldest first."""
        return [note.state.text for note in self.group.all(Note)]

    @apply
    def _written(self, event: Written) -> None:
        self.state.text, self.state.rank = event.text, event.rank


def second_version() -> type[DurableObject]:
    """Return the next version of the type: a text has lines now."""

    class Note(DurableObject):
        """Some lines."""

        class State(aidevos.State, version=2):
            """What a note holds."""

            lines: tuple[str, ...] = ()
            rank: int = 0

        class Written(Event, version=2):
            """A line came."""

            line: str

        @command
        def write(self, line: str = "") -> None:
            """Add a line."""
            self.emit(self.Written(line=line))

        @apply
        def _written(self, event: Written) -> None:
            self.state.lines = (*self.state.lines, event.line)

        @aidevos.upcast(Written, from_version=1)
        @staticmethod
        def _line(old: dict[str, Any]) -> dict[str, Any]:
            return {"line": old["text"]}

        @aidevos.upcast(State, from_version=1)
        @staticmethod
        def _lines(old: dict[str, Any]) -> dict[str, Any]:
            return {"lines": [old["text"]], "rank": old["rank"]}

    return Note


def install(host: Host, kind: type[DurableObject], version: int = 1) -> None:
    """Serve `kind` as the service of notes."""
    executor = InProcessExecutor([kind])
    host.catalog.install(
        Service(tenant="default", name="notes", version=version, executor=executor, policy=OPEN)
    )


async def begin(
    store: ConditionalStore, config: HostConfig | None = None, ports: Ports | None = None
) -> Host:
    """Return a host on `store` that serves notes."""
    host = Host(ShardLog(store), config or HostConfig(shard_count=1), ports)
    install(host, Note)
    await host.start()
    return host


def note(
    key: str, method: str = "write", payload: bytes = b"{}", id: str = "", **more: object
) -> Call:
    """Return a call; its id is made of what it is unless given."""
    call_id = CallId(id or f"{key} {method} {payload[:40]!r}")
    return Call(
        object=ObjectId("default", "Note", key),
        method=method,
        payload=payload,
        id=call_id,
        **more,  # type: ignore[arg-type]
    )
