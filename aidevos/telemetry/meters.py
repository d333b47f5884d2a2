"""Counts calls in plain integers, and the ObjectPort that does so: under a microsecond a call.

`metrics.py` turns the counts into Prometheus's text when it is asked for.
"""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import AsyncIterator

from aidevos.core.call import Answer, Call
from aidevos.core.errors import AidevosError, NotFoundError
from aidevos.core.ids import ObjectId
from aidevos.core.pending import Sink
from aidevos.core.turn import TypeInfo
from aidevos.doors.port import (
    ListQuery,
    ObjectPage,
    ObjectPort,
    ObjectView,
    OnAnswers,
    SessionName,
    SessionPort,
    StoredEvent,
)
from aidevos.telemetry.session_meters import Count, MeteredSession, outcome_of

SECONDS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of a call's time; one more bucket takes the rest."""
OK = "OK"


class CallMeters:
    """Calls by object type and outcome, and how long they took."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self.calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.buckets = [0] * (len(SECONDS_BOUNDS) + 1)
        self.seconds = 0.0

    def count(self, object_type: str, outcome: str, seconds: float, times: int = 1) -> None:
        """Count calls; `object_type` is an installed one or empty, so labels stay few."""
        self.calls[object_type, outcome] += times
        self.buckets[bisect_left(SECONDS_BOUNDS, seconds)] += times
        self.seconds += seconds * times


class MeteredSink:
    """Counts the one answer that it passes on."""

    __slots__ = ("_begun", "_count", "_sink", "_type")

    def __init__(self, count: Count, type_name: str, sink: Sink) -> None:
        """The call begins now."""
        self._count = count
        self._type = type_name
        self._sink = sink
        self._begun = time.perf_counter()

    def answer(self, number: int, value: object) -> None:
        """Count and pass on."""
        assert isinstance(value, Answer | AidevosError)
        outcome = outcome_of(value)
        known = "" if isinstance(value, NotFoundError) else self._type
        self._count(known, outcome, time.perf_counter() - self._begun, 1)
        self._sink.answer(number, value)


class MeteredPort:
    """An ObjectPort that counts the calls through it."""

    def __init__(self, port: ObjectPort, meters: CallMeters) -> None:
        """Count calls to `port`."""
        self._port = port
        self._meters = meters

    async def invoke(self, call: Call) -> Answer:
        """Run one call and count it."""
        begun, outcome, known = time.perf_counter(), "CANCELLED", call.object.type
        try:
            answer = await self._port.invoke(call)
            outcome = OK if answer.error is None else answer.error.reason
            return answer
        except NotFoundError as error:
            outcome, known = error.reason, ""  # Raised: no such type or method, any text at all.
            raise
        except AidevosError as error:
            outcome = error.reason
            raise
        finally:
            self._meters.count(known, outcome, time.perf_counter() - begun)

    def submit(self, call: Call, sink: Sink) -> None:
        """Begin one call and count it."""
        self._port.submit(call, MeteredSink(self._meters.count, call.object.type, sink))

    async def get_object(
        self, object: ObjectId, principal: str, *, version: int | None = None
    ) -> ObjectView:
        """Pass on."""
        return await self._port.get_object(object, principal, version=version)

    async def list_objects(self, query: ListQuery) -> ObjectPage:
        """Pass on."""
        return await self._port.list_objects(query)

    async def list_events(
        self, object: ObjectId, principal: str, *, after: int = 0, limit: int = 100
    ) -> tuple[StoredEvent, ...]:
        """Pass on."""
        return await self._port.list_events(object, principal, after=after, limit=limit)

    def watch(
        self, object: ObjectId, principal: str, *, after: int = 0
    ) -> AsyncIterator[StoredEvent]:
        """Pass on."""
        return self._port.watch(object, principal, after=after)

    def types(self, tenant: str) -> tuple[TypeInfo, ...]:
        """Pass on."""
        return self._port.types(tenant)

    def open_session(
        self, name: SessionName, sent_number: int, on_answers: OnAnswers
    ) -> SessionPort:
        """Count the calls of a session."""
        session = MeteredSession(self._meters.count, on_answers)
        session.port = self._port.open_session(name, sent_number, session.answered)
        return session
