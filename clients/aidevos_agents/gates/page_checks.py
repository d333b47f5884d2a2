"""Pages: each shows the things of the model in its order, with search, filters and page numbers."""

from __future__ import annotations

from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.links import check_links, check_pager
from aidevos_agents.gates.slugs import page_path
from aidevos_agents.spec.model import Page

THINGS = 3


async def check_pages(kit: Kit) -> None:
    """Check every page of the app on a few things."""
    for page in kit.session.app.pages:
        while len(kit.session.model.world.all(page.thing)) < THINGS:
            if await kit.make(page.thing) is None:
                break
        await _spread(kit, page)
        if page.kind == "list":
            await check_list_page(kit, page)
            await check_links(kit, page)
        else:
            await _check_single(kit, page)
    await _check_first(kit)


async def check_list_page(kit: Kit, page: Page) -> None:
    """Check one list page: plain, searched, filtered, the second page."""
    await kit.session.page(page)
    if page.page_size is not None:
        await kit.session.page(page, {"page": "2"})
        await check_pager(kit, page)
    world = kit.session.model.world
    for name in page.searched:
        for row in world.all(page.thing)[:2]:
            word = str(row.values.get(name) or "x")[1:4].upper()
            await kit.session.page(page, {"q": word})
    for name in page.filtered:
        field = kit.session.model.catalog.field(page.thing, name)
        value = kit.requests.samples.value(field)
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if isinstance(value, str | int):
            await kit.session.page(page, {name: str(value)})


async def _spread(kit: Kit, page: Page) -> None:
    """Make things that differ in one sort key each, and some that differ in none."""
    for route in kit.routes("create"):
        found = kit.good_body(route) if route.action.thing == page.thing else None
        if found is not None:
            _, body = found
            fields = {one.name: one for one in kit.requests.fields(route) if not one.unique}
            keys = [key.field for key in page.sort if key.field in fields]
            same = {name: one for name, one in body.items() if name in fields}
            for name in (*keys, None, *keys):
                other = kit.requests.samples.value(fields[name]) if name else None
                ask = kit.good(route, values=same | ({name: other} if name else {}))
                await kit.ask(ask)
            return


async def _check_single(kit: Kit, page: Page) -> None:
    world = kit.session.model.world
    for row in world.all(page.thing)[:2]:
        id_text = world.id_of(row.serial)
        if id_text:
            path = f"{page_path(page.name)}?id={id_text}"
            reply = await kit.session.get_page(path)
            kit.session.tally.compare(reply.status == 200, f"page {path}", 200, reply.status)


async def _check_first(kit: Kit) -> None:
    first = next(iter(kit.session.app.pages), None)
    if first is None or first.kind != "list":
        return
    root, own = await kit.session.get_page("/"), await kit.session.get_page(page_path(first.name))
    kit.session.tally.compare(root.status == 200, "page /", 200, root.status)
    kit.session.tally.compare(root.body == own.body, "page /", f"page {first.name}", "another")
