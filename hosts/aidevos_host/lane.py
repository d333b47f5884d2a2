"""A stream of a session on this host: frames of calls in, lists of answers out.

The hot path of framed calls. What is the same for many calls of a frame is looked up once: the
method and whether the caller may call it, the object, the session's part on a shard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aidevos.core.call import PAYLOAD_BYTES_MAX, REMEMBER_MS_MAX, REQUEST_ID_MAX, Answer
from aidevos.core.errors import AidevosError, ExpiredError, InvalidArgumentError
from aidevos.core.ids import ObjectId, object_id
from aidevos.core.pending import LiveSession
from aidevos.core.refusals import answered
from aidevos.core.turn import TurnRequest
from aidevos.doors.port import AnswerColumns, CallColumns, OnAnswers, SessionName
from aidevos_host.admission import digest, no_method, overloaded, too_large
from aidevos_host.burst import HostBurst
from aidevos_host.catalog import TypeEntry
from aidevos_host.engine import Engine
from aidevos_host.grouping import Found, Group, burst_of, grouped, may_burst
from aidevos_host.resident import Resident
from aidevos_host.shard import Shard
from aidevos_host.turn import HostTurn

ANY_VERSION = -1
FindShard = Callable[[ObjectId], Shard]
"""The shard of an object; raises UnavailableError while it moves or the host stops."""


def open_lane(
    engine: Engine,
    find_shard: FindShard,
    name: SessionName,
    sent_number: int,
    on_answers: OnAnswers,
) -> Lane:
    """Begin a stream; see doors/port.ObjectPort.open_session."""
    now_ms = engine.ports.clock_ms()
    if not (1 <= len(name.session_id) <= REQUEST_ID_MAX and name.session_id.isascii()):
        raise InvalidArgumentError(
            f"a session has an id of 1 to {REQUEST_ID_MAX} ASCII characters", field="session_id"
        )
    if name.expires_at_ms <= now_ms:
        raise ExpiredError("the session has expired: open a new one", field="expires_at")
    if name.expires_at_ms - now_ms > REMEMBER_MS_MAX:
        raise InvalidArgumentError(
            "expires_at is more than 24 hours ahead; no call is remembered longer",
            field="expires_at",
        )
    return Lane(engine, find_shard, name, sent_number, on_answers)


class Lane:
    """One stream (doors/port.SessionPort, core/pending.Sink). Made by `open_lane`."""

    def __init__(
        self,
        engine: Engine,
        find_shard: FindShard,
        name: SessionName,
        sent_number: int,
        on_answers: OnAnswers,
    ) -> None:
        """Bind."""
        self._engine = engine
        self._find_shard = find_shard
        self._name = name
        self._scope = (name.tenant, name.principal, name.session_id)
        self._sent = sent_number
        self._mark = 0
        self._on_answers = on_answers
        self._answers: list[tuple[int, Answer | AidevosError]] = []
        self._columns: list[AnswerColumns] = []
        self._sessions: dict[Shard, LiveSession] = {}
        self._methods: dict[tuple[TypeEntry, str], bool] = {}
        """Methods that the caller may call, and whether they are commands."""
        self._known = -1
        self._open = True

    # ---- doors/port.SessionPort ------------------------------------------------------------

    def calls(self, frame: CallColumns) -> None:
        """Admit a frame; nothing once it is closed: nobody would close its session again."""
        if not self._open:
            return
        self._take_mark(frame)
        self._begin_frame()
        residents = [self._resident(*names) for names in frame.objects]
        clock_ms = self._engine.ports.clock_ms()
        for place in self._bursts(frame, residents, clock_ms):
            self._single(frame, place, residents[frame.object_index[place]], clock_ms)
        for shard in {one.shard for one in residents if isinstance(one, Resident)}:
            shard.touch()

    def close(self) -> None:
        """Nobody listens any more."""
        self._open = False
        self._answers.clear()
        self._columns.clear()
        for shard, session in self._sessions.items():
            if shard.alive:
                shard.machine.close_session(session)
        self._sessions.clear()

    # ---- core/pending.Sink -----------------------------------------------------------------

    def answer(self, number: int, value: object) -> None:
        """Take one answer; all of one turn of the loop go together. Once closed: drop it."""
        if self._open:
            self._hand_over_soon()
            self._answers.append((number, value))  # type: ignore[arg-type]

    def answer_burst(
        self, numbers: Sequence[int], versions: Sequence[int], replies: Sequence[bytes]
    ) -> None:
        """Take the answers of a burst (core/burst.BurstSink)."""
        if self._open:
            self._hand_over_soon()
            self._columns.append(AnswerColumns(numbers, versions, replies))

    def _hand_over_soon(self) -> None:
        if not self._answers and not self._columns:
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        if self._open and (self._answers or self._columns):
            answers, self._answers = self._answers, []
            columns, self._columns = self._columns, []
            self._on_answers(answers, columns)

    # ---- inside ----------------------------------------------------------------------------

    def _take_mark(self, frame: CallColumns) -> None:
        if frame.mark > self._sent:
            raise InvalidArgumentError(
                f"the mark {frame.mark} is above {self._sent}, the highest number that was sent: "
                "a client cannot have answers to calls that it did not make",
                field="answered_number",
            )
        self._mark = max(self._mark, frame.mark)
        self._sent = max(self._sent, max(frame.numbers, default=0))

    def _begin_frame(self) -> None:
        engine = self._engine
        engine.now_ms = engine.ports.monotonic_ms()
        if self._known != engine.catalog.changes:
            self._known = engine.catalog.changes
            self._methods.clear()

    def _resident(self, type_name: str, key: str) -> Found:
        """Return the object of a frame's table, or why its calls are refused."""
        found = self._engine.residents.find(self._name.tenant, type_name, key)
        try:
            if found is None or not found.shard.alive or found.known != self._known:
                object = object_id(self._name.tenant, type_name, key)
                found = self._engine.resident(object, self._find_shard(object))
            reach = found.entry.service.reach
            if reach is not None:
                reach.check(found.object)
        except AidevosError as error:
            return error
        found.used = self._engine.now_ms
        return found

    # ---- bursts ----------------------------------------------------------------------------

    def _bursts(self, frame: CallColumns, residents: list[Found], clock_ms: int) -> Sequence[int]:
        """Send what is usual in bursts; return the places of the calls that are left."""
        places = range(len(frame.numbers))
        if not may_burst(frame, residents, self._mark):
            return places
        left: list[int] = []
        for group, some in grouped(frame, residents, self._commands, self._engine.config):
            if group is None or not self._burst(group, frame, some, residents, clock_ms):
                left += some
        return left

    def _burst(
        self,
        group: Group,
        frame: CallColumns,
        places: Sequence[int],
        residents: list[Found],
        clock_ms: int,
    ) -> bool:
        """Send some calls of a frame as one burst; whether that can be."""
        shard, service = group
        engine = self._engine
        try:
            session = self._session(shard)
        except AidevosError:  # The single calls are told why.
            return False
        burst = burst_of(frame, places, residents, HostBurst(self, session))
        if shard.mail_bytes + burst.size > engine.config.mailbox_bytes_max:
            return False
        if not shard.machine.arrive_burst(burst, clock_ms):
            return False
        burst.principal, burst.service, burst.engine = self._name.principal, service, engine
        burst.seeds = engine.ports.seeds(len(burst))
        engine.send_burst(burst)
        return True

    def _commands(self, entry: TypeEntry, methods: Sequence[str]) -> list[bool]:
        """Return which methods are commands that the caller may call."""
        return [self._is_command(entry, name) for name in methods]

    def _is_command(self, entry: TypeEntry, name: str) -> bool:
        change = self._methods.get((entry, name))
        if change is None:
            try:
                return self._may_call(entry, name)
            except AidevosError:
                return False
        return change

    # ---- single calls ----------------------------------------------------------------------

    def _single(self, frame: CallColumns, place: int, resident: Found, clock_ms: int) -> None:
        """Admit one call."""
        number, engine = frame.numbers[place], self._engine
        if isinstance(resident, AidevosError):
            self.answer(number, resident)
            return
        method, payload = frame.methods[frame.method_index[place]], frame.payloads[place]
        try:
            turn = self._turn(number, resident, method, payload)
        except AidevosError as error:
            self.answer(number, error)
            return
        turn.traceparent = frame.traceparent
        if frame.deadlines_ms:
            turn.deadline_ms = frame.deadlines_ms[place] or None
        machine = resident.shard.machine
        if turn.scope is None:
            machine.arrive_query(turn, clock_ms)
        elif not machine.arrive_change(turn, clock_ms):
            return
        expected = frame.expected_versions[place] if frame.expected_versions else ANY_VERSION
        turn.request = TurnRequest(
            object=resident.object,
            method=method,
            payload=payload,
            principal=self._name.principal,
            now_ms=turn.now_ms,
            seed=engine.ports.seed(),
            expected_version=None if expected == ANY_VERSION else expected,
            must_exist=resident.must_exist,
        )
        engine.send(turn)

    def _turn(self, number: int, resident: Resident, method: str, payload: bytes) -> HostTurn:
        """Return the turn of one call, checked; raises what refuses this call alone."""
        change = self._methods.get((resident.entry, method))
        if change is None:
            change = self._may_call(resident.entry, method)
        if number <= self._mark:
            raise answered(number, self._mark)
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise too_large(payload)
        overloaded(resident, len(payload), self._engine.config)
        turn = HostTurn(self, number, self._engine, resident)
        if change:
            turn.scope = self._scope
            turn.session = self._session(resident.shard)
            turn.payload_hash = digest(resident.object, method, payload)
        return turn

    def _may_call(self, entry: TypeEntry, name: str) -> bool:
        """Return whether the method is a command; raises if the caller may not call it."""
        method = entry.methods.get(name)
        if method is None:
            raise no_method(entry, name)
        entry.service.policy.check(self._name.principal, entry.info.name, name)
        change = self._methods[entry, name] = method.kind == "command"
        return change

    def _session(self, shard: Shard) -> LiveSession:
        """Return this session's part on a shard; it knows the mark."""
        session = self._sessions.get(shard)
        if session is None:
            session = shard.machine.open_session(self._scope, self._name.expires_at_ms)
            self._sessions[shard] = session
            for gone in [other for other in self._sessions if not other.alive]:
                del self._sessions[gone]
        if session.asked < self._mark:
            shard.machine.set_mark(session, self._mark)
        return session
