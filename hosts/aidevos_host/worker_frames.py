"""Turns and activations as they go to a worker: in columns, cut into frames of some bytes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from aidevos_worker.frames import Activate, RunTurns

from aidevos.core.ids import ObjectId
from aidevos.core.turn import Held, Turn, TurnBurst

T = TypeVar("T")

ACTIVATE_BYTES_MAX = 1 << 20
"""States and events of a frame of activations; one object may have more."""


def run_turns(first: int, turns: Sequence[Turn]) -> tuple[RunTurns, list[int]]:
    """Return the message for turns numbered from `first`, and each one's index in `called`."""
    requests = [turn.request for turn in turns]
    objects = [request.object for request in requests]
    table: dict[tuple[str, str, str], int] = {}
    which = [
        table.setdefault((object.tenant, object.type, request.method), len(table))
        for object, request in zip(objects, requests, strict=True)
    ]
    guards = [(request.expected_version, request.must_exist) for request in requests]
    message = RunTurns(
        first,
        list(table),
        which if len(table) > 1 else 0,
        [object.key for object in objects],
        [request.payload for request in requests],
        _one_or_all([request.principal for request in requests]),
        _one_or_all([request.now_ms for request in requests]),
        [request.seed for request in requests],
        guards if guards.count((None, False)) != len(guards) else None,
    )
    return message, which


def run_burst(first: int, burst: TurnBurst) -> tuple[RunTurns, list[int]]:
    """Return the message for a burst whose turns are numbered from `first`; as `run_turns`."""
    objects, methods = burst.objects, burst.methods
    table: dict[tuple[str, str, str], int] = {}
    places = zip(burst.object_index, burst.method_index, strict=True)
    which = [
        table.setdefault((object.tenant, object.type, methods[method]), len(table))
        for object, method in ((objects[at], method) for at, method in places)
    ]
    keys = [object.key for object in objects]
    message = RunTurns(
        first,
        list(table),
        which if len(table) > 1 else 0,
        [keys[at] for at in burst.object_index],
        burst.payloads,
        burst.principal,
        burst.now_ms,
        burst.seeds,
        None,
    )
    return message, which


def activations(objects: Iterable[tuple[ObjectId, Held]]) -> Iterator[Activate]:
    """Cut what is to be held into messages."""
    part: list[tuple[ObjectId, Held]] = []
    size = 0
    for object, held in objects:
        part.append((object, held))
        size += len(held.state or b"") + sum(len(event.body) for event in held.events)
        if size > ACTIVATE_BYTES_MAX:
            yield Activate(part)
            part, size = [], 0
    if part:
        yield Activate(part)


def _one_or_all(column: list[T]) -> list[T] | T:
    """Return the one value that all have, or all of them."""
    return column[0] if column.count(column[0]) == len(column) else column
