"""A candidate that is the interpreter itself, behind a thin HTTP face: what is right by definition.

With it scenarios are rehearsed before anything is generated. Given a changed model it is a wrong
candidate: so the gates can be tried without generated code.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from decimal import Decimal
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from aidevos_agents.gates.candidate import NO_HEADERS, Reply
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.interpreter.expected import Expected, Problem
from aidevos_agents.gates.interpreter.interpreter import Ask, Interpreter
from aidevos_agents.gates.interpreter.refusal import FieldError
from aidevos_agents.gates.interpreter.symbols import Address, Moment, Ref, Window
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.spec.model import App

ORIGIN = "http://127.0.0.1:8080"


class Mirror:
    """Answers as the interpreter of `app` expects."""

    def __init__(self, app: App) -> None:
        """Begin on empty data."""
        self.app = app
        self._empty()

    def _empty(self) -> None:
        self._model = Interpreter(self.app)
        self._first: dict[str, tuple[tuple[str, str, bytes], Reply]] = {}
        self._made = 0

    async def fresh(self) -> None:
        """Forget everything."""
        self._empty()

    async def crash(self) -> None:
        """Keep everything, as a right candidate does."""

    async def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Answer what the model says."""
        key = headers.get("Idempotency-Key", "")
        asked = (method, path, body or b"")
        if key in self._first:
            before, reply = self._first[key]
            return reply if before == asked else self._reply(misused(), "")
        way, _, query = path.partition("?")
        now = time.time_ns() // 1_000_000
        expected = self._model.answer(Ask(method, way, query, body or b""), Window(now, now))
        reply = self._reply(expected, way, head=method == "HEAD")
        if key and method != "GET":
            self._first[key] = (asked, reply)
        return reply

    async def page(self, path: str) -> Reply:
        """Show the things that the page of this path must show."""
        way, _, query = path.partition("?")
        for page in self.app.pages:
            if way in (page_path(page.name), "/" if page is self.app.pages[0] else "-"):
                if page.kind == "one":
                    return Reply(200)
                now = time.time_ns() // 1_000_000
                shown = self._model.page(page.name, dict(parse_qsl(query)), Window(now, now))
                items = "".join(
                    f'<li data-id="{self._id(serial)}">{escape(" ".join(texts))}'
                    f"{self.offered(page.name, serial)}</li>"
                    for serial, texts in shown.rows
                )
                apart = [o for o in page.offers if o.action.kind in ("create", "delete_all")]
                forms = "".join(form(str(n)) for n in range(len(apart)))
                asked = {**dict(parse_qsl(query)), "page": "2"}
                here = f"/{self.app.name}{page_path(page.name)}"
                forms += f'<a href="{here}?{urlencode(asked)}">Next</a>'
                own = f'<a href="{here}" aria-current="page">here</a>'
                things = f'<ul data-count="{shown.count}">{items}</ul>'
                html = f"<nav>{own}</nav><main>{forms}{things}</main>"
                return Reply(200, {}, html.encode())
        return Reply(404)

    def offered(self, page: str, serial: int) -> str:
        """Return the forms of what a page offers of one thing."""
        now = time.time_ns() // 1_000_000
        offered = self._model.offered(page, self._model.world.rows[serial], Window(now, now))
        return "".join(form(f"{action.kind}-{action.verb}") for action in offered)

    def _reply(self, expected: Expected, path: str, *, head: bool = False) -> Reply:
        headers = {"access-control-allow-origin": "*"}
        if expected.allow is not None:
            headers["allow"] = ", ".join(sorted(expected.allow))
        body = b"" if expected.body is None else encode(self._concrete(expected.body))
        if expected.problem:
            headers["content-type"] = "application/problem+json"
            body = json.dumps(problem(expected.status, expected.problem)).encode()
        if expected.location is not None:
            headers["location"] = self._address(expected.location)
        if expected.more is not None:
            cursor = f"c{expected.more}"
            self._model.cursors[cursor] = expected.more
            limit = expected.more  # Any limit will do: the next request carries its own.
            target = f"{ORIGIN}/{self.app.name}/api{path}?limit={limit}&cursor={cursor}"
            headers["link"] = f'<{target}>; rel="next"'
        return Reply(expected.status, headers, b"" if head else body)

    def _concrete(self, value: object) -> object:
        match value:
            case Ref():
                return self._id(value.serial)
            case Moment():
                value.learned = value.text
                return value.text
            case Address():
                return self._address(value)
            case dict():
                return {name: self._concrete(one) for name, one in value.items()}
            case list():
                return [self._concrete(one) for one in value]
            case Decimal() | _:
                return value

    def _address(self, address: Address) -> str:
        ids = (self._id(ref.serial) for ref in address.refs)
        return f"{ORIGIN}/{self.app.name}/api{address.path.format(*ids)}"

    def _id(self, serial: int) -> str:
        known = self._model.world.id_of(serial)
        if known is None:
            self._made += 1
            known = f"01890000-0000-7000-8000-{self._made:012x}"
            known = known.replace("01890000-0000", "01890001-0000")
            self._model.world.learn(serial, known)
        return known


def form(name: str) -> str:
    """Return the form of an action."""
    return f'<form method="post" action="do/{name}"></form>'


def misused() -> Expected:
    """Return the answer to a key that was used for another request."""
    return Expected(status=422, problem=Problem("ALREADY_EXISTS"))


def problem(status: int, of: Problem) -> dict[str, object]:
    """Return a refusal's body; a condition that does not hold names its fields."""
    errors = of.errors or tuple(FieldError(name, "STATE") for name in of.named)
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "",
        "reason": of.reason,
        "errors": [{"field": one.field, "reason": one.reason} for one in errors],
    }
