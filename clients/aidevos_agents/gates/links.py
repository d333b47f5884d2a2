"""Every link of a page leads somewhere, and every action that it offers has a form."""

from __future__ import annotations

from urllib.parse import urlsplit

from aidevos_agents.gates.answers import read_page
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.spec.model import Page

LINKS_MAX = 12


async def check_links(kit: Kit, page: Page) -> None:
    """Follow the links of a page that stay in the app; count its forms."""
    path = page_path(page.name)
    reply = await kit.session.get_page(path)
    found = read_page(reply.body.decode(errors="replace"))
    for link in list(dict.fromkeys(found.links))[:LINKS_MAX]:
        await _follow(kit, path, link, reply.url)
    if found.things:
        offered = len({offer.action for offer in page.offers})
        forms = len(set(found.forms))
        asked = f"page {path}"
        kit.session.tally.compare(forms >= offered, asked, f"forms for {offered} actions", forms)


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
