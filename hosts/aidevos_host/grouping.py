"""Which calls of a frame are usual, and make a burst: by shard and service, in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from aidevos.core.call import PAYLOAD_BYTES_MAX
from aidevos.core.errors import AidevosError
from aidevos.doors.port import CallColumns
from aidevos_host.admission import digest
from aidevos_host.burst import HostBurst
from aidevos_host.catalog import Service, TypeEntry
from aidevos_host.config import HostConfig
from aidevos_host.resident import Resident

if TYPE_CHECKING:
    from aidevos_host.shard import Shard

BURST_MIN = 2
"""Fewer calls go one by one."""
Found = Resident | AidevosError
"""An object of a frame's table, or why its calls are refused."""
Group = tuple["Shard", Service]
Commands = Callable[[TypeEntry, Sequence[str]], list[bool]]
"""Tells which methods are commands that the caller may call."""


def may_burst(frame: CallColumns, residents: list[Found], mark: int) -> bool:
    """Whether any calls of it can make a burst.

    With an object twice in the frame's table, its calls would not stay in order, and its versions
    would be told by both.
    """
    return (
        len(frame.numbers) >= BURST_MIN
        and len(set(residents)) == len(residents)
        and not frame.expected_versions
        and min(frame.numbers) > mark
        and max(map(len, frame.payloads)) <= PAYLOAD_BYTES_MAX
    )


def grouped(
    frame: CallColumns, residents: list[Found], commands: Commands, config: HostConfig
) -> Iterator[tuple[Group | None, Sequence[int]]]:
    """Yield the places of the calls that make a burst together; None: of those that make none.

    All calls of one object are in one of them, so that they stay in order.
    """
    groups = _groups(residents, config.mailbox_max - len(frame.numbers))
    _leave_out_others(groups, frame, residents, commands)
    different = set(groups)
    if len(different) == 1:
        yield different.pop(), range(len(frame.numbers))
        return
    places: dict[Group | None, list[int]] = {group: [] for group in different}
    for place, at in enumerate(frame.object_index):
        places[groups[at]].append(place)
    yield from ((group, some) for group, some in places.items() if some)


def burst_of(
    frame: CallColumns, places: Sequence[int], residents: list[Found], burst: HostBurst
) -> HostBurst:
    """Fill a burst with the calls at `places` of a frame."""
    if len(places) < len(frame.numbers):
        frame, residents = _part(frame, places, residents)
    table = burst.residents = cast(list[Resident], residents)
    burst.objects = [resident.object for resident in table]
    burst.methods = methods = list(frame.methods)
    burst.numbers, burst.payloads = list(frame.numbers), list(frame.payloads)
    burst.object_index, burst.method_index = list(frame.object_index), list(frame.method_index)
    burst.deadlines_ms = list(frame.deadlines_ms)
    burst.deadline_ms = min(filter(None, burst.deadlines_ms), default=None)
    burst.traceparent = frame.traceparent
    calls = zip(burst.object_index, burst.method_index, burst.payloads, strict=True)
    burst.hashes = [digest(burst.objects[at], methods[m], payload) for at, m, payload in calls]
    return burst


def _part(
    frame: CallColumns, places: Sequence[int], residents: list[Found]
) -> tuple[CallColumns, list[Found]]:
    """Return some calls of a frame as a frame, with its objects."""
    at = [frame.object_index[place] for place in places]
    table = {old: new for new, old in enumerate(dict.fromkeys(at))}
    part = replace(
        frame,
        numbers=[frame.numbers[place] for place in places],
        object_index=[table[old] for old in at],
        method_index=[frame.method_index[place] for place in places],
        payloads=[frame.payloads[place] for place in places],
        deadlines_ms=[frame.deadlines_ms[place] for place in places if frame.deadlines_ms],
    )
    return part, [residents[old] for old in table]


def _groups(residents: list[Found], running_most: int) -> list[Group | None]:
    """Return of each object where its calls belong if they are usual."""
    return [
        (one.shard, one.entry.service)
        if isinstance(one, Resident) and one.is_usual and one.running <= running_most
        else None
        for one in residents
    ]


def _leave_out_others(
    groups: list[Group | None],
    frame: CallColumns,
    residents: list[Found],
    commands: Commands,
) -> None:
    """Objects that have a call which is no command, or not allowed, are not usual."""
    entries = {one.entry for one in residents if isinstance(one, Resident)}
    allowed = {entry: commands(entry, frame.methods) for entry in entries}
    if all(map(all, allowed.values())):
        return
    for at, method_at in zip(frame.object_index, frame.method_index, strict=True):
        one = residents[at]
        if isinstance(one, Resident) and not allowed[one.entry][method_at]:
            groups[at] = None
