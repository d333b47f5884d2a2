"""A worker that says what cannot be: its turn fails, it is ended, and the others run again."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aidevos_host.worker import WorkerExecutor
from aidevos_host.worker_check import Judge
from bundles import jailed
from world import world

from aidevos.core.errors import HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import (
    ChangeRecord,
    EventRecord,
    MethodInfo,
    TurnRequest,
    TurnResult,
    TypeInfo,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = """
import gc
from aidevos.core.errors import ErrorRecord
from aidevos.core.ids import ObjectId
from aidevos.core.turn import ChangeRecord, EventRecord, TurnResult
from aidevos_worker.serving import Serving
gc.unfreeze()
serving = next(o for o in gc.get_objects() if isinstance(o, Serving))
rows, other = serving._answers.rows, serving._answers.add_other
elsewhere = ObjectId("default", "Counter", "x")
{forge}
serving._flush()
{then}
"""
STAY = "while True: pass"


def query(forge: str, then: str = STAY) -> str:
    body = BODY.format(forge=forge, then=then)
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"@query\ndef tamper(self) -> int:\n{lines}"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def zygote_lives() -> AsyncIterator[WorkerExecutor]:
    """Another service: it keeps the zygote alive through the module."""
    executor = await jailed()
    yield executor
    await executor.close()


FORGED = {
    "rows.append((1, b'1', [('Added', 1, b'{}')], {}))": "a query changed something",
    "rows.append((0, b'1', [('Added', 1, b'{}')], {}))": "more events than its version",
    "rows.append((1, b'{', (), {}))": "a reply or an event is not JSON",
    "rows.append((1, b'1', [('Added', 1, b'1 2')], {}))": "a reply or an event is not JSON",
    "rows.append((1, b'1', (), {'total': 1}))": "an index of fields that are not indexed",
    "other(TurnResult(outcome='late'))": "a deadline is the host's to know",
    "other(TurnResult(outcome='failed'))": "an outcome without a known reason",
    "other(TurnResult(outcome='refused', error=ErrorRecord('NO_SUCH', '')))": "known reason",
    "other(TurnResult(outcome='lost', dropped=(elsewhere,)))": "another group is dropped",
}


@pytest.mark.parametrize("forge", FORGED)
async def test_a_result_that_cannot_be_fails_its_turn_and_ends_its_worker(forge: str) -> None:
    async with world(await jailed(query(forge))) as w:
        before = [w.send(f"Counter/{n}", "add") for n in range(3)]
        tampers = w.send("Counter/t", "tamper")
        behind = [w.send(f"Counter/{n}", "add") for n in range(3)]
        with pytest.raises(HandlerFailedError, match=FORGED[forge]):
            await tampers.reply()
        assert [await each.reply() for each in (*before, *behind)] == [b"1"] * 3 + [b"2"] * 3
        assert w.executor.starts == 2


SLOW = """
@command
def slowly(self) -> int:
    import time
    time.sleep(0.2)
    self.emit(Added(n=1))
    return self.state.total
"""


@pytest.mark.parametrize(
    ("forge", "says"),
    [
        ("rows.append((1, b'{', (), {}))", "a reply or an event is not JSON"),
        ("import os; os.write(0, b'\\0\\0\\0\\4what')", "what is no answer"),
    ],
)
async def test_a_neighbour_that_runs_when_the_lie_is_found_is_not_blamed(
    forge: str, says: str
) -> None:
    async with world(await jailed(query(forge, "return 1") + SLOW)) as w:
        tampers = w.send("Counter/t", "tamper")
        neighbour = w.send("Counter/n", "slowly")
        with pytest.raises(HandlerFailedError, match=says):
            await tampers.reply()
        assert await neighbour.reply() == b"1"


@pytest.mark.parametrize(
    "forge", ["for _ in range(9): rows.append((1, b'1', (), {}))", "serving._answers._first += 1"]
)
async def test_results_of_turns_that_it_was_not_given_end_a_worker(
    forge: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with world(await jailed(query(f"{forge}\nrows.append((1, b'1', (), {{}}))"))) as w:
        await w.send("Counter/a", "add").reply()
        tampers = w.send("Counter/t", "tamper")
        with pytest.raises(HandlerFailedError, match="answered turns that it was not given"):
            await tampers.reply()
        assert await w.send("Counter/a", "add").reply() == b"2"


BOX = (
    TypeInfo(
        name="Box",
        state_version=1,
        methods=(MethodInfo(name="put", kind="command"),),
        indexed=("n",),
    ),
)
HOME = ObjectId("default", "Box", "{g}a")
REQUEST = TurnRequest(object=HOME, method="put", payload=b"", principal="", now_ms=0, seed=0)
EVENTS = (EventRecord("Put", 1, b'{"n":1}'),)


def change(object: ObjectId, first: int = 1, **more: object) -> ChangeRecord:
    return ChangeRecord(object, first, more.pop("events", EVENTS), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ((change(HOME),), ""),
        ((change(HOME), change(ObjectId("default", "Box", "{g}b"), 7, deleted=True)), ""),
        ((change(HOME), change(HOME)), "one object is changed twice"),
        ((change(ObjectId("default", "Box", "{h}b")),), "of another group"),
        ((change(ObjectId("other", "Box", "{g}b")),), "of another group"),
        ((change(ObjectId("default", "Cup", "{g}b")),), "of another service"),
        ((change(HOME, events=()),), "a change without events"),
        ((change(HOME, 0),), "a change without events"),
        ((change(HOME, 2),), "more events than its version"),
        ((change(HOME, events=(EventRecord("Put", 1, b"x"),)),), "not JSON"),
        ((change(HOME, index={"weight": 1}),), "not indexed"),
    ],
)
async def test_a_result_with_several_changes_is_judged_change_by_change(
    changes: tuple[ChangeRecord, ...], says: str
) -> None:
    judge = Judge(BOX)
    result = TurnResult(outcome="ok", version=1, changes=changes)
    wrong = judge.complaint(REQUEST, judge.kind("Box", "put"), result)
    assert (says in wrong) if says else not wrong
