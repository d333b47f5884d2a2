"""Drives bursts through one shard machine, as a shell would; copies of calls have own ears."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from shard_driver import CALLER, NOW, Owner

from aidevos.core import codec
from aidevos.core.burst import Burst
from aidevos.core.ids import ObjectId
from aidevos.core.pending import LiveSession, Pending
from aidevos.core.record import BurstRecord
from aidevos.core.shard import Limits
from aidevos.core.turn import EventRecord

ADDED = (EventRecord("Added", 1, b"{}"),)
COLUMNS = ("numbers", "hashes", "object_index", "events", "payloads")


def counter(key: str) -> ObjectId:
    return ObjectId("default", "Counter", key)


class Calls(Burst):
    """A burst whose every call emits one event, unless `events` says otherwise."""

    __slots__ = ("events", "method_index", "methods", "object_index", "objects", "payloads")

    def part(self, count: int) -> Calls:
        """Keep the first `count` calls, return the rest (the machine is not told)."""
        rest = copy(self)
        for name in COLUMNS:
            column = getattr(self, name)
            setattr(self, name, column[:count])
            setattr(rest, name, column[count:])
        return rest

    def result(self, owner: BurstOwner) -> BurstRecord:
        """Return what it comes to on the versions that the machine knows."""
        version = {object: owner.machine.version(object) for object in self.objects}
        versions = []
        for at, events in zip(self.object_index, self.events, strict=True):
            version[self.objects[at]] += len(events)
            versions.append(version[self.objects[at]])
        return BurstRecord(
            principal="anonymous",
            session=self.session.scope[2],
            expires_at_ms=self.session.expires_ms,
            mark=self.session.mark,
            now_ms=self.now_ms,
            traceparent="",
            objects=self.objects,
            methods=["add"],
            numbers=self.numbers,
            object_index=self.object_index,
            method_index=[0] * len(self),
            hashes=self.hashes,
            versions=versions,
            replies=[b"%d" % version for version in versions],
            events=self.events,
            index=[{}] * len(self),
            seeds=[7] * len(self),
        )


class Ear:
    """Who asks again; hears one answer for each time it asked."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def answer(self, number: int, value: object) -> None:
        self.heard.append(value)


class BurstOwner(Owner):
    """An owner with one session, `live`."""

    def __init__(self, limits: Limits | None = None, *, expires: int = NOW + 1_000) -> None:
        super().__init__(limits)
        self.live: LiveSession = self.machine.open_session((*CALLER, "s"), expires)

    def answer_burst(
        self, numbers: Sequence[int], versions: Sequence[int], replies: Sequence[bytes]
    ) -> None:
        raise AssertionError("this driver asks for answers one by one")

    def made(self, numbers: Sequence[int], keys: str = "a") -> Calls:
        """Return calls of these numbers; `keys` has the object of each, or one for all."""
        keys = keys * len(numbers) if len(keys) == 1 else keys
        burst = Calls(self, self.live)
        burst.objects = [counter(key) for key in dict.fromkeys(keys)]
        burst.object_index = [burst.objects.index(counter(key)) for key in keys]
        burst.numbers = list(numbers)
        burst.hashes = [b"p%d" % number for number in numbers]
        burst.payloads = [b"{}"] * len(numbers)
        burst.events = [ADDED] * len(numbers)
        return burst

    def admitted(self, numbers: Sequence[int], keys: str = "a") -> Calls:
        burst = self.made(numbers, keys)
        assert self.machine.arrive_burst(burst, NOW)
        return burst

    def finish(self, burst: Calls, record: BurstRecord | None = None) -> bool:
        record = record or burst.result(self)
        taken = self.machine.finish_burst(burst, record, codec.encode_record(record))
        self.look()
        return taken

    def committed(self, numbers: Sequence[int], keys: str = "a") -> None:
        assert self.finish(self.admitted(numbers, keys))
        self.commit()

    def again(self, number: int, payload: bytes | None = None) -> Ear:
        """Ask once more for a call, and return who does; it must not run."""
        ear = Ear()
        call = Pending(ear, number)
        call.session, call.scope = self.live, self.live.scope
        call.payload_hash = b"p%d" % number if payload is None else payload
        assert not self.machine.arrive_change(call, NOW), "it would run twice"
        self.look()
        return ear

    def cut(self, burst: Calls, count: int) -> Calls:
        rest = burst.part(count)
        self.machine.cut(burst, rest)
        return rest

    def split(self, burst: Calls) -> list[Pending]:
        calls = [Pending(self, number) for number in burst.numbers]
        self.machine.split(burst, calls)
        self.calls.update(zip(burst.numbers, calls, strict=True))
        return calls

    def confirmed(self) -> None:
        """Confirm the epoch, if anybody waits for that."""
        if self.barriers:
            self.confirm()
