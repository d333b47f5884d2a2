"""The routes of one app: request to call, answer to reply, exactly as its manifest says."""

import re

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import AlreadyExistsError, InvalidArgumentError
from aidevos.doors.app_body import MalformedError, malformed, read_object
from aidevos.doors.app_call import Ask, ask, refused
from aidevos.doors.app_manifest import AppManifest, Route
from aidevos.doors.app_openapi import api_index, openapi
from aidevos.doors.app_paging import page
from aidevos.doors.app_routes import Pattern, RouteTable, placeholders
from aidevos.doors.app_values import Arguments, from_query, need_fit, text
from aidevos.doors.app_views import link, read_thing, read_things, showers
from aidevos.doors.http_message import Reply, Request
from aidevos.doors.http_problem import not_allowed, problem, raised
from aidevos.doors.port import ObjectPort

CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "ETag, Link, Location"),
)
_PREFLIGHT = (
    ("access-control-allow-headers", "authorization, content-type, idempotency-key, if-match"),
    ("access-control-max-age", "600"),
)
_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_REFUSED = {"INVALID_ARGUMENT": 422, "VERSION_CONFLICT": 412}
"""Statuses of what a method (or the object's state) refuses, where they are not the usual ones."""


class AppApi:
    """Serves one installed manifest below `/{app}/api`."""

    def __init__(self, port: ObjectPort, manifest: AppManifest) -> None:
        """Compile routes, views and links."""
        self._port = port
        self._app = manifest
        self._table = RouteTable(manifest.routes)
        self._showers = showers(manifest.views)
        self._locations = {r.location: Pattern(r.location) for r in manifest.routes if r.location}

    def options(self, segments: tuple[str, ...]) -> Reply:
        """Answer OPTIONS: what there is, for browsers of other origins too."""
        resource = self._table.find(segments)
        if resource is None and self._extra(segments, "") is None:
            return self.nothing_here(segments)
        allow = ", ".join(resource.allowed if resource else ("GET", "HEAD", "OPTIONS"))
        headers = (("allow", allow), ("access-control-allow-methods", allow), *_PREFLIGHT)
        return Reply(status=204, headers=headers)

    async def answer(self, request: Request, segments: tuple[str, ...], principal: str) -> Reply:
        """Answer one request; `segments` are those below `/{app}/api`."""
        resource = self._table.find(segments)
        if resource is None:
            return self._without_route(request, segments)
        route = resource.routes.get(request.method)
        if route is None:
            return not_allowed(request.method, resource.allowed)
        try:
            what = _asked(route, request, segments, principal)
            return self._told(route, request, await ask(self._port, self._app, what))
        except MalformedError as error:
            return malformed(error)
        except InvalidArgumentError as error:
            return raised(error, 422)
        except AlreadyExistsError as error:
            return raised(error, 422)  # The platform's own: an Idempotency-Key used for another.

    def nothing_here(self, segments: tuple[str, ...]) -> Reply:
        """Return 404."""
        path = "/".join(segments)
        return problem(404, "NOT_FOUND", f"{self._app.title} has no route /{path}")

    def _without_route(self, request: Request, segments: tuple[str, ...]) -> Reply:
        extra = self._extra(segments, request.origin)
        if extra is None:
            return self.nothing_here(segments)
        if request.method != "GET":
            return not_allowed(request.method, ("GET", "HEAD", "OPTIONS"))
        return extra

    def _extra(self, segments: tuple[str, ...], origin: str) -> Reply | None:
        """Return what every app has beside its routes: an index and its OpenAPI document."""
        base = f"{origin}/{self._app.name}/api"
        if segments == ():
            return Reply(body=msgspec.json.encode(api_index(self._app, base)))
        if segments == ("openapi.json",):
            return Reply(body=msgspec.json.encode(openapi(self._app, base)))
        return None

    def _told(self, route: Route, request: Request, answer: Answer) -> Reply:
        if answer.error is not None:
            error = refused(answer)
            return raised(error, _REFUSED.get(error.reason))
        if route.gives == "nothing":
            return Reply(status=route.status)
        base = f"{request.origin}/{self._app.name}/api"
        if route.gives == "many":
            return self._many(route, request, answer, base)
        return self._one(route, answer, base)

    def _one(self, route: Route, answer: Answer, base: str) -> Reply:
        thing = read_thing(answer.payload)
        headers: list[tuple[str, str]] = []
        if route.location:
            place = link(self._locations[route.location], thing, base)
            if place is not None:
                headers.append(("location", place))
        if route.target.on == "thing":
            headers.append(("etag", f'"{answer.version}"'))
        shown = self._showers[route.view].show(thing, base)
        return Reply(status=route.status, body=msgspec.json.encode(shown), headers=tuple(headers))

    def _many(self, route: Route, request: Request, answer: Answer, base: str) -> Reply:
        shown, following = page(read_things(answer.payload), request)
        shower = self._showers[route.view]
        body = msgspec.json.encode([shower.show(thing, base) for thing in shown])
        headers = (("link", f'<{following}>; rel="next"'),) if following else ()
        return Reply(status=route.status, body=body, headers=headers)


def _asked(route: Route, request: Request, segments: tuple[str, ...], principal: str) -> Ask:
    """Return the call that a request asks for. Raises MalformedError, InvalidArgumentError."""
    given = placeholders(route, segments)
    arguments = _arguments(route, request)
    arguments.update({name: text(given[name]) for name in route.path_takes})
    return Ask(
        target=route.target,
        arguments=arguments,
        principal=principal,
        thing=given.get(route.id_from, ""),
        key="" if route.target.query else request.headers.get("idempotency-key", ""),
        expected_version=_expected(route, request),
        traceparent=request.headers.get("traceparent", ""),
    )


def _arguments(route: Route, request: Request) -> Arguments:
    if request.method in ("POST", "PUT", "PATCH"):
        return read_object(request.body, route.takes)
    if request.method == "DELETE":
        return {}
    arguments, wrong = from_query(route.takes, request.query)
    need_fit(wrong)
    return arguments


def _expected(route: Route, request: Request) -> int | None:
    """Return the version that If-Match asks for; `*` and no header ask for any."""
    asked = request.headers.get("if-match", "*").strip()
    if asked == "*" or route.target.query or route.target.on == "root":
        return None
    found = _ETAG.fullmatch(asked)
    if found is None:
        raise InvalidArgumentError(
            'If-Match takes one ETag that a thing was given with, for example "3"', field="if-match"
        )
    return int(found.group(1))
