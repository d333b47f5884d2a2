"""A candidate that dies, hangs or talks nonsense is a finding, never an exception."""

import asyncio
from collections.abc import Mapping

import pytest
from aidevos_agents.gates import Reply, run_gates, session
from aidevos_agents.gates.candidate import NO_HEADERS
from aidevos_agents.gates.mirror import Mirror, form
from gate_apps import LIBRARY, TODO

from aidevos.core.errors import UnavailableError


class Dying(Mirror):
    """Dies at its tenth request, and does not start again."""

    asked = 0

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        self.asked += 1
        if self.asked > 10:
            raise UnavailableError("the candidate has ended")
        return await super().api(method, path, body, headers)


class Hanging(Mirror):
    """Never answers a POST."""

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        if method == "POST":
            await asyncio.Event().wait()
        return await super().api(method, path, body, headers)


class Forgetful(Mirror):
    """Loses everything in a crash."""

    async def crash(self) -> None:
        self._empty()


class Babbling(Mirror):
    """Answers with what is no JSON, and JSON of other shapes."""

    says = (b"<html>", b"[[]]", b'{"errors":[1]}', b"1e5", b"\xff", b"")

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        right = await super().api(method, path, body, headers)
        return Reply(right.status, right.headers, self.says[len(path) % len(self.says)])


class Eager(Mirror):
    """Offers every action of every thing, whatever the guards say."""

    def offered(self, page: str, serial: int) -> str:
        offers = next(one.offers for one in self.app.pages if one.name == page)
        return "".join(form(f"{o.action.kind}-{o.action.verb}") for o in offers)


async def test_a_page_that_offers_what_must_fail_is_found_out() -> None:
    reports = await run_gates(LIBRARY, Eager(LIBRARY), 1, lambda report: None)
    assert any("expected forms for" in line for report in reports for line in report.failures)


async def test_a_candidate_that_dies_fails_every_gate() -> None:
    reports = await run_gates(TODO, Dying(TODO), 1, lambda report: None)
    assert len(reports) == 5
    assert all("the candidate has ended" in report.failures[-1] for report in reports)


async def test_a_candidate_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ANSWER_SECONDS_MAX", 0.05)
    reports = await run_gates(TODO, Hanging(TODO), 1, lambda report: None)
    assert all("none within 0.05 s" in report.failures[-1] for report in reports)


async def test_a_candidate_that_forgets_in_a_crash_fails_that_gate() -> None:
    reports = await run_gates(TODO, Forgetful(TODO), 1, lambda report: None)
    failed = [report.gate for report in reports if report.failed]
    assert failed == ["crash_replay"]


async def test_nonsense_is_told_and_raises_nothing() -> None:
    reports = await run_gates(TODO, Babbling(TODO), 1, lambda report: None)
    assert all(report.failed for report in reports)


async def test_a_failure_says_what_was_asked_what_was_due_and_what_came() -> None:
    reports = await run_gates(TODO, Forgetful(TODO), 1, lambda report: None)
    (line, *_) = reports[3].failures
    assert "expected" in line
    assert "got" in line
    assert "CRASH" in line
    assert "\n" not in line
