"""What stays in memory between turns: when it is taken, when it is let go, and what guards it."""

import msgspec
import pytest
from bench import Bench

import aidevos
from aidevos import DurableObject, FailedPreconditionError, apply, command, query
from aidevos.core.errors import HandlerFailedError
from aidevos.core.ids import ObjectId
from aidevos.core.turn import EventRecord, Held, TurnResult
from aidevos.objects import checks
from aidevos.objects.target import CHECKED_FIRST, RESTORED

A, B = ObjectId("default", "Jar", "{g}a"), ObjectId("default", "Jar", "{g}b")


class Dropped(aidevos.Event):
    n: int


class Jar(DurableObject):
    """Holds marbles."""

    class State(aidevos.State):
        marbles: list[int] = msgspec.field(default_factory=list)

    state: State
    kept: "list[Jar]" = []  # noqa: RUF012 (what no author should do)

    @command
    def drop(self, n: int) -> int:
        self.emit(Dropped(n=n))
        return len(self.state.marbles)

    @command
    def drop_then(self, refuse: bool) -> None:
        self.emit(Dropped(n=1))
        if refuse:
            raise FailedPreconditionError("no")
        raise RuntimeError("a bug")

    @command
    def refuse(self) -> None:
        raise FailedPreconditionError("no")

    @command
    def drop_into(self, key: str, fail: bool = False) -> None:
        self.group.get(Jar, key).drop(5)
        if fail:
            raise RuntimeError("a bug")

    @query
    def all(self) -> list[int]:
        return self.state.marbles

    @query
    def sorted_in_place(self) -> list[int]:
        self.state.marbles.sort()
        return self.state.marbles

    @command
    def cheat(self) -> None:
        self.state.marbles.append(99)
        self.emit(Dropped(n=1))

    @command
    def keep(self, n: int = 0) -> None:
        self.kept.append(self)
        if n:
            self.emit(Dropped(n=n))

    @query
    def use_kept(self) -> int:
        return self.kept[-1].version

    @command
    def unwritable(self) -> str:
        self.emit(Dropped(n=1))
        return "\ud800"

    @query
    def unwritable_query(self) -> str:
        return "\ud800"

    @query
    def crash(self) -> int:
        return int(1 / 0)

    @apply
    def _dropped(self, event: Dropped) -> None:
        self.state.marbles.append(event.n)


@pytest.fixture
def bench() -> Bench:
    return Bench(Jar)


def dropped(n: int) -> EventRecord:
    return EventRecord("Dropped", 1, b'{"n":%d}' % n)


def run(bench: Bench, method: str, payload: bytes = b"{}") -> str:
    """Run a turn of A without activating anything; return its outcome."""
    target = bench.runner.target("default", "Jar", method)
    ran = bench.runner.run(target, A.key, payload, ("anonymous", 0, 0))
    return ran.outcome if isinstance(ran, TurnResult) else "ok"


def test_a_turn_of_what_is_not_held_is_lost(bench: Bench) -> None:
    assert run(bench, "all") == "lost"
    bench.runner.activate(A, Held())
    assert run(bench, "all") == "ok"
    bench.runner.drop((A,))
    assert run(bench, "all") == "lost"


def test_what_is_held_stays_as_it_is_when_it_is_activated_again(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=1)
    bench.runner.activate(A, Held())
    assert bench.call("Jar/{g}a", "all") == [1]


def test_a_call_of_no_type_is_refused_and_never_lost(bench: Bench) -> None:
    assert bench.run("Cup/a", "all").outcome == "refused"
    bench.runner.activate(ObjectId("default", "Cup", "a"), Held())
    assert bench.runner.state(ObjectId("default", "Cup", "a")) is None


def test_a_refusal_before_any_event_lets_nothing_go(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=1)
    result = bench.run("Jar/{g}a", "refuse")
    assert (result.outcome, result.version, result.dropped) == ("refused", 1, ())
    assert run(bench, "all") == "ok"


@pytest.mark.parametrize(("refuse", "outcome"), [(True, "refused"), (False, "failed")])
def test_a_turn_that_ends_badly_after_an_event_lets_its_object_go(
    bench: Bench, refuse: bool, outcome: str
) -> None:
    bench.call("Jar/{g}a", "drop", n=7)
    result = bench.run("Jar/{g}a", "drop_then", refuse=refuse)
    assert (result.outcome, result.dropped) == (outcome, (A,))
    assert run(bench, "all") == "lost"
    assert bench.call("Jar/{g}a", "all") == [7]


@pytest.mark.parametrize(("refuse", "outcome"), [(True, "refused"), (False, "failed")])
def test_the_next_one_that_ends_badly_leaves_its_object_as_it_was(
    bench: Bench, refuse: bool, outcome: str
) -> None:
    bench.call("Jar/{g}a", "drop", n=7)
    bench.run("Jar/{g}a", "drop_then", refuse=refuse)
    bench.call("Jar/{g}a", "drop", n=8)
    result = bench.run("Jar/{g}a", "drop_then", refuse=refuse)
    assert (result.outcome, result.dropped) == (outcome, ())
    assert run(bench, "all") == "ok"
    assert bench.call("Jar/{g}a", "all") == [7, 8]


def test_the_next_one_leaves_all_objects_as_they_were_that_it_touched(bench: Bench) -> None:
    bench.call("Jar/{g}b", "drop", n=1)
    bench.run("Jar/{g}a", "drop_into", key="{g}b", fail=True)
    bench.call("Jar/{g}a", "drop", n=2)
    bench.call("Jar/{g}b", "drop", n=3)
    result = bench.run("Jar/{g}a", "drop_into", key="{g}b", fail=True)
    assert (result.outcome, result.dropped) == ("failed", ())
    assert bench.call("Jar/{g}a", "all") == [2]
    assert bench.call("Jar/{g}b", "all") == [1, 3]


def test_a_method_that_behaves_again_goes_the_short_way_again() -> None:
    bench = Bench(Jar)
    target = bench.runner.target("default", "Jar", "drop_into")
    bench.call("Jar/{g}b", "drop", n=1)
    bench.run("Jar/{g}a", "drop_into", key="{g}b", fail=True)
    assert target.left == 0
    for _ in range(RESTORED):
        assert bench.run("Jar/{g}a", "drop_into", key="{g}b").outcome == "ok"
    assert target.restores == 0
    assert target.left > 0


def test_a_query_that_fails_lets_nothing_go(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=7)
    result = bench.run("Jar/{g}a", "crash")
    assert (result.outcome, result.dropped) == ("failed", ())


def test_a_query_whose_reply_cannot_be_written_lets_nothing_go(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=7)
    result = bench.run("Jar/{g}a", "unwritable_query")
    assert (result.outcome, result.dropped) == ("failed", ())


def test_replies_that_cannot_be_written_let_an_object_go_once(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=7)
    dropped = [bench.run("Jar/{g}a", "unwritable").dropped for _ in range(3)]
    assert dropped == [(A,), (), ()]
    assert bench.call("Jar/{g}a", "all") == [7]


def test_a_failed_turn_lets_all_objects_go_that_it_touched(bench: Bench) -> None:
    bench.call("Jar/{g}b", "drop", n=1)
    result = bench.run("Jar/{g}a", "drop_into", key="{g}b", fail=True)
    assert result.dropped == (A, B)
    assert bench.runner.state(B) is None
    bench.call("Jar/{g}a", "drop_into", key="{g}b")
    assert bench.call("Jar/{g}b", "all") == [1, 5]


def test_an_activation_from_before_turns_that_are_known_here_is_out_of_date(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=1)
    bench.call("Jar/{g}a", "drop", n=2)
    assert run(bench, "drop_then", b'{"refuse":false}') == "failed"
    bench.runner.activate(A, Held(version=1, events=(dropped(1),)))
    assert run(bench, "all") == "lost"
    bench.runner.activate(A, Held(version=2, events=(dropped(1), dropped(2))))
    assert bench.call("Jar/{g}a", "all") == [1, 2]


def test_after_a_drop_any_version_is_right(bench: Bench) -> None:
    bench.call("Jar/{g}a", "drop", n=1)
    bench.call("Jar/{g}a", "drop", n=2)
    assert run(bench, "drop_then", b'{"refuse":false}') == "failed"
    bench.runner.drop((A,))
    bench.runner.activate(A, Held(version=1, events=(dropped(1),)))
    assert run(bench, "all") == "ok"


def test_only_what_is_not_held_is_asked_for(bench: Bench) -> None:
    bench.call("Jar/{g}b", "drop", n=1)
    bench.call("Jar/{g}a", "drop_into", key="{g}b")
    assert bench.asked == []
    bench.runner.drop((B,))
    bench.call("Jar/{g}a", "drop_into", key="{g}b")
    assert bench.asked == [B]


def test_an_expected_version_and_existence_are_looked_at_before_the_handler(bench: Bench) -> None:
    gone = bench.run("Jar/{g}a", "all", guard=(None, True))
    assert gone.error is not None
    assert (gone.outcome, gone.error.reason) == ("refused", "NOT_FOUND")
    bench.call("Jar/{g}a", "drop", n=1)
    assert bench.run("Jar/{g}a", "drop", guard=(1, True), n=2).outcome == "ok"
    conflict = bench.run("Jar/{g}a", "drop", guard=(1, False), n=3)
    assert conflict.error is not None
    assert (conflict.outcome, conflict.version) == ("refused", 2)
    assert conflict.error.reason == "VERSION_CONFLICT"
    assert conflict.error.metadata == {"expected": "1", "actual": "2"}
    assert bench.call("Jar/{g}a", "all") == [1, 2]


def test_a_query_that_changes_the_state_is_found_and_its_change_is_gone(bench: Bench) -> None:
    for n in (3, 1, 2):
        bench.call("Jar/{g}a", "drop", n=n)
    with pytest.raises(HandlerFailedError, match="not what its events give"):
        bench.call("Jar/{g}a", "sorted_in_place")
    assert bench.call("Jar/{g}a", "all") == [3, 1, 2]


def test_a_cheat_is_found_by_the_sample_as_well() -> None:
    bench = Bench(Jar)
    bench.call("Jar/{g}a", "drop", n=1)
    cheat = bench.runner.target("default", "Jar", "cheat")
    cheat.left = 3
    results = [bench.run("Jar/{g}a", "cheat") for _ in range(4)]
    assert [result.outcome for result in results] == ["ok", "ok", "ok", "failed"]
    assert results[-1].dropped == (A,)


def test_the_first_turns_of_a_method_are_all_checked_then_few(bench: Bench) -> None:
    target = bench.runner.target("default", "Jar", "drop")
    for n in range(CHECKED_FIRST - 1):
        bench.call("Jar/{g}a", "drop", n=n)
        assert target.left == 0
    bench.call("Jar/{g}a", "drop", n=0)
    assert target.left >= 100


def test_with_check_all_every_turn_is_checked() -> None:
    bench = Bench(Jar, check_all=True)
    for n in range(3 * CHECKED_FIRST):
        bench.call("Jar/{g}a", "drop", n=n)
    with pytest.raises(HandlerFailedError, match="not what its events give"):
        bench.call("Jar/{g}a", "cheat")


@pytest.mark.parametrize("short_way", [False, True])
@pytest.mark.parametrize("n", [0, 1])
def test_an_instance_that_was_kept_has_no_turn_any_more(
    bench: Bench, n: int, short_way: bool
) -> None:
    bench.call("Jar/{g}a", "drop", n=1)
    bench.runner.target("default", "Jar", "keep").left = int(short_way)
    bench.call("Jar/{g}a", "keep", n=n)
    with pytest.raises(HandlerFailedError, match="kept from an earlier turn have no turn"):
        bench.call("Jar/{g}a", "use_kept")


def test_a_state_that_grew_too_large_is_told_when_it_is_measured(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "STATE_BYTES_MAX", 100)
    for _ in range(255):
        bench.call("Jar/{g}a", "drop", n=1)
    with pytest.raises(HandlerFailedError, match=r"the state of Jar/\{g\}a has 5"):
        bench.call("Jar/{g}a", "drop", n=1)
    assert len(bench.call("Jar/{g}a", "all")) == 255


def test_a_large_event_has_the_state_measured_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "SMALL", 0)
    monkeypatch.setattr(checks, "MANY", 0)
    monkeypatch.setattr(checks, "STATE_BYTES_MAX", 100)
    monkeypatch.setattr("aidevos.objects.runner.SMALL", 0)
    with pytest.raises(HandlerFailedError, match="spread it over several objects"):
        bench.call("Jar/{g}a", "drop", n=10**99)
