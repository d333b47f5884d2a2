"""Where each microsecond of a framed call goes: by process, thread and room of the code.

make profile            python -m benchmarks.profile [OBJECTS]

CPU by thread, and how much of it in the kernel (sockets, waking others, fsync), is the kernel's own
count; the rest of a thread is shared out as py-spy's samples fall. Prints a table in Markdown:
microseconds for each call, with 64 and with 512 outstanding.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import uvloop

from benchmarks.common import NotHereError
from benchmarks.framed import OUTSTANDING, Bench, Work, a_bench, adds
from benchmarks.sampler import Sampled, sampling
from benchmarks.threads import Spent, clocks, spent_since

SECONDS, WARM_UP_S = 5.0, 1.0
SHOWN = 0.01
"""Places where less is spent than this share of a call are summed up."""
REST, KERNEL = "the rest", "the kernel"
Place = tuple[str, str, str]
"""Process, thread, room."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One load: calls per second, and microseconds for each call by place."""

    calls_per_s: float
    us: Mapping[Place, float]


def main(objects: int) -> None:
    """Profile adds among so many objects and print the table."""
    profiles = uvloop.run(_profiles(Work("profile", adds, objects)))
    heads = [f"{outstanding} outstanding" for outstanding in OUTSTANDING]
    print("| process | thread | where |", " | ".join(heads), "|")
    print("|---" * (3 + len(heads)) + "|")
    rates = [f"{profile.calls_per_s:,.0f}/s" for profile in profiles]
    print("| all | | calls |", " | ".join(rates), "|")
    for place, spent in _lines(profiles):
        print("|", " | ".join(place), "|", " | ".join(f"{us:.1f}" for us in spent), "|")


async def _profiles(work: Work) -> list[Profile]:
    async with a_bench() as bench:
        return [await _profiled(bench, work, outstanding) for outstanding in OUTSTANDING]


async def _profiled(bench: Bench, work: Work, outstanding: int) -> Profile:
    """Measure one load, then sample it: samples slow it down, and only say how to share out."""
    ours = await bench.ours(work, outstanding)
    await ours.warm_up(WARM_UP_S)
    before = {process: clocks(pid) for process, pid in ours.pids.items()}
    await ours.round(SECONDS)
    after = {process: spent_since(pid, before[process]) for process, pid in ours.pids.items()}
    row = ours.measured()
    with sampling(ours.pids, SECONDS) as samples:
        await ours.round(SECONDS)
    us: defaultdict[Place, float] = defaultdict(float)
    for process, threads in after.items():
        for thread, spent in threads.items():
            each = Spent(spent.ns / row.calls, spent.kernel)
            name = "loop" if thread == str(ours.pids[process]) else ""
            _share_out(us, (process, name), each, samples[process].get(thread))
    return Profile(row.calls_per_s, us)


def _share_out(
    us: defaultdict[Place, float], where: tuple[str, str], spent: Spent, sampled: Sampled | None
) -> None:
    """Add what a thread spent to its rooms; a thread without Python is one of gRPC's."""
    process, name = where
    if sampled is None:
        us[process, name or "threads without Python", "gRPC"] += spent.ns / 1e3
        return
    thread = name or sampled.name
    us[process, thread, KERNEL] += spent.ns / 1e3 * spent.kernel
    total = sum(sampled.rooms.values())
    for room, count in sampled.rooms.items():
        us[process, thread, room] += spent.ns / 1e3 * (1 - spent.kernel) * count / total


def _lines(profiles: Sequence[Profile]) -> list[tuple[Place, list[float]]]:
    """Return sums of processes and threads, each followed by its rooms, the dearest first."""
    spent: dict[Place, list[float]] = {}
    for at, profile in enumerate(profiles):
        for (process, thread, room), us in profile.us.items():
            for place in {(process, "", ""), (process, thread, ""), (process, thread, room)}:
                spent.setdefault(place, [0.0] * len(profiles))[at] += us
    total = [sum(profile.us.values()) for profile in profiles]
    for place in [place for place, us in spent.items() if _is_little(us, total)]:
        small = spent.pop(place)
        rest = spent.setdefault((*place[:2], REST), [0.0] * len(profiles))
        rest[:] = [one + more for one, more in zip(rest, small, strict=True)]
    return sorted(spent.items(), key=lambda line: _order(line[0], spent))


def _is_little(spent: Sequence[float], total: Sequence[float]) -> bool:
    return all(us < SHOWN * of for us, of in zip(spent, total, strict=True))


def _order(place: Place, spent: Mapping[Place, Sequence[float]]) -> tuple[object, ...]:
    """Sums before their parts, and the dearest first."""
    process, thread, room = place
    of_thread = -max(spent.get((process, thread, ""), (0.0,)))
    return (process, bool(thread), of_thread, thread, bool(room), -max(spent[place]))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
    except NotHereError as missing:
        sys.exit(str(missing))
