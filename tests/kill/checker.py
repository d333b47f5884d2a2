"""Every answer that a client was told against every other, and against the history that was kept.

Pure. A change's events name its call, so the history says for each call whether it was applied,
once, whole, and at which version. The versions of an object order its changes: that makes the
check for linearizability exact and cheap (see `order`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from journal import NOT_ASKED, READ, UNARY, Call, Kept, Told
from order import Step, out_of_order

from aidevos.doors.port import StoredEvent

PLATFORM = frozenset(
    ("UNAVAILABLE", "OUTCOME_UNKNOWN", "RESOURCE_EXHAUSTED", "HANDLER_FAILED", "DEADLINE_EXCEEDED")
)
"""What the platform may say of one copy of a call while its parts are killed."""
NOTHING_APPLIED = PLATFORM - {"OUTCOME_UNKNOWN"}
"""What it may only say to a user of the client if the call is not applied."""


@dataclass(slots=True)
class KeptObject:
    """What the server has of an object at the end."""

    events: Sequence[StoredEvent]
    version: int
    total: str


@dataclass(slots=True)
class Findings:
    """What the checker saw: what is wrong, in sentences, and how much there was."""

    wrong: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """Count one more."""
        self.counts[what] = self.counts.get(what, 0) + 1


class Booking(msgspec.Struct, frozen=True):
    """One event's body."""

    call: str
    part: int
    n: int


Place = tuple[str, int]
"""(key, version)."""


class Checker:
    """Checks one hunt. Make it, `run` it once."""

    def __init__(
        self, journals: Sequence[Kept], objects: Mapping[str, KeptObject], worker_kills: int
    ) -> None:
        """Bind."""
        self.found = Findings()
        self._calls = {name: call for kept in journals for name, call in kept.calls.items()}
        self._objects = objects
        self._worker_kills = worker_kills
        self._totals: dict[str, list[int]] = {}
        """The total of each object at each of its versions, from 0."""
        self._applied: dict[str, dict[tuple[str, int, int], list[int]]] = {}
        """By call: the versions of each of its (key, part, n)."""

    def run(self) -> Findings:
        """Check everything."""
        for key, kept in self._objects.items():
            self._fold(key, kept)
        for call in self._calls.values():
            self._look_at(call)
        steps: dict[str, list[Step]] = {key: [] for key in self._objects}
        for call in self._calls.values():
            for key, step in self._steps(call):
                steps[key].append(step)
        for key, ones in steps.items():
            self.found.wrong += [f"{key}: {wrong}" for wrong in out_of_order(ones)]
        self._count_victims()
        return self.found

    def _wrong(self, call: Call, what: str) -> None:
        self.found.wrong.append(f"{call.asked.call} ({call.asked.method} {call.asked.key}): {what}")

    # ---- the history -----------------------------------------------------------------------

    def _fold(self, key: str, kept: KeptObject) -> None:
        """Read one object's events; they are whole, and give the state that it has."""
        totals = self._totals[key] = [0]
        for place, event in enumerate(kept.events, 1):
            if event.sequence != place:
                self.found.wrong.append(f"{key}: event {place} has the sequence {event.sequence}")
            body = msgspec.json.decode(event.body, type=Booking)
            totals.append(totals[-1] + body.n)
            applied = self._applied.setdefault(body.call, {})
            applied.setdefault((key, body.part, body.n), []).append(place)
            if body.call not in self._calls:
                self.found.wrong.append(f"{key}: event {place} is of {body.call}, who never called")
        if (kept.version, kept.total) != (len(kept.events), str(totals[-1])):
            self.found.wrong.append(
                f"{key}: the state is {kept.total} at {kept.version}, its {len(kept.events)} "
                f"events give {totals[-1]}"
            )

    # ---- one call --------------------------------------------------------------------------

    def _look_at(self, call: Call) -> None:
        asked, final = call.asked, call.final
        if asked.via == READ or asked.method == "total":
            self.found.count("reads")
            if final is None and asked.number:
                self._wrong(call, "was never answered")
            return
        applied = self._applied.get(asked.call, {})
        if applied:
            self._look_at_events(call, applied)
        self.found.count("applied" if applied else "not applied")
        self._look_at_answers(call)
        if final is None:
            self._look_at_unanswered(call, bool(applied))
        elif final.reason:
            self.found.count("refused")
            if applied:
                self._wrong(call, f"was refused ({final.reason}) and left {applied}")
            self._look_at_refusal(call, final)
        elif not applied:
            self._wrong(call, f"was acknowledged at {final.version} and is not in the history")
        else:
            self.found.count("acknowledged")
            last = max(v for (key, _, _), vs in applied.items() if key == asked.key for v in vs)
            if final.version != last:
                self._wrong(call, f"was told version {final.version}, its event is {last}")

    def _look_at_events(
        self, call: Call, applied: Mapping[tuple[str, int, int], list[int]]
    ) -> None:
        """Exactly what the call does is there: all of it, nothing else, nothing twice."""
        expected = _effects(call)
        if applied.keys() != expected or any(len(versions) > 1 for versions in applied.values()):
            self._wrong(call, f"left {dict(applied)} instead of each of {sorted(expected)} once")
            return
        parts = sorted(applied)
        own = [applied[one][0] for one in parts if one[0] == call.asked.key]
        if own != list(range(own[0], own[0] + len(own))):
            self._wrong(call, f"is torn apart: {own}")
        if call.asked.expected != NOT_ASKED and own[0] != call.asked.expected + 1:
            self._wrong(call, f"expected version {call.asked.expected} and became {own[0]}")

    def _look_at_answers(self, call: Call) -> None:
        """All answers that count are one answer."""
        answers = [told for told in call.told if told.final]
        if answers and answers[0].repeated:
            self.found.count("answered by a record alone")
        for other in answers[1:]:
            self.found.count("asked again")
            if _said(other) != _said(answers[0]):
                self._wrong(call, f"was told {_said(answers[0])} and then {_said(other)}")
            real_refusal = other.reason and other.version == NOT_ASKED
            if other.again and not other.repeated and not real_refusal:
                self._wrong(call, "was run once more for a repeat")
        for told in call.told:
            if told.final:
                continue
            self.found.count(told.reason)
            allowed = told.reason in PLATFORM or (told.again and told.reason == "ALREADY_ANSWERED")
            if not allowed:
                self._wrong(call, f"was told {told.reason}: {told.error}")

    def _look_at_unanswered(self, call: Call, applied: bool) -> None:
        """Only a framed call of the product's client may stay unknown, and it may not lie."""
        if call.asked.number or call.asked.via == UNARY:
            self._wrong(call, "was never answered")
            return
        self.found.count("unknown")
        reasons = [told.reason for told in call.told if told.reason in NOTHING_APPLIED]
        if applied and reasons:
            self._wrong(call, f"was told {reasons} and is applied")

    def _look_at_refusal(self, call: Call, told: Told) -> None:
        """It was right to refuse, by what the object was at the version that was told."""
        asked, total = call.asked, None
        if told.reason == "VERSION_CONFLICT":
            right = int(told.error["actual"]) != asked.expected == int(told.error["expected"])
        elif told.reason == "FAILED_PRECONDITION":
            total = self._total(asked.key, told.version)
            right = asked.method == "take" and (total is None or asked.arguments["n"] > total)
        else:
            right = told.reason == "INVALID_ARGUMENT" and asked.arguments["n"] <= 0
        if not right:
            self._wrong(call, f"was refused with {_said(told)} at the total {total}")

    def _total(self, key: str, version: int) -> int | None:
        totals = self._totals[key]
        return totals[version] if 0 <= version < len(totals) else None

    # ---- what was seen when ----------------------------------------------------------------

    def _steps(self, call: Call) -> Iterator[tuple[str, Step]]:
        """Yield what the call did to objects, or saw of them, and when."""
        asked, final = call.asked, call.final
        ended = final.at if final is not None else None
        applied = self._applied.get(asked.call, {})
        by_key: dict[str, list[int]] = {}
        for (key, _, _), versions in applied.items():
            by_key.setdefault(key, []).extend(versions)
        for key, versions in by_key.items():
            yield key, Step(asked.call, asked.begun, ended, max(versions), min(versions))
        if final is None or applied:
            if final is not None and not final.reason:
                self._saw(call, asked.key, final.version, final.reply)
            return
        for key, version, total in _seen(call, final):
            self._saw(call, key, version, total)
            yield key, Step(asked.call, asked.begun, ended, version)

    def _saw(self, call: Call, key: str, version: int, total: str) -> None:
        """What was told is what the object was at that version."""
        if total and total != str(self._total(key, version)):
            self._wrong(
                call, f"saw {total} at {version} of {key}, which was {self._total(key, version)}"
            )

    def _count_victims(self) -> None:
        """A worker that dies harms the one call that it was in."""
        victims = [
            call.asked.call
            for call in self._calls.values()
            if any(told.reason == "HANDLER_FAILED" for told in call.told)
        ]
        if len(victims) > self._worker_kills:
            self.found.wrong.append(f"{self._worker_kills} dead workers failed {victims}")


def check(
    journals: Sequence[Kept], objects: Mapping[str, KeptObject], *, worker_kills: int
) -> Findings:
    """Return what contradicts what the platform promises."""
    return Checker(journals, objects, worker_kills).run()


def _effects(call: Call) -> set[tuple[str, int, int]]:
    """Return the (key, part, n) that the call leaves when it is applied."""
    asked, n = call.asked, call.asked.arguments["n"]
    if asked.method == "add_parts":
        return {(asked.key, part, n) for part in range(asked.arguments["parts"])}
    if asked.method == "give":
        return {(asked.key, 0, -n), (asked.arguments["to"], 1, n)}
    return {(asked.key, 0, -n if asked.method == "take" else n)}


def _said(told: Told) -> tuple[Any, ...]:
    return told.version, told.reply, told.reason, told.error


def _seen(call: Call, told: Told) -> Iterator[tuple[str, int, str]]:
    """Yield (key, version, total) of what an answer without events shows; total may be empty."""
    if told.reason == "VERSION_CONFLICT":
        yield call.asked.key, int(told.error["actual"]), ""
    elif told.version != NOT_ASKED:
        yield call.asked.key, told.version, told.reply
    elif call.asked.via == READ:
        listed = msgspec.json.decode(told.reply or b"{}", type=dict[str, tuple[int, int]])
        yield from ((key, version, str(total)) for key, (version, total) in listed.items())
