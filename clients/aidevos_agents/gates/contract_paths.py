"""Every path: the methods it has not, HEAD, OPTIONS, a trailing slash; and paths that are not."""

from __future__ import annotations

from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.kit import Kit
from aidevos_agents.spec.model import Route

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BELOW = ("/nothing-here", "/nothing/here/at/all")


async def check_paths(kit: Kit) -> None:
    """Check each path of the app once, and some that it has not."""
    paths: dict[str, str] = {}
    for route in kit.session.model.catalog.routes:
        row = next(iter(kit.requests.rows(route)), None)
        path = kit.requests.path(route, row)
        if path is not None:
            paths.setdefault(route.path, path)
    for pattern, path in paths.items():
        await _check_path(kit, path)
        await kit.session.ask(Ask("GET", f"{path}/nothing-here"))
        await _check_origin(kit, pattern, path)
    for path in BELOW:
        for method in ("GET", "POST", "OPTIONS"):
            await kit.session.ask(Ask(method, path))


async def _check_path(kit: Kit, path: str) -> None:
    asked = kit.session.model.routes.find(path)
    assert asked is not None, path
    for method in METHODS:
        if method not in asked.methods:
            await kit.session.ask(Ask(method, path, body=b"{}" if method != "GET" else b""))
    await kit.session.ask(Ask("OPTIONS", path))
    await kit.session.ask(Ask("OPTIONS", f"{path}/"))
    if "GET" in asked.methods:
        for same in (path, f"{path}/"):
            await kit.session.ask(Ask("HEAD", same))
            await kit.session.ask(Ask("GET", same))
    else:
        await kit.session.ask(Ask("HEAD", path))
    await _check_slash(kit, asked.routes, path)


async def _check_slash(kit: Kit, routes: tuple[Route, ...], path: str) -> None:
    for route in routes:
        if route.action.kind in ("create", "change", "custom"):
            ask = kit.good(route)
            if ask is not None:
                await kit.session.ask(Ask(ask.method, f"{ask.path}/", body=ask.body))


async def _check_origin(kit: Kit, pattern: str, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        reply = await kit.session.send(Ask(method, path), {"Origin": "http://elsewhere.example"})
        got = reply.headers.get("access-control-allow-origin", "none")
        asked = f"{method} {pattern} from another origin"
        kit.session.tally.compare(got == "*", asked, "Access-Control-Allow-Origin *", got)
        credentials = reply.headers.get("access-control-allow-credentials", "none")
        kit.session.tally.compare(credentials != "true", asked, "no credentials", credentials)
