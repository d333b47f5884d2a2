"""Committed events to those who watch, each with a bounded buffer; a slow watcher is ended."""

import asyncio
from collections.abc import Iterable

from aidevos.core.errors import AidevosError, ResourceExhaustedError
from aidevos.core.ids import ObjectId
from aidevos.core.record import Recorded
from aidevos.storage.base import HistoryEvent
from aidevos.storage.history import events_after
from aidevos_host.tail import history_of

Item = HistoryEvent | AidevosError


class Feed:
    """The watchers of one shard's objects."""

    def __init__(self, buffer: int) -> None:
        """`buffer` is the number of events that may wait for one watcher."""
        self._buffer = buffer
        self._watchers: dict[ObjectId, set[asyncio.Queue[Item]]] = {}
        self._closed: AidevosError | None = None

    def open(self, object: ObjectId) -> "asyncio.Queue[Item]":
        """Return a queue of all events committed from now on; end it with `close_one`."""
        queue: asyncio.Queue[Item] = asyncio.Queue()
        if self._closed is not None:
            queue.put_nowait(self._closed)
            return queue
        self._watchers.setdefault(object, set()).add(queue)
        return queue

    def close_one(self, object: ObjectId, queue: "asyncio.Queue[Item]") -> None:
        """Forget a watcher."""
        self._watchers.get(object, set()).discard(queue)
        if not self._watchers.get(object):
            self._watchers.pop(object, None)

    def publish(self, records: Iterable[Recorded], log_time_ms: int) -> None:
        """Hand the events of one committed row to their watchers."""
        if not self._watchers:
            return
        for object, told in history_of(records, log_time_ms):
            for queue in list(self._watchers.get(object, ())):
                for event in events_after((told,), 0):
                    self._hand(object, queue, event)

    def _hand(self, object: ObjectId, queue: "asyncio.Queue[Item]", event: HistoryEvent) -> None:
        if queue not in self._watchers.get(object, ()):
            return
        if queue.qsize() >= self._buffer:
            queue.put_nowait(ResourceExhaustedError("too slow; watch again", waiting=1))
            self.close_one(object, queue)
        else:
            queue.put_nowait(event)

    def close(self, error: AidevosError) -> None:
        """End every watcher with `error`, and whoever comes later."""
        self._closed = error
        for queues in self._watchers.values():
            for queue in queues:
                queue.put_nowait(error)
        self._watchers.clear()
