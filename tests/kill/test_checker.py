"""The checker of the kills: it finds nothing in an honest world, and every lie in a spoiled one."""

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from journal import UNARY, Call, Journal, Kept, Marked, Opened, Told
from small_world import SmallWorld, listing

Spoil = Callable[[SmallWorld], None]


@pytest.mark.parametrize("seed", range(10))
def test_an_honest_world_is_found_honest(seed: int) -> None:
    found = SmallWorld(seed).check()
    assert found.wrong == []
    assert all(found.counts[what] > 10 for what in ("acknowledged", "refused", "reads"))


def an_acknowledged_change_is_lost(world: SmallWorld) -> None:
    call = world.acknowledged()
    world.remove(call, call.asked.key)


def a_change_is_there_twice(world: SmallWorld) -> None:
    events = world.events["k0"]
    events.append(world.rng.choice(events))
    world.count_anew("k0")


def an_event_is_of_nobody(world: SmallWorld) -> None:
    call = world.acknowledged()
    del world.clients[call.client].calls[call.asked.call]


def a_sequence_has_a_gap(world: SmallWorld) -> None:
    events = world.events["k0"]
    events[-1] = msgspec.structs.replace(events[-1], sequence=len(events) + 1)


def two_changes_took_each_others_place(world: SmallWorld) -> None:
    events = world.events["k1"]
    events[3], events[4] = events[4], events[3]
    world.count_anew("k1")


def a_part_of_a_change_is_missing(world: SmallWorld) -> None:
    call = world.acknowledged("add_parts")
    world.remove(call, call.asked.key, part=1)


def a_gift_never_arrived(world: SmallWorld) -> None:
    call = world.acknowledged("give")
    world.remove(call, call.asked.arguments["to"], part=1)


def another_change_stands_in_the_middle_of_one(world: SmallWorld) -> None:
    call = world.acknowledged("add_parts")
    events = world.events[call.asked.key]
    events.insert(call.told[0].version - 2, events.pop(0))
    world.count_anew(call.asked.key)


def a_repeat_was_told_something_else(world: SmallWorld) -> None:
    call = world.acknowledged()
    told = call.told[0]
    call.told.append(msgspec.structs.replace(told, reply=told.reply + "0", repeated=True))


def a_repeat_was_run(world: SmallWorld) -> None:
    call = world.acknowledged()
    call.told.append(msgspec.structs.replace(call.told[0], again=True))


def a_refused_change_was_applied(world: SmallWorld) -> None:
    call = world.acknowledged()
    world.retell(call, reason="INVALID_ARGUMENT", reply="", error={"message": "no"})


def a_refusal_became_a_yes(world: SmallWorld) -> None:
    call = world.one(lambda call: call.told[0].reason == "FAILED_PRECONDITION")
    call.told.append(Told(call.asked.call, call.told[0].at, 3, "7", repeated=True))


def a_refusal_had_no_reason(world: SmallWorld) -> None:
    call = world.one(lambda c: c.told[0].reason == "FAILED_PRECONDITION" and c.asked.number > 0)
    world.reask(call, arguments={**call.asked.arguments, "n": -1_000_000})


def a_version_that_fits_was_refused(world: SmallWorld) -> None:
    call = world.one(lambda call: call.told[0].reason == "VERSION_CONFLICT")
    world.reask(call, expected=int(call.told[0].error["actual"]))


def an_expected_version_was_ignored(world: SmallWorld) -> None:
    call = world.acknowledged()
    world.reask(call, expected=call.told[0].version)


def a_query_saw_what_never_was(world: SmallWorld) -> None:
    call = world.acknowledged("total")
    world.retell(call, reply=str(int(call.told[0].reply) + 1))


def a_query_saw_the_past(world: SmallWorld) -> None:
    call = world.one(lambda c: c.asked.method == "total" and c.told[0].version > 20)
    world.retell(call, version=0, reply="0")


def a_change_went_before_what_was_known(world: SmallWorld) -> None:
    call = world.one(lambda c: 0 < c.told[0].version < 5 and not _no_change(c))
    world.reask(call, begun=10_000)
    world.retell(call, at=10_001)


def a_list_shows_the_past(world: SmallWorld) -> None:
    call = world.one(lambda c: c.asked.method == "total" and c.asked.begun > 1_200)
    listing(world, call, "k0", 0, 0)


def a_list_shows_what_never_was(world: SmallWorld) -> None:
    listing(world, world.acknowledged("total"), "k0", 3, -5)


def a_call_of_a_session_was_never_answered(world: SmallWorld) -> None:
    world.one(lambda call: call.asked.number > 0).told.clear()


def a_call_with_an_id_was_never_answered(world: SmallWorld) -> None:
    call = world.one(lambda call: call.client == "p" and call.asked.method == "add")
    world.reask(call, via=UNARY)
    call.told.clear()


def a_call_was_forgotten_before_it_was_answered(world: SmallWorld) -> None:
    call = world.acknowledged()
    world.retell(call, reason="ALREADY_ANSWERED", version=-1, reply="", error={})


def a_user_was_told_that_nothing_was_applied(world: SmallWorld) -> None:
    call = world.one(lambda c: c.client == "p" and c.asked.method == "add" and not c.told[0].reason)
    world.retell(call, reason="UNAVAILABLE", reply="", error={}, final=False)


def the_platform_said_what_it_never_says(world: SmallWorld) -> None:
    call = world.acknowledged()
    call.told.append(Told(call.asked.call, 0, reason="INTERNAL", final=False))


def more_turns_failed_than_workers_died(world: SmallWorld) -> None:
    call = world.acknowledged()
    call.told.append(Told(call.asked.call, 0, reason="HANDLER_FAILED", final=False))


def _no_change(call: Call) -> bool:
    return call.asked.method == "total" or bool(call.told[0].reason)


SPOILED: dict[Spoil, str] = {
    an_acknowledged_change_is_lost: "is not in the history",
    a_change_is_there_twice: "instead of each of",
    an_event_is_of_nobody: "who never called",
    a_sequence_has_a_gap: "has the sequence",
    two_changes_took_each_others_place: "its event is|torn apart",
    a_part_of_a_change_is_missing: "instead of each of",
    a_gift_never_arrived: "instead of each of",
    another_change_stands_in_the_middle_of_one: "is torn apart",
    a_repeat_was_told_something_else: "and then",
    a_repeat_was_run: "run once more",
    a_refused_change_was_applied: "was refused .* and left",
    a_refusal_became_a_yes: "and then",
    a_refusal_had_no_reason: "was refused with",
    a_version_that_fits_was_refused: "was refused with",
    an_expected_version_was_ignored: "expected version",
    a_query_saw_what_never_was: "saw .* which was",
    a_query_saw_the_past: "saw 0 after",
    a_change_went_before_what_was_known: "made .* after",
    a_list_shows_the_past: "saw 0 after",
    a_list_shows_what_never_was: "saw -5",
    a_call_of_a_session_was_never_answered: "never answered",
    a_call_with_an_id_was_never_answered: "never answered",
    a_call_was_forgotten_before_it_was_answered: "ALREADY_ANSWERED",
    a_user_was_told_that_nothing_was_applied: "and is applied",
    the_platform_said_what_it_never_says: "was told INTERNAL",
    more_turns_failed_than_workers_died: "0 dead workers",
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_the_checker_sees_that(spoil: Spoil, seed: int) -> None:
    world = SmallWorld(seed)
    spoil(world)
    found = world.check()
    assert found.wrong, "it found nothing"
    pattern = SPOILED[spoil]
    assert any(re.search(pattern, wrong) for wrong in found.wrong), found.wrong[:5]


def test_half_a_line_of_a_journal_was_never_acted_on(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    Journal(path).write(Opened("s", 5), Marked(3))
    with path.open("ab") as file:
        file.write(b'{"type":"marked","ma')
    Journal(path).write(Marked(4))
    kept = Kept.read(path)
    assert (kept.client, kept.opened, kept.mark) == ("r", Opened("s", 5), 4)
    assert path.read_bytes().count(b"\n") == 3
