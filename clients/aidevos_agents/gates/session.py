"""One conversation with a candidate: each request goes to the interpreter as well.

A difference is told in one line, with the requests before it that speak of the same things.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

from aidevos.core.errors import AidevosError
from aidevos_agents.gates.answers import Comparison
from aidevos_agents.gates.candidate import NO_HEADERS, Candidate, Reply
from aidevos_agents.gates.interpreter.expected import Expected
from aidevos_agents.gates.interpreter.interpreter import Ask, Interpreter
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.matching import Matcher, read_json
from aidevos_agents.gates.report import GateEndedError, Tally
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.gates.story import Story
from aidevos_agents.spec.model import App, Page

ANSWER_SECONDS_MAX = 5.0
START_SECONDS_MAX = 30.0
READING = ("GET", "HEAD", "OPTIONS")


def now_ms() -> int:
    """Return the time as milliseconds of Unix time."""
    return time.time_ns() // 1_000_000


def say(ask: Ask) -> str:
    """Return a request as one line."""
    query = f"?{ask.query}" if ask.query else ""
    body = ask.body[:200].decode(errors="replace")
    return f"{ask.method} {ask.path}{query} {body}".strip()


class Session:
    """Asks the candidate and the interpreter the same, and tells the tally what differed."""

    def __init__(self, app: App, candidate: Candidate, tally: Tally) -> None:
        self.app = app
        self.tally = tally
        self._candidate = candidate
        self._begin()

    def _begin(self) -> None:
        self.model = Interpreter(self.app)
        self.matcher = Matcher(self.model)
        self._story = Story()
        self.differs = False
        """An answer was not as expected: candidate and interpreter may have parted."""

    async def fresh(self) -> None:
        """Begin anew on empty data."""
        async with self._patience("start on empty data", START_SECONDS_MAX):
            await self._candidate.fresh()
        self._begin()

    async def crash(self) -> None:
        """Kill the candidate and start it again."""
        async with self._patience("start again after a crash", START_SECONDS_MAX):
            await self._candidate.crash()
        self._story.add("CRASH", "")

    async def ask(self, ask: Ask, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
        """Ask both; compare the answers."""
        before = now_ms()
        reply = await self.send(ask, headers)
        self.judge(ask, reply, Window(before, now_ms()))
        return reply

    async def send(self, ask: Ask, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
        """Ask the candidate alone."""
        path = f"{ask.path}?{ask.query}" if ask.query else ask.path
        async with self._patience(say(ask), ANSWER_SECONDS_MAX):
            return await self._candidate.api(ask.method, path, ask.body or None, headers)

    async def send_unless_down(self, ask: Ask, headers: Mapping[str, str]) -> Reply | None:
        """Ask the candidate, which may be killed meanwhile; None if no answer came."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await self._candidate.api(ask.method, ask.path, ask.body or None, headers)
        except (TimeoutError, AidevosError):
            return None

    def judge(self, ask: Ask, reply: Reply, window: Window) -> Expected:
        """Compare the candidate's answer with the interpreter's."""
        self.matcher.learn_times(read_json(reply.body))
        expected = self.model.answer(ask, window)
        compared = Comparison(self.tally, self.matcher, say(ask), reply)
        told = len(self.tally.failures)
        compared.answer(expected, headers_only=ask.method == "HEAD")
        if reply.status == expected.status:
            compared.location(expected)
            self._learn_cursor(expected, reply)
        self._conclude(told, say(ask))
        if ask.method not in READING:
            self._story.add(say(ask), f"{reply.status} {reply.body[:60].decode(errors='replace')}")
        return expected

    async def page(self, page: Page, query: Mapping[str, str] = NO_HEADERS) -> None:
        """Compare a list page with the interpreter's."""
        path = page_path(page.name) + (f"?{urlencode(query)}" if query else "")
        reply = await self.get_page(path)
        expected = self.model.page(page.name, query, Window(now_ms(), now_ms()))
        told = len(self.tally.failures)
        Comparison(self.tally, self.matcher, f"page {path}", reply).page(expected)
        self._conclude(told, path)

    async def get_page(self, path: str) -> Reply:
        """Get a page of the candidate."""
        async with self._patience(f"page {path}", ANSWER_SECONDS_MAX):
            return await self._candidate.page(path)

    @asynccontextmanager
    async def _patience(self, asked: str, seconds: float) -> AsyncIterator[None]:
        """End the gate, as a failure, if the candidate does not answer in time."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            self.tally.fail(f"{asked}: expected an answer, got none within {seconds:g} s")
            raise GateEndedError from error
        except AidevosError as error:
            self.tally.fail(f"{asked}: expected an answer, got {error}")
            raise GateEndedError from error

    def _learn_cursor(self, expected: Expected, reply: Reply) -> None:
        target = reply.headers.get("link", "").partition(">")[0].lstrip("<")
        for cursor in parse_qs(urlsplit(target).query).get("cursor", []):
            if expected.more is not None:
                self.model.cursors[cursor] = expected.more

    def _conclude(self, told: int, asked: str) -> None:
        if len(self.tally.failures) == told:
            return
        self.differs = True
        before = self._story.leading_to(asked)
        if before:
            self.tally.failures[told] += f"; after {before}"
        self.tally.end_if_hopeless()
