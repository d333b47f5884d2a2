"""Compares a whole answer: status, headers, problem, body; and a page."""

from __future__ import annotations

from html.parser import HTMLParser

from aidevos_agents.gates.candidate import Reply
from aidevos_agents.gates.interpreter.expected import Expected, Problem, ShownPage
from aidevos_agents.gates.interpreter.refusal import FieldError
from aidevos_agents.gates.matching import Matcher, read_json
from aidevos_agents.gates.report import Tally

PROBLEM_TYPE = "application/problem+json"


class Comparison:
    """One answer beside the one expected; each method counts the comparisons it makes."""

    def __init__(self, tally: Tally, matcher: Matcher, asked: str, reply: Reply) -> None:
        self._tally = tally
        self._matcher = matcher
        self._asked = asked
        self._reply = reply

    def answer(self, expected: Expected, *, headers_only: bool = False) -> None:
        """Compare everything."""
        reply = self._reply
        got = f"{reply.status} {reply.body[:300].decode(errors='replace')}"
        wanted = f"{expected.status} {expected.problem.reason if expected.problem else ''}".strip()
        if not self._is(reply.status == expected.status, wanted, got):
            return
        self._headers(expected)
        if headers_only or expected.status == 204:
            self._is(reply.body == b"", "no body", got)
        elif expected.problem:
            self._problem(expected.problem)
        elif expected.body is None:
            self._is(reply.body == b"", "no body", got)
        else:
            self._body(expected.body)

    def page(self, expected: ShownPage) -> None:
        """Compare a list page: the count, the things in order, the texts of each."""
        reply = self._reply
        if not self._is(reply.status == 200, 200, f"{reply.status} {reply.body[:200]!r}"):
            return
        found = read_page(reply.body.decode(errors="replace"))
        self._is(
            found.counts == [str(expected.count)], f"data-count {expected.count}", found.counts
        )
        ids = [self._matcher.id_of(serial) for serial, _ in expected.rows]
        shown = [id_text for id_text, _ in found.things]
        if self._is(shown == ids, f"data-id {ids}", shown):
            for (_, texts), (id_text, text) in zip(expected.rows, found.things, strict=True):
                lacking = [one for one in texts if flat(one) not in text]
                self._is(not lacking, f"{id_text} to show {lacking}", text[:200])

    def _is(self, equal: bool, expected: object, got: object) -> bool:
        return self._tally.compare(equal, self._asked, expected, got)

    def _headers(self, expected: Expected) -> None:
        headers = self._reply.headers
        if expected.allow is not None:
            allowed = {word.strip() for word in headers.get("allow", "").split(",")}
            self._is(allowed == expected.allow, f"Allow {sorted(expected.allow)}", sorted(allowed))
        if expected.paged:
            link = headers.get("link", "")
            self._is(('rel="next"' in link) is (expected.more is not None), _next(expected), link)

    def location(self, expected: Expected) -> None:
        """Compare the Location; only after the body, which shows the id."""
        if expected.location is not None:
            got = self._reply.headers.get("location", "no Location")
            good = self._matcher.is_address(expected.location, got, self._reply)
            self._is(good, f"Location {self._matcher.say(expected.location)}", got)

    def _body(self, expected: object) -> None:
        got = read_json(self._reply.body)
        differences = self._matcher.differences(expected, got, self._reply)
        # Each thing is one comparison, however many fields it has.
        self._tally.checks += max(0, len(expected) - 1) if isinstance(expected, list) else 0
        shown = differences[:3]
        expected_text = "; ".join(one.expected for one in shown)
        self._is(not differences, expected_text, "; ".join(one.got for one in shown))

    def _problem(self, expected: Problem) -> None:
        got = read_json(self._reply.body)
        kind = self._reply.headers.get("content-type", "none").partition(";")[0]
        self._is(kind == PROBLEM_TYPE, PROBLEM_TYPE, kind)
        if not isinstance(got, dict):
            self._is(False, "a problem as JSON", self._reply.body[:200])
            return
        self._is(got.get("status") == self._reply.status, f"status {self._reply.status}", got)
        self._is(got.get("reason") == expected.reason, f"reason {expected.reason}", got)
        if expected.errors is not None:
            self._errors(expected, got.get("errors"))

    def _errors(self, expected: Problem, got: object) -> None:
        listed = got if isinstance(got, list) else []
        errors = [
            FieldError(str(one.get("field")), str(one.get("reason")))
            for one in listed
            if isinstance(one, dict)
        ]
        stated = [FieldError(name, "STATE") for name in expected.named]
        wanted = list(expected.errors or ())
        good = errors == wanted or (bool(stated) and errors == stated)
        self._is(good, [tuple(one) for one in wanted], [tuple(one) for one in errors])


def _next(expected: Expected) -> str:
    return "no next page" if expected.more is None else 'a Link with rel="next"'


def flat(text: str) -> str:
    """Return the text with each run of white space as one space, as a browser shows it."""
    return " ".join(text.split())


class FoundPage(HTMLParser):
    """The counts, things, links and forms of an HTML page, and the text of each thing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.counts: list[str] = []
        self.things: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.current: list[str] = []
        """Links that say they lead to this very page."""
        self.forms: list[str] = []
        """Where the page's forms post to."""
        self.offered: dict[str, set[str]] = {}
        """Where the forms of each thing post to, by its id."""
        self._open: list[str] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a list or the beginning of a thing."""
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
            if found.get("aria-current") == "page":
                self.current.append(found["href"] or "")
        if tag == "form" and (found.get("method") or "").lower() == "post":
            self._form(found.get("action") or "")
        if "data-count" in found:
            self.counts.append(found["data-count"] or "")
        if "data-id" in found:
            self.things.append((found["data-id"] or "", ""))
            self._text, self._open = "", [tag]
        elif self._open and tag == self._open[0]:
            self._open.append(tag)

    def _form(self, address: str) -> None:
        self.forms.append(address)
        if self._open:
            self.offered.setdefault(self.things[-1][0], set()).add(address)

    def handle_data(self, data: str) -> None:
        """Collect the text of the thing that is open."""
        if self._open:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a thing."""
        if self._open and tag == self._open[0]:
            self._open.pop()
            if not self._open:
                self.things[-1] = (self.things[-1][0], flat(self._text))


def read_page(html: str) -> FoundPage:
    """Return what a page shows."""
    page = FoundPage()
    page.feed(html)
    return page
