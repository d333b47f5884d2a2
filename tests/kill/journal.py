"""What a client of the killed server writes down: each call before it is sent, each answer.

One JSON line each, written whole before anything follows from it: what a killed client wrote is
all that it ever acted on. Times are CLOCK_MONOTONIC, which all processes of a machine share.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

FRAMED, UNARY, READ = "framed", "unary", "read"
NOT_ASKED = -1


class Asked(msgspec.Struct, frozen=True, tag="asked", omit_defaults=True):
    """A call that will be sent; `begun` is when."""

    call: str
    via: str
    key: str
    method: str
    arguments: dict[str, Any]
    begun: int
    number: int = 0
    """In its session; 0 for other calls, and those of a client that numbers by itself."""
    expected: int = NOT_ASKED


class Told(msgspec.Struct, frozen=True, tag="told", omit_defaults=True):
    """What one copy of a call came to."""

    call: str
    at: int
    version: int = NOT_ASKED
    reply: str = ""
    repeated: bool = False
    reason: str = ""
    error: dict[str, Any] = {}
    """Message, metadata and violations, in full."""
    final: bool = True
    """False: it may be asked again, and says nothing about other copies."""
    again: bool = False
    """Whether this copy was sent after an answer had come."""


class Marked(msgspec.Struct, frozen=True, tag="marked"):
    """The low-water mark that frames carry from now on."""

    mark: int


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The session that all lives of the client share."""

    session: str
    expires_ms: int


Line = Asked | Told | Marked | Opened
_decode = msgspec.json.Decoder(Line).decode
_encode = msgspec.json.Encoder().encode


def now() -> int:
    """Return the machine's monotonic nanoseconds."""
    return time.monotonic_ns()


class Journal:
    """The file of one client, over all its lives."""

    def __init__(self, path: Path) -> None:
        """Open it; half a line at its end was never acted on, and is cut off."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        kept = path.read_bytes()
        os.ftruncate(self._file, kept.rfind(b"\n") + 1)

    def write(self, *lines: Line) -> None:
        """Write lines with one system call."""
        data = b"".join(_encode(line) + b"\n" for line in lines)
        assert os.write(self._file, data) == len(data)


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the whole lines of a journal."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield _decode(line)


@dataclass(slots=True)
class Call:
    """One call and all that its client was told of it."""

    client: str
    asked: Asked
    told: list[Told] = field(default_factory=list)

    @property
    def final(self) -> Told | None:
        """The answer that counts, if there is one."""
        return next((told for told in self.told if told.final), None)


@dataclass(slots=True)
class Kept:
    """A client's journal, read."""

    client: str
    calls: dict[str, Call] = field(default_factory=dict)
    opened: Opened | None = None
    mark: int = 0

    @classmethod
    def read(cls, path: Path) -> "Kept":
        """Read the journal `NAME.jsonl`."""
        kept = cls(path.stem)
        for line in lines_of(path) if path.exists() else ():
            kept.take(line)
        return kept

    def take(self, line: Line) -> None:
        """Take one line."""
        if isinstance(line, Asked):
            self.calls[line.call] = Call(self.client, line)
        elif isinstance(line, Told):
            self.calls[line.call].told.append(line)
        elif isinstance(line, Marked):
            self.mark = line.mark
        else:
            self.opened = line
