"""A stream of a session on a simulated host: the twin of aidevos_host.lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aidevos.core.call import Answer
from aidevos.core.errors import AidevosError, AlreadyAnsweredError, UnavailableError
from aidevos.core.pending import LiveSession
from aidevos.sim.bursts import SimBurst
from aidevos.sim.counters import QUERIES, SHARD_OF, Ask
from aidevos.sim.plants import Plant

if TYPE_CHECKING:
    from aidevos.sim.owner import Owner
    from aidevos.sim.part import Part

OnAnswers = Callable[[list[tuple[Ask, Answer | AidevosError]]], None]


class Stream:
    """Takes frames of calls; hands back lists of answers (core/pending.Sink)."""

    def __init__(self, owner: Owner, session: str, expires_ms: int, on_answers: OnAnswers) -> None:
        """Bind."""
        self._owner = owner
        self._life = owner.life
        self._expires_ms = expires_ms
        self._scope = ("default", "anonymous", session)
        self._on_answers = on_answers
        self._mark = 0
        self._answers: list[tuple[Ask, Answer | AidevosError]] = []
        self._asks: dict[int, Ask] = {}
        self._sessions: dict[Part, LiveSession] = {}
        self._open = True

    def calls(self, mark: int, asks: Sequence[Ask]) -> None:
        """Admit a frame."""
        if not self._open or self._owner.life != self._life:
            return
        self._mark = max(self._mark, mark)
        for ask in asks:
            self._asks[ask.number] = ask
        for ask in self._bursts(asks):
            try:
                self._call(ask)
            except AidevosError as error:
                self.answer(ask.number, error)

    def close(self) -> None:
        """Nobody listens any more: calls under way go on, their answers are dropped."""
        self._open = False
        if self._owner.life == self._life:
            for part, session in self._sessions.items():
                if part.alive:
                    part.machine.close_session(session)
        self._sessions.clear()

    def answer(self, number: int, value: object) -> None:
        """Take one answer; all of one moment go together."""
        assert isinstance(value, Answer | AidevosError), value
        if not self._answers:
            self._owner.world.after(0, self._hand_over)
        self._answers.append((self._asks[number], value))

    def answer_burst(
        self, numbers: Sequence[int], versions: Sequence[int], replies: Sequence[bytes]
    ) -> None:
        """Take the answers of a burst (core/burst.BurstSink)."""
        for number, version, reply in zip(numbers, versions, replies, strict=True):
            self.answer(number, Answer(version=version, payload=reply))

    def _hand_over(self) -> None:
        answers, self._answers = self._answers, []
        if self._open and self._owner.life == self._life:
            self._on_answers(answers)

    def _bursts(self, asks: Sequence[Ask]) -> Sequence[Ask]:
        """Send what is usual in bursts; return the calls that are left."""
        if len(asks) < 2 or min(ask.number for ask in asks) <= self._mark:
            return asks
        residence = self._owner.residence
        odd = {ask.object for ask in asks if ask.method in QUERIES}
        groups: dict[Part, list[Ask]] = {}
        left = []
        for ask in asks:
            if ask.object not in odd and residence.is_usual(ask.object):
                groups.setdefault(residence.residents[ask.object].part, []).append(ask)
            else:
                left.append(ask)
        for part, some in groups.items():
            if not self._burst(part, some):
                left += some
        return left

    def _burst(self, part: Part, asks: Sequence[Ask]) -> bool:
        """Send some calls of a frame as one burst; whether that can be."""
        owner, counts = self._owner, self._owner.world.counts
        try:
            session = self._session(part)
        except AidevosError:  # The single calls are told why.
            return False
        burst = SimBurst(self, session, asks, owner.residence, owner.residence.residents)
        if not part.machine.arrive_burst(burst, owner.clock_ms):
            counts["not admitted"] += 1
            return False
        counts["bursts"] += 1
        counts["calls"] += len(asks)
        owner.residence.send_burst(burst)
        return True

    def _call(self, ask: Ask) -> None:
        owner = self._owner
        part = owner.part(SHARD_OF[ask.object])
        if part is None:
            raise UnavailableError("the shard is not here")
        if ask.number <= self._mark and owner.plant is not Plant.BELOW_MARK:
            raise AlreadyAnsweredError("answered, says its client")
        turn = owner.turn(self, ask, part)
        if ask.method in QUERIES:
            part.machine.arrive_query(turn, owner.clock_ms)
        else:
            turn.session, turn.scope = self._session(part), self._scope
            turn.payload_hash = ask.payload_hash
            if not part.machine.arrive_change(turn, owner.clock_ms):
                part.touch()
                return
        turn.admitted()

    def _session(self, part: Part) -> LiveSession:
        session = self._sessions.get(part)
        if session is None:
            session = part.machine.open_session(self._scope, self._expires_ms)
            self._sessions[part] = session
        if session.asked < self._mark:
            part.machine.set_mark(session, self._mark)
        return session
