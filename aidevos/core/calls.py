"""What an owner remembers of calls: answers for repeats, sessions and their marks. Pure.

A plain request_id is remembered from its commit until it expires. A session numbers its calls and
says up to which number it has all answers: the mark, which rides in its records. Answers at or
below a committed mark are released, and no such number is ever taken again (PROTOCOL.md section 7).
Changed by committed records alone.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence

from aidevos.core.call import REMEMBER_MS_DEFAULT
from aidevos.core.checkpoint import Remembered, RememberedCall, RememberedSession
from aidevos.core.record import BurstRecord, Record, Recorded

Scope = tuple[str, str, str]
"""(tenant, principal, session or request_id): in which a call's number means one call."""


class KeptBurst:
    """The answers of a committed burst, while some of them may be asked for.

    Not its events, which nobody counts and which may be large.
    """

    __slots__ = ("bytes", "hashes", "left", "numbers", "replies", "versions")

    def __init__(self, record: BurstRecord) -> None:
        """Keep all."""
        self.numbers, self.hashes = record.numbers, record.hashes
        self.versions, self.replies = record.versions, record.replies
        self.left = len(record.numbers)
        self.bytes = sum(map(len, record.replies))

    def answers(self) -> Iterator[tuple[int, Remembered]]:
        """Yield all with their numbers, those that were freed as well."""
        columns = zip(self.numbers, self.hashes, self.versions, self.replies, strict=True)
        for number, payload_hash, version, reply in columns:
            yield number, Remembered(payload_hash, version, reply, None)

    def answer(self, number: int) -> Remembered:
        """Return one of them."""
        place = self.numbers.index(number)
        return Remembered(self.hashes[place], self.versions[place], self.replies[place], None)


class SessionEntry:
    """One session as of the last commit: `answers` by number, all above `mark`."""

    __slots__ = ("answers", "expires_ms", "mark")

    def __init__(self, expires_ms: int, mark: int = 0) -> None:
        """Begin with no answer."""
        self.expires_ms = expires_ms
        self.mark = mark
        self.answers: dict[int, Remembered | KeptBurst] = {}

    def answer(self, number: int) -> Remembered | None:
        """Return what a repeat of a call is told, if it is remembered."""
        kept = self.answers.get(number)
        return kept.answer(number) if isinstance(kept, KeptBurst) else kept


NO_SESSION = SessionEntry(0)
"""Stands for none before the first record of a session."""


class CallIndex:
    """Answers that a repeat may ask for, and the sessions that released theirs."""

    def __init__(
        self, calls: Iterable[RememberedCall] = (), sessions: Iterable[RememberedSession] = ()
    ) -> None:
        """Begin with a checkpoint's content, or empty."""
        self.plain: dict[Scope, RememberedCall] = {}
        self.sessions: dict[Scope, SessionEntry] = {}
        self.count = 0
        """Answers remembered, plain and of sessions."""
        self.bytes = 0
        """Bytes of those answers."""
        self._expiry: list[tuple[int, bool, Scope]] = []
        for call in calls:
            self._keep_plain(call)
        for session in sessions:
            self._begin_with(session)

    def apply(self, records: Sequence[Recorded], log_time_ms: int) -> None:
        """Remember the calls of one committed row; release what its marks allow."""
        bursts = [record for record in records if isinstance(record, BurstRecord)]
        if bursts:
            records = [record for record in records if isinstance(record, Record)]
        self._apply_single(records, log_time_ms)  # type: ignore[arg-type]
        for burst in bursts:
            self._apply_burst(burst)
        self._forget(log_time_ms)

    def _apply_burst(self, record: BurstRecord) -> None:
        scope = (record.objects[0].tenant, record.principal, record.session)
        entry = self.sessions.get(scope) or self._begin(scope, record.expires_at_ms)
        numbers, kept = record.numbers, KeptBurst(record)
        assert entry.answers.keys().isdisjoint(numbers), "a call is applied at most once"
        assert min(numbers) > entry.mark, "a number at or below the mark is refused"
        entry.answers.update(dict.fromkeys(numbers, kept))
        self.count += kept.left
        self.bytes += kept.bytes
        self._release(entry, record.mark)

    def _apply_single(self, records: Sequence[Record], log_time_ms: int) -> None:
        marked: dict[SessionEntry, int] = {}
        session, principal, tenant, entry, size = None, None, None, NO_SESSION, 0
        for record in records:
            call, reply, error = record.call, record.reply, record.error
            answer = Remembered(call.payload_hash, record.version, reply, error)
            size += len(reply) if error is None else _size(answer)
            mark = call.mark
            if mark is None:
                self._apply_plain(record, answer, log_time_ms)
                continue
            if (
                call.session is not session
                or record.principal is not principal
                or record.object.tenant is not tenant
            ):
                session, principal, tenant = call.session, record.principal, record.object.tenant
                scope = (tenant, principal, session)
                entry = self.sessions.get(scope) or self._begin(scope, call.expires_at_ms or 0)
            number = call.number
            assert number not in entry.answers, "a call is applied at most once"
            assert number > entry.mark, "a number at or below the mark is refused"
            entry.answers[number] = answer
            marked[entry] = mark
        self.count += len(records)
        self.bytes += size
        for entry, mark in marked.items():
            self._release(entry, mark)

    def _apply_plain(self, record: Record, answer: Remembered, log_time_ms: int) -> None:
        call = record.call
        scope = (record.object.tenant, record.principal, call.session)
        assert scope not in self.plain, "a call is applied at most once"
        expires = call.expires_at_ms or log_time_ms + REMEMBER_MS_DEFAULT
        self._put_plain(RememberedCall(*scope, expires, answer), scope)

    def calls_body(self) -> tuple[RememberedCall, ...]:
        """Return the plain calls as a checkpoint keeps them."""
        return tuple(self.plain.values())

    def sessions_body(self) -> tuple[RememberedSession, ...]:
        """Return the sessions as a checkpoint keeps them."""
        return tuple(
            RememberedSession(*scope, entry.expires_ms, entry.mark, _answers(entry))
            for scope, entry in self.sessions.items()
        )

    def _put_plain(self, call: RememberedCall, scope: Scope) -> None:
        self.plain[scope] = call
        heapq.heappush(self._expiry, (call.expires_ms, True, scope))

    def _keep_plain(self, call: RememberedCall) -> None:
        self._put_plain(call, (call.tenant, call.principal, call.request_id))
        self.count += 1
        self.bytes += _size(call.answer)

    def _begin(self, scope: Scope, expires_ms: int) -> SessionEntry:
        entry = self.sessions[scope] = SessionEntry(expires_ms)
        heapq.heappush(self._expiry, (expires_ms, False, scope))
        return entry

    def _begin_with(self, kept: RememberedSession) -> None:
        entry = self._begin((kept.tenant, kept.principal, kept.session), kept.expires_ms)
        entry.mark = kept.mark
        entry.answers = dict(kept.answers)
        self.count += len(entry.answers)
        self.bytes += sum(_size(answer) for _, answer in kept.answers)

    def _release(self, entry: SessionEntry, mark: int) -> None:
        """Free the answers that the client has: it can never ask for them again."""
        if mark <= entry.mark:
            return
        answers = entry.answers
        freed: Iterable[int] = range(entry.mark + 1, mark + 1)
        if len(answers) < mark - entry.mark:  # A client may say any mark.
            freed = [number for number in answers if number <= mark]
        entry.mark = mark
        for number in freed:
            answer = answers.pop(number, None)
            if answer is not None:
                self._drop(answer)

    def _forget(self, log_time_ms: int) -> None:
        """Drop what has expired: a late copy of it is EXPIRED, or (no expires_at) a new call."""
        while self._expiry and self._expiry[0][0] <= log_time_ms:
            _, plain, scope = heapq.heappop(self._expiry)
            if plain:
                self._drop(self.plain.pop(scope).answer)
            else:
                for answer in self.sessions.pop(scope).answers.values():
                    self._drop(answer)

    def _drop(self, answer: Remembered | KeptBurst) -> None:
        self.count -= 1
        if isinstance(answer, Remembered):
            self.bytes -= _size(answer)
            return
        answer.left -= 1
        if not answer.left:
            self.bytes -= answer.bytes


def _answers(entry: SessionEntry) -> tuple[tuple[int, Remembered], ...]:
    """Return all of them one by one; each burst is gone through once, for there may be many."""
    found: dict[int, Remembered] = {}
    for number, kept in entry.answers.items():
        if isinstance(kept, Remembered):
            found[number] = kept
        elif number not in found:
            found.update((n, answer) for n, answer in kept.answers() if n in entry.answers)
    return tuple(found.items())


def _size(answer: Remembered) -> int:
    return len(answer.reply) + (len(answer.error.message) if answer.error else 0)
