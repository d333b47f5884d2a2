"""Gate contract: every route as the spec's table says, and what HTTP asks of each."""

from __future__ import annotations

from aidevos_agents.gates.contract_paths import check_paths
from aidevos_agents.gates.encode import encode
from aidevos_agents.gates.families import check_families
from aidevos_agents.gates.interpreter.interpreter import BODY_BYTES_MAX, Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.once import check_once
from aidevos_agents.gates.page_checks import check_pages
from aidevos_agents.gates.requests import MISSING
from aidevos_agents.gates.shown_lists import check_list
from aidevos_agents.spec.model import Route

MALFORMED = (b"{", b"[]", b"1", b'"x"', b"null", b'{"a":NaN}', b"\xff", b"{} {}", b"[" * 5_000)
UNKNOWN = {"id": MISSING, "nonsense": {"a": [1]}, "url": "http://nowhere.example/"}
MISSING_IDS = (MISSING, "nothing", "a%20b", "%F0%9D%84%9E", "1")
CHANGES = ("create", "change", "custom", "delete", "delete_all")


async def contract(kit: Kit) -> None:
    """Check an empty app, then every route of a populated one, then its paths and pages."""
    await _check_empty(kit)
    await kit.populate(2)
    await kit.look()
    for route in kit.routes("create", "change", "custom", "show", "list", "delete", "delete_all"):
        await kit.resume()
        await _check_route(kit, route)
        await kit.look([route.action.thing])
    await kit.resume()
    await kit.populate(1)
    await check_paths(kit)
    await check_pages(kit)


async def _check_empty(kit: Kit) -> None:
    await kit.look()
    for route in kit.routes("delete_all"):
        await kit.ask(kit.requests.ask(route))
    for page in kit.session.app.pages:
        if page.kind == "list":
            await kit.session.page(page)


async def _check_route(kit: Kit, route: Route) -> None:
    thing = route.action.thing
    if kit.requests.has_id(route):
        await _check_missing(kit, route)
    if route.action.kind not in ("create", "delete_all") and not kit.requests.rows(route):
        await kit.make(thing)
    match route.action.kind:
        case "list":
            await _check_bound(kit, route)
            await check_list(kit, route)
        case "show":
            await kit.ask(kit.requests.ask(route, {}))
        case "create" | "change" | "custom":
            await _check_change(kit, route)
        case _:
            await _check_removal(kit, route)


async def _check_missing(kit: Kit, route: Route) -> None:
    rows = kit.requests.rows(route)
    row = rows[0] if rows else None
    for missing in MISSING_IDS:
        path = kit.requests.path(route, row, own=missing)
        if path is not None:
            await kit.session.ask(Ask(route.method, path, body=encode(kit.requests.body(route))))


async def _check_change(kit: Kit, route: Route) -> None:
    await _check_malformed(kit, route)
    await _check_bound(kit, route)
    for share in (0.0, 1.0, 0.5):
        await kit.ask(kit.requests.ask(route, kit.requests.body(route, share)))
    for field in kit.requests.fields(route):
        body = kit.requests.body(route, 0.0) | {field.name: kit.requests.samples.value(field)}
        await kit.ask(kit.requests.ask(route, body))
    await kit.ask(kit.requests.ask(route, {}))
    body = kit.requests.body(route, 1.0)
    unread = {name: one for name, one in UNKNOWN.items() if name not in body}
    await kit.ask(kit.requests.ask(route, body | unread))
    await _check_read_only(kit, route)
    await check_once(kit, route)


async def _check_read_only(kit: Kit, route: Route) -> None:
    fields = kit.session.model.catalog.fields[route.action.thing].values()
    ignored = {
        field.name: kit.requests.samples.value(field)
        for field in fields
        if field.name not in route.takes and field.name not in {one.field for one in route.binds}
    }
    await kit.ask(kit.requests.ask(route, kit.requests.body(route) | ignored))


async def _check_malformed(kit: Kit, route: Route) -> None:
    good = kit.requests.ask(route, {})
    absent = kit.requests.path(route, own=MISSING) if kit.requests.has_id(route) else None
    paths = [path for path in (good and good.path, absent) if path]
    for path in paths:
        for raw in MALFORMED:
            await kit.session.ask(Ask(route.method, path, body=raw))
    if route.action.kind == "create" and good:
        large = b'{"nonsense":"' + b"a" * BODY_BYTES_MAX + b'"}'
        await kit.session.ask(Ask(route.method, good.path, body=large))


async def _check_bound(kit: Kit, route: Route) -> None:
    path = route.path
    for bind in route.binds:
        path = path.replace(f"{{{bind.placeholder}}}", MISSING)
    if route.binds and "{" not in path:
        good = encode(kit.requests.body(route))
        for body in (b"",) if route.method == "GET" else (good, b"{}", b"["):
            await kit.session.ask(Ask(route.method, path, body=body))


async def _check_removal(kit: Kit, route: Route) -> None:
    ask = kit.good(route) or kit.requests.ask(route)
    if ask is None:
        return
    await kit.session.ask(Ask(ask.method, ask.path, body=b"{ not read"))
    await kit.session.ask(ask)
    await kit.look()
    await kit.make(route.action.thing)
    await check_once(kit, route)
    await check_families(kit, route)
