"""Faults for the server to be killed with, each a promise broken in one place."""

import itertools
from typing import Any

from aidevos_host.turn import HostTurn
from aidevos_host.worker_sent import failed
from aidevos_host.worker_turns import Turns
from msgspec.structs import replace

from aidevos.core.call import Answer
from aidevos.core.calls import CallIndex
from aidevos.core.errors import HandlerFailedError
from aidevos.core.pending import LiveSession
from aidevos.core.shard import ShardMachine
from aidevos.core.turn import TurnResult


class _Nobody:
    def answer(self, number: int, value: object) -> None:
        """Hear nothing."""


def answers_before_commit() -> None:
    """Let an answer leave when its turn has ended."""
    finish = ShardMachine.finish_change

    def early(machine: Any, call: Any, record: Any, value: object, raw: Any = None) -> bool:
        fits = finish(machine, call, record, value, raw)
        if fits:
            call.sink.answer(call.number, value)
            call.sink = _Nobody()
        return fits

    ShardMachine.finish_change = early  # type: ignore[method-assign]


def forgets_answers() -> None:
    """Keep no record of the calls of sessions."""
    apply = CallIndex.apply

    def forgetful(index: CallIndex, *committed: Any) -> None:
        apply(index, *committed)
        for entry in index.sessions.values():
            for answer in entry.answers.values():
                index._drop(answer)
            entry.answers.clear()

    CallIndex.apply = forgetful  # type: ignore[method-assign]


def shows_what_is_not_committed() -> None:
    """Answer queries without the gate."""

    def ungated(machine: Any, call: Any, value: object) -> None:
        machine._readers.pop(call)
        call.sink.answer(call.number, value)

    ShardMachine.finish_query = ungated  # type: ignore[method-assign]


def does_not_record_refusals() -> None:
    """Tell what a handler refuses, and forget it."""
    ran = HostTurn.ran

    def refused(turn: HostTurn, result: TurnResult) -> None:
        if result.outcome != "refused" or turn.scope is None:
            ran(turn, result)
            return
        turn.engine.turn_ended(turn)
        answer: Any = Answer(version=result.version, payload=result.reply, error=result.error)
        turn.resident.shard.machine.abandon(turn, answer)
        turn.resident.shard.touch()

    HostTurn.ran = refused  # type: ignore[method-assign]


def applies_a_result_twice() -> None:
    """Take one result in a hundred for two."""
    ran = HostTurn.ran
    count = itertools.count(1)

    def doubled(turn: HostTurn, result: TurnResult) -> None:
        if len(result.changes) == 1 and next(count) % 100 == 0:
            change = result.changes[0]
            twice = replace(change, events=(*change.events, *change.events))
            version = result.version + len(change.events)
            result = replace(result, version=version, changes=(twice,))
        ran(turn, result)

    HostTurn.ran = doubled  # type: ignore[method-assign]


def releases_answers_too_early() -> None:
    """Believe a mark that is higher than what the client said."""
    set_mark = ShardMachine.set_mark

    def generous(machine: ShardMachine, session: LiveSession, mark: int) -> None:
        set_mark(machine, session, mark + 160)

    ShardMachine.set_mark = generous  # type: ignore[method-assign]


def blames_all_for_a_dead_worker() -> None:
    """Fail every turn that was with a worker when it died."""
    died = Turns.worker_died

    def blaming(turns: Turns, begun: int, why: str) -> str:
        for turn in turns._sent.lose()[1]:
            turn.ran(failed(HandlerFailedError(f"it {why}")))
        return died(turns, begun, why)

    Turns.worker_died = blaming  # type: ignore[method-assign]


PLANTS = {
    one.__name__: one
    for one in (
        answers_before_commit,
        forgets_answers,
        shows_what_is_not_committed,
        does_not_record_refusals,
        applies_a_result_twice,
        releases_answers_too_early,
        blames_all_for_a_dead_worker,
    )
}


def plant(name: str) -> None:
    """Break one promise."""
    PLANTS[name]()
