"""Every link of a page leads somewhere, and what it offers has a form where it is possible."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from aidevos_agents.gates.answers import FoundPage, read_page
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.session import now_ms
from aidevos_agents.gates.shown_lists import text_of
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.spec.model import Page

LINKS_MAX = 12
OF_NO_THING = ("create", "delete_all")


async def check_links(kit: Kit, page: Page) -> None:
    """Follow the links of a page that stay in the app; count its forms; see which is marked."""
    path = page_path(page.name)
    reply = await kit.session.get_page(path)
    found = read_page(reply.body.decode(errors="replace"))
    marked = [urlsplit(link).path for link in found.current]
    own = [f"/{kit.session.app.name}{path}"]
    kit.session.tally.compare(marked == own, f"page {path}", f"marked as current: {own}", marked)
    for link in list(dict.fromkeys(found.links))[:LINKS_MAX]:
        await _follow(kit, path, link, reply.url)
    if found.things:
        _count_forms(kit, page, found)


def _count_forms(kit: Kit, page: Page, found: FoundPage) -> None:
    """Compare the forms of the page, and those of each thing, with what can be done."""
    offers = {offer.action for offer in page.offers if offer.action.kind in OF_NO_THING}
    apart = len(set(found.forms) - {form for one in found.offered.values() for form in one})
    asked, tally = f"page {page_path(page.name)}", kit.session.tally
    tally.compare(apart >= len(offers), asked, f"forms for {len(offers)} actions", apart)
    for id_text, _ in found.things:
        row = kit.session.model.world.row_of(id_text)
        if row is not None:
            offered = kit.session.model.offered(page.name, row, Window(now_ms(), now_ms()))
            forms = len(found.offered.get(id_text, ()))
            verbs = ", ".join(sorted(action.verb for action in offered)) or "nothing"
            tally.compare(forms == len(offered), f"{asked}, {id_text}", f"forms for {verbs}", forms)


async def check_pager(kit: Kit, page: Page) -> None:
    """A page with more to come links to the next one, which keeps what was asked for."""
    fields = {name: kit.session.model.catalog.field(page.thing, name) for name in page.filtered}
    asked = {name: text_of(kit.requests.samples, field) for name, field in fields.items()}
    word = {"q": "a"} if page.searched else {}
    for query in ({}, word, *({name: text} for name, text in asked.items() if text)):
        now = Window(now_ms(), now_ms())
        shown = kit.session.model.page(page.name, query, now)
        if shown.count > len(shown.rows):
            path = page_path(page.name) + (f"?{urlencode(query)}" if query else "")
            reply = await kit.session.get_page(path)
            links = read_page(reply.body.decode(errors="replace")).links
            wanted = {**query, "page": "2"}
            there = any(_asks(link) == wanted for link in links)
            kit.session.tally.compare(there, f"page {path}", f"a link to {wanted}", links)
            kit.session.tally.end_if_hopeless()


def _asks(link: str) -> dict[str, str]:
    """Return what a link asks for; nothing is asked by an empty value."""
    return dict(parse_qsl(urlsplit(link).query))


async def _follow(kit: Kit, page: str, link: str, origin: str) -> None:
    parts, here, app = urlsplit(link), urlsplit(origin), f"/{kit.session.app.name}"
    if link.startswith("#") or (parts.netloc and parts.netloc != here.netloc):
        return  # Within the page, or what the author's data leads to.
    asked = f"link {link} of page {page}"
    if not kit.session.tally.compare(parts.path.startswith(f"{app}/"), asked, app, parts.path):
        return
    below = parts.path.removeprefix(app)
    if below.startswith("/api/"):
        reply = await kit.session.send(Ask("GET", below.removeprefix("/api"), parts.query))
    else:
        reply = await kit.session.get_page(f"{below}?{parts.query}" if parts.query else below)
    kit.session.tally.compare(reply.status == 200, asked, 200, reply.status)
    kit.session.tally.end_if_hopeless()
