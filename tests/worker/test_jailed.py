"""Generated code in the jail: what it needs works, and a worker's death costs one call."""

import asyncio
import json
import os
import signal

import pytest
from aidevos_host.worker import WorkerLimits
from bundles import jailed
from world import World, parent_of, until, world

from aidevos.core.errors import HandlerFailedError
from aidevos.objects.target import CHECKED_FIRST

NEEDED = """
@query
def work(self) -> dict[str, str]:
    import datetime, decimal, gc, json, re, traceback, uuid, zoneinfo, statistics, hashlib
    from aidevos.objects import html
    try:
        {}["missing"]
    except KeyError:
        trace = traceback.format_exc()
    gc.collect()
    day = datetime.datetime.strptime("2024-02-29", "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    berlin = datetime.timezone(datetime.timedelta(hours=1), "CET")
    return {
        "decimal": str(decimal.Decimal("1.10") + round(decimal.Decimal(2).sqrt(), 2)),
        "zone": day.astimezone(berlin).isoformat(),
        "utc": zoneinfo.ZoneInfo("UTC").key,
        "regex": re.sub(r"(?i)\\bTO-?DO\\b", "done", "My todo"),
        "uuid": str(uuid.UUID(int=uuid.uuid4().int).version),
        "hash": hashlib.sha256(b"").hexdigest()[:8],
        "mean": str(statistics.mean([1, 2])),
        "trace": trace,
        "page": html.render("pages/list.html", things=["<b>", "c"]),
        "now": self.now.isoformat()[:2],
        "id": str(len(self.new_id())),
        "chance": str(0 <= self.random.random() < 1),
    }
"""
PAGE = b"{% for thing in things %}<li>{{ thing }}</li>{% endfor %}"


async def test_what_generated_code_needs_works_in_the_jail() -> None:
    async with world(await jailed(NEEDED, more={"pages/list.html": PAGE})) as w:
        answer = json.loads((await w.call("Counter/a", "work")).payload)
    trace = answer.pop("trace")
    assert answer == {
        "decimal": "2.51",
        "zone": "2024-02-29T01:00:00+01:00",
        "utc": "UTC",
        "regex": "My done",
        "uuid": "4",
        "hash": "e3b0c442",
        "mean": "1.5",
        "page": "<li>&lt;b&gt;</li><li>c</li>",
        "now": "20",
        "id": "36",
        "chance": "True",
    }
    assert '{}["missing"]' in trace


GROUP = """
@command
def share(self, n: int) -> int:
    for other in self.group.all(Counter):
        other.add(n)
    made = self.group.create(Counter, self.group.key(f"made{n}"))
    made.add(100)
    return len(self.group.all(Counter))

@query
def totals(self) -> list[int]:
    return [each.state.total for each in self.group.all(Counter)]
"""


async def test_a_turn_finds_makes_and_changes_other_objects_of_its_group() -> None:
    async with world(await jailed(GROUP)) as w:
        await w.call("Counter/{g}a", "add")
        await w.call("Counter/{g}b", "add")
        await w.call("Counter/alone", "add")
        assert (await w.call("Counter/{g}a", "share", b'{"n":5}')).payload == b"3"
        assert (await w.call("Counter/{g}b", "totals")).payload == b"[6,6,100]"
        refused = await w.call("Counter/{g}a", "share", b'{"n":5}')
        assert refused.error is not None
        assert refused.error.reason == "ALREADY_EXISTS"
        assert (await w.call("Counter/{g}b", "totals")).payload == b"[6,6,100]"


async def test_a_turn_reads_what_was_dropped_of_its_group() -> None:
    async with world(await jailed(GROUP)) as w:
        for key in ("{g}a", "{g}b"):
            await w.call(f"Counter/{key}", "add")
        w.drop("Counter/{g}a", "Counter/{g}b")
        assert (await w.call("Counter/{g}a", "totals")).payload == b"[1,1]"


async def test_a_worker_killed_under_load_costs_at_most_the_call_it_was_in() -> None:
    async with world(await jailed()) as w:
        answers: list[int] = []
        failures: list[HandlerFailedError] = []
        await asyncio.gather(
            *(add_and_note(w, f"k{number % 7}", answers, failures) for number in range(400)),
            kill_workers(w, answers),
        )
        totals = [int((await w.call(f"Counter/k{key}", "total")).payload) for key in range(7)]
        assert len(answers) + len(failures) == 400
        assert len(failures) <= KILLS
        assert sum(totals) == len(answers)


KILLS = 5
HOG = """
@query
def hog(self) -> int:
    Counter.kept = [bytearray(1 << 20) for _ in range(999)]
    return 0
"""


async def add_and_note(
    w: World, key: str, answers: list[int], failures: list[HandlerFailedError]
) -> None:
    try:
        answers.append(int((await w.call(f"Counter/{key}", "add")).payload))
    except HandlerFailedError as error:
        failures.append(error)


async def kill_workers(w: World, answers: list[int]) -> None:
    """Kill -9 each worker once some more calls were answered."""
    killed: set[int] = set()
    for number in range(KILLS):
        await until(lambda number=number: len(answers) >= 20 + 50 * number)
        await until(lambda: w.executor.worker_pid not in {None, *killed})
        pid = w.executor.worker_pid
        assert pid is not None
        killed.add(pid)
        os.kill(pid, signal.SIGKILL)


CHEAT = """
@command
def cheat(self, really: bool) -> None:
    if really:
        self.state.total += 1
    self.emit(Added(n=1))
"""


async def test_a_worker_that_checks_all_turns_finds_what_a_sample_would_have_missed() -> None:
    async with world(await jailed(CHEAT, limits=WorkerLimits(check_all=True))) as w:
        for _ in range(2 * CHECKED_FIRST):
            await w.call("Counter/a", "cheat", b'{"really":false}')
        with pytest.raises(HandlerFailedError, match="not what its events give"):
            await w.call("Counter/a", "cheat", b'{"really":true}')
        assert (await w.call("Counter/a", "total")).payload == b"%d" % (2 * CHECKED_FIRST)


async def test_a_worker_that_ran_out_of_memory_is_replaced_between_turns() -> None:
    hog = (
        "@query\ndef hog(self) -> int:\n    Counter.kept = [bytearray(1 << 20) for _ in range(999)]"
    )
    async with world(await jailed(hog, limits=WorkerLimits(memory_bytes=128 << 20))) as w:
        before = w.executor.worker_pid
        with pytest.raises(HandlerFailedError):
            await w.call("Counter/a", "hog")
        assert (await w.call("Counter/a", "add")).payload == b"1"
        assert w.executor.worker_pid != before


async def test_a_killed_zygote_takes_its_workers_along_and_another_one_goes_on() -> None:
    async with world(await jailed()) as w:
        assert (await w.call("Counter/a", "add")).payload == b"1"
        before = w.executor.worker_pid
        os.kill(parent_of(before), signal.SIGKILL)
        await until(lambda: w.executor.worker_pid not in {None, before})
        assert (await w.call("Counter/a", "add")).payload == b"2"


async def test_a_closed_executor_leaves_no_process() -> None:
    executor = await jailed()
    pid = executor.worker_pid
    assert pid is not None
    await executor.close()
    await executor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
