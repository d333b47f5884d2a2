"""The reasoning engine: journal before and after, never a completed call twice."""

from typing import Any

import msgspec
import pytest
from aidevos_agents.reasoner.engine import ReasoningEngine
from aidevos_agents.reasoner.journal import Begun
from aidevos_agents.reasoner.kinds import Blueprint, Replay
from aidevos_agents.reasoner.request import Kind, Request, Usage, sha256_of

from aidevos import FailedPreconditionError
from aidevos.core.errors import HandlerFailedError, NotFoundError, UnimplementedError


class Answer(msgspec.Struct, frozen=True):
    total: int


class Log:
    """A journal in memory with the server's contract: the first result stays."""

    def __init__(self) -> None:
        self.results: dict[str, dict[str, Any]] = {}
        self.attempts: dict[str, int] = {}

    async def begin(self, request: Request[Any], kind: Kind) -> Begun:
        name = f"{request.task_id}/{request.task}"
        self.attempts[name] = self.attempts.get(name, 0) + 1
        uncertain = self.attempts[name] > 1 and name not in self.results
        return Begun("a", self.attempts[name], uncertain, self.results.get(name))

    async def end(
        self, request: Request[Any], begun: Begun, result: dict[str, Any], usage: Usage
    ) -> dict[str, Any]:
        return self.results.setdefault(f"{request.task_id}/{request.task}", result)


class Paid:
    """A reasoner whose calls cost something; it counts them."""

    kind: Kind = "model"
    engine, version = "paid", "1"

    def __init__(self) -> None:
        self.calls = 0

    async def think(self, request: Request[Any]) -> Any:
        self.calls += 1
        return Answer(self.calls)


def question(**changes: Any) -> Request[Answer]:
    fields: dict[str, Any] = {
        "run": "run-1",
        "task_id": "t",
        "role": "backend",
        "task": "count",
        "input": {"of": "abc"},
        "answer": Answer,
    }
    return Request(**fields | changes)


async def three(request: Request[Any]) -> Answer:
    return Answer(3)


async def test_an_answer_says_what_made_it_and_of_which_question() -> None:
    engine = ReasoningEngine(Log(), [Blueprint({"count": three})])
    response = await engine.complete(question())
    assert response.output == Answer(3)
    made_by = response.provenance
    assert (made_by.kind, made_by.engine, made_by.uncertain) == (
        "blueprint",
        "aidevos blueprint",
        False,
    )
    assert made_by.request_sha256 == question().sha256()
    assert made_by.output_sha256 == sha256_of({"total": 3})


async def test_a_completed_call_is_answered_from_the_journal() -> None:
    log, paid = Log(), Paid()
    first = await ReasoningEngine(log, [paid]).complete(question(), "model")
    again = await ReasoningEngine(log, [paid]).complete(question(), "model")
    assert paid.calls == 1
    assert again == first


async def test_an_uncertain_call_is_made_again_only_if_it_is_free() -> None:
    log, paid = Log(), Paid()
    await log.begin(question(), "blueprint")  # A process began it and was killed.
    engine = ReasoningEngine(log, [paid, Blueprint({"count": three})])
    with pytest.raises(FailedPreconditionError, match="uncertain"):
        await engine.complete(question(), "model")
    assert paid.calls == 0
    response = await engine.complete(question())
    assert response.provenance.uncertain
    assert response.provenance.attempts == 3


async def test_model_and_human_are_refused_with_a_reason_and_leave_no_journal_entry() -> None:
    log = Log()
    engine = ReasoningEngine(log, [])
    for kind in ("model", "human"):
        with pytest.raises(UnimplementedError, match="use blueprint"):
            await engine.complete(question(), kind)  # type: ignore[arg-type]
    assert log.attempts == {}


async def test_replay_gives_the_recorded_answer_of_the_very_same_question() -> None:
    engine = ReasoningEngine(Log(), [Replay({question().sha256(): {"total": 7}})])
    assert (await engine.complete(question(), "replay")).output == Answer(7)
    other = question(task_id="other", input={"of": "abd"})
    with pytest.raises(NotFoundError, match="no answer to this question"):
        await engine.complete(other, "replay")


async def test_an_answer_that_does_not_fit_its_schema_is_refused_and_not_journaled() -> None:
    async def wrong(request: Request[Any]) -> Any:
        return {"total": "many"}

    log = Log()
    with pytest.raises(HandlerFailedError, match="does not fit its schema"):
        await ReasoningEngine(log, [Blueprint({"count": wrong})]).complete(question())
    assert log.results == {}


def test_the_hash_of_a_question_depends_on_all_that_decides_the_answer() -> None:
    class Other(msgspec.Struct):
        total: str

    variants = [
        question(),
        question(role="frontend"),
        question(task="add"),
        question(input={"of": "x"}),
        question(seed=1),
        question(answer=Other),
    ]
    assert len({variant.sha256() for variant in variants}) == len(variants)
    assert question(run="run-2", task_id="u").sha256() == question().sha256()
