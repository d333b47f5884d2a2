"""The checks at the moment when something leaves a host, and what clients were told so far.

An answer must equal the recorded one, a query must show what was acknowledged before it was
asked, EXPIRED must stay true, ALREADY_ANSWERED is told to nobody who still waits.
"""

from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
    AlreadyAnsweredError,
    ExpiredError,
    HandlerFailedError,
    InvalidArgumentError,
    UnavailableError,
)
from aidevos.core.ids import ObjectId
from aidevos.sim.counters import GROUP_OF, QUERIES, SHARD_OF, Ask, Method
from aidevos.sim.durable import Durable, Key


class Checker:
    """What any client was told, and whether it was true."""

    def __init__(self, durable: Durable) -> None:
        """Nothing was told yet."""
        self.durable = durable
        self.expired: dict[Key, int] = {}
        """Call to the durable tail when its client was told that it is surely not applied."""
        self.answers: dict[Key, Answer] = {}
        self.items: dict[tuple[str, ObjectId], int] = {}
        """(watcher, object) to the last sequence that arrived."""
        self.reads = 0
        self.watched = 0
        self._version: dict[ObjectId, int] = {}
        self._place: dict[str, int] = {}

    def ask(self, object: ObjectId, method: Method, n: int, key: Key, expires_ms: int) -> Ask:
        """Return a new call of a client, entered."""
        floor, since = self._version.get(object, 0), self._place.get(GROUP_OF[object], 0)
        made = Ask(object, method, n, *key, expires_ms, floor, since)
        self.durable.asks[key] = made
        return made

    def leaves(self, ask: Ask, value: object) -> None:
        """Check what a host says about one call."""
        if isinstance(value, Answer) and ask.method in QUERIES:
            self._read(ask, value)
        elif isinstance(value, Answer):
            self._answer(ask, value)
        elif isinstance(value, ExpiredError):
            self.expired.setdefault(ask.key, self._tail(ask))
        elif isinstance(value, AlreadyAnsweredError):
            said = self.durable.marks.get(ask.session, 0)
            assert ask.number <= said, f"A2: {ask.name} refused, its client has all up to {said}"
        elif not isinstance(value, UnavailableError | HandlerFailedError | InvalidArgumentError):
            assert isinstance(value, AidevosError), value
            assert ask.key in self.durable.calls, f"{ask.name}: {value} unrecorded"

    def surely_not(self, ask: Ask) -> None:
        """Take that a client was told: not applied by this attempt, nor by any other."""
        self.expired[ask.key] = self._tail(ask)

    def item(self, object: ObjectId, sequence: int, body: bytes) -> None:
        """Check one item of a stream."""
        durable = self.durable
        assert sequence <= durable.version(object), f"A4: {object} {sequence} is not durable"
        assert body == durable.event(object, sequence), f"A3: event {object} {sequence}: {body!r}"

    def arrives(self, watcher: str, object: ObjectId, sequence: int) -> None:
        """Check that a watcher is told each event once, in order."""
        last = self.items.get((watcher, object), 0)
        assert sequence == last + 1, f"O1: {watcher} got {object} {sequence} after {last}"
        self.items[watcher, object] = sequence
        self.watched += 1

    def at_the_end(self) -> None:
        """A1 and the finality of EXPIRED: what was told stays true to the end."""
        for key in self.answers:
            assert key in self.durable.calls, f"A1: {key} was acknowledged and is gone"
        for key, tail in self.expired.items():
            offset = self.durable.calls.get(key, (-1,))[0]
            assert offset < tail, f"A2: {key} was applied after its client was told no"

    def _tail(self, ask: Ask) -> int:
        return self.durable.tails[SHARD_OF[ask.object]]

    def _answer(self, ask: Ask, value: Answer) -> None:
        known = self.durable.calls.get(ask.key)
        assert known is not None, f"A4: the answer to {ask.name} left before its commit"
        _, record, place = known
        recorded = (record.version, record.reply, record.error)
        told = (value.version, value.payload, value.error)
        assert told == recorded, f"A3: {ask.name} was told {told}, recorded is {recorded}"
        assert self.answers.setdefault(ask.key, value).payload == value.payload, ask.name
        self._note(ask, value.version, place)

    def _read(self, ask: Ask, value: Answer) -> None:
        durable = self.durable
        assert value.version <= durable.version(ask.object), (
            f"A4: {ask.object} shows {value.version}, not durable"
        )
        place = durable.place_of_read(ask, value.version, value.payload)
        assert place >= 0, f"R1: {ask.name} read {ask.method} {value.payload!r}@{value.version}"
        assert value.version >= ask.floor, (
            f"R1: {ask.name} read {ask.object} at {value.version}, but {ask.floor} was "
            "acknowledged before it was asked"
        )
        self.reads += 1
        self._note(ask, value.version, place)

    def _note(self, ask: Ask, version: int, place: int) -> None:
        group = GROUP_OF[ask.object]
        self._version[ask.object] = max(self._version.get(ask.object, 0), version)
        self._place[group] = max(self._place.get(group, 0), place)
