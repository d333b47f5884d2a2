"""A server that keeps all promises, in memory, and clients that it answers: for the checker.

Calls overlap: each begins, takes effect and is answered at moments of its own, by chance.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from checker import Findings, KeptObject, check
from journal import NOT_ASKED, READ, Asked, Call, Kept, Told
from load import ALL_KEYS, Load

from aidevos.doors.port import StoredEvent

AT_ONCE = 8


@dataclass
class SmallWorld:
    """What happened, as a hunt leaves it behind; to be spoiled, then checked."""

    seed: int
    calls: int = 700
    told: dict[str, Told] = field(default_factory=dict)
    """What each call was told at its moment; the time is set when it is answered."""

    def __post_init__(self) -> None:
        """Let it all happen."""
        self.rng = random.Random(self.seed)
        self.clients = {name: Kept(name) for name in ("r", "p")}
        self.events: dict[str, list[StoredEvent]] = {key: [] for key in ALL_KEYS}
        self._totals = dict.fromkeys(ALL_KEYS, 0)
        self._time = 0
        loads = {name: Load(name, self.seed, 0, wild=False) for name in self.clients}
        waiting: list[Call] = []
        for number in range(self.calls):
            name = self.rng.choice(list(self.clients))
            waiting.append(self._begin(loads[name], name, number + 1))
            while len(waiting) > self.rng.randint(0, AT_ONCE):
                call = waiting.pop(self.rng.randrange(len(waiting)))
                self._end(loads[name], call)
        for call in waiting:
            self._end(loads[call.client], call)

    def check(self) -> Findings:
        """Return what the checker finds."""
        kept = {
            key: KeptObject(ones, len(ones), self._total(ones)) for key, ones in self.events.items()
        }
        return check(list(self.clients.values()), kept, worker_kills=0)

    # ---- to spoil it -----------------------------------------------------------------------

    def one(self, fits: Callable[[Call], bool]) -> Call:
        """Return a call by chance that fits; its `told` has one answer."""
        every = [call for kept in self.clients.values() for call in kept.calls.values()]
        return self.rng.choice([call for call in every if fits(call)])

    def acknowledged(self, method: str = "add") -> Call:
        """Return a change that was acknowledged."""
        return self.one(lambda call: call.asked.method == method and not call.told[0].reason)

    def retell(self, call: Call, **changes: object) -> None:
        """Let the call have been told something else."""
        call.told[0] = msgspec.structs.replace(call.told[0], **changes)

    def reask(self, call: Call, **changes: object) -> None:
        """Let the call have been another one."""
        call.asked = msgspec.structs.replace(call.asked, **changes)

    def remove(self, call: Call, key: str, part: int = 0) -> None:
        """Let an event of the call never have been."""
        self.events[key] = [e for e in self.events[key] if _of(e) != (call.asked.call, part)]
        self.count_anew(key)

    def count_anew(self, key: str) -> None:
        """Number the events of an object from 1 on."""
        self.events[key] = [
            msgspec.structs.replace(event, sequence=place)
            for place, event in enumerate(self.events[key], 1)
        ]

    # ---- how it happened -------------------------------------------------------------------

    def _begin(self, load: Load, client: str, number: int) -> Call:
        self._time += 1
        asked = load.next(number=number if client == "r" else 0)
        call = Call(client, msgspec.structs.replace(asked, begun=self._time))
        self.clients[client].calls[asked.call] = call
        return call

    def _end(self, load: Load, call: Call) -> None:
        if call.asked.call not in self.told:
            self.told[call.asked.call] = self._effect(call.asked)
        self._time += 1
        call.told.append(msgspec.structs.replace(self.told[call.asked.call], at=self._time))
        load.learn(call.asked, call.told[0])

    def _effect(self, asked: Asked) -> Told:
        key, total, version = asked.key, self._totals[asked.key], len(self.events[asked.key])
        if asked.expected not in (NOT_ASKED, version):
            error = {"expected": str(asked.expected), "actual": str(version)}
            return self._no(asked, version, "VERSION_CONFLICT", **error)
        if asked.method == "total":
            return Told(asked.call, 0, version, str(total))
        n = asked.arguments["n"]
        if n <= 0:
            return self._no(asked, version, "INVALID_ARGUMENT")
        if asked.method == "take" and n > total:
            return self._no(asked, version, "FAILED_PRECONDITION")
        signed = -n if asked.method in ("take", "give") else n
        for part in range(asked.arguments.get("parts", 1)):
            self._book(key, asked.call, part, signed)
        if asked.method == "give":
            self._book(asked.arguments["to"], asked.call, 1, n)
        return Told(asked.call, 0, len(self.events[key]), str(self._totals[key]))

    def _no(self, asked: Asked, version: int, reason: str, **error: str) -> Told:
        seen = version if asked.number else NOT_ASKED
        return Told(asked.call, 0, seen, reason=reason, error={"message": "no", **error})

    def _book(self, key: str, call: str, part: int, n: int) -> None:
        self._totals[key] += n
        self.events[key].append(
            StoredEvent(
                sequence=len(self.events[key]) + 1,
                type="Booked",
                type_version=1,
                body=msgspec.json.encode({"call": call, "part": part, "n": n}),
                time_ms=0,
                principal="anonymous",
                method="add",
                request_id="s",
            )
        )

    def _total(self, events: list[StoredEvent]) -> str:
        return str(sum(msgspec.json.decode(event.body)["n"] for event in events))


def listing(world: SmallWorld, call: Call, key: str, version: int, total: int) -> None:
    """Let a call have been a list that showed one object so."""
    world.reask(call, via=READ, method="total", arguments={})
    reply = msgspec.json.encode({key: [version, total]}).decode()
    world.retell(call, version=NOT_ASKED, reply=reply)


def _of(event: StoredEvent) -> tuple[str, int]:
    body = msgspec.json.decode(event.body)
    return body["call"], body["part"]
