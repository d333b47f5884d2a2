"""A list route: filters with right and wrong values, limit and cursor to the end."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.requests import MISSING
from aidevos_agents.gates.samples import Samples
from aidevos_agents.spec.model import Field, Route

THINGS = 4
PAGES_MAX = 20
LIMITS = ("1", "1000", "0", "1001", "-1", "x", "1.5", "")
WRONG_TEXT: dict[str, tuple[str, ...]] = {
    "yes_no": ("maybe", "1", "True"),
    "whole": ("x", "1.5"),
    "number": ("x",),
    "money": ("x", "1.234567"),
    "choice": ("none of these",),
    "date": ("x", "2026-02-30"),
    "time": ("x", "2026-01-01"),
    "link": ("x",),
    "reference": (MISSING, "x"),
}
RIGHT_TEXT: dict[str, tuple[str, ...]] = {"yes_no": ("true", "false", "yes", "no")}


async def check_list(kit: Kit, route: Route) -> None:
    """Check one list route on at least a few things."""
    while len(kit.session.model.world.all(route.action.thing)) < THINGS:
        if await kit.make(route.action.thing) is None:
            break
    path = kit.requests.path(route, next(iter(kit.requests.rows(route)), None))
    if path is None:
        return
    await kit.session.ask(Ask("GET", path))
    await kit.session.ask(Ask("GET", path, "nonsense=1&id=2"))
    for field in kit.requests.fields(route):
        await _check_filter(kit, route.action.thing, path, field)
    for limit in LIMITS:
        await kit.session.ask(Ask("GET", path, urlencode({"limit": limit})))
    await kit.session.ask(Ask("GET", path, "limit=2&cursor=nonsense"))
    await kit.session.ask(Ask("GET", path, "cursor=%F0%9D%84%9E"))
    for size in (1, 3):
        await follow(kit, path, f"limit={size}")


async def follow(kit: Kit, path: str, query: str) -> None:
    """Read a list page by page, each page from the link of the one before."""
    for _ in range(PAGES_MAX):
        reply = await kit.session.ask(Ask("GET", path, query))
        link = reply.headers.get("link", "")
        if 'rel="next"' not in link:
            return
        target = urlsplit(link.partition(">")[0].lstrip("<"))
        absolute = bool(target.scheme and target.netloc) and target.path.endswith(path)
        asked = f"Link of GET {path}?{query}"
        if not kit.session.tally.compare(absolute, asked, f"http://...{path}", link):
            return
        query = target.query


async def _check_filter(kit: Kit, thing: str, path: str, field: Field) -> None:
    texts = {*RIGHT_TEXT.get(field.kind, ()), *WRONG_TEXT.get(field.kind, ()), ""}
    texts |= set(field.choices) | {text_of(kit.requests.samples, field) for _ in range(2)}
    for row in kit.session.model.world.all(thing):
        value = row.values.get(field.name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            texts |= {str(value), str(value).upper()} if field.kind == "text" else {str(value)}
    for text in sorted(texts):
        await kit.session.ask(Ask("GET", path, urlencode({field.name: text})))


def text_of(samples: Samples, field: Field) -> str:
    """Return a fitting value as the text of a query string."""
    value = samples.value(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value[0]) if isinstance(value, list) and value else str(value or "")
