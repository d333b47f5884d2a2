"""The pages of one app, and the forms on them.

A page's root query gives its HTML. A form runs one action, then leads back to its page (303), so
that a reload repeats nothing; refused, the page is shown again with the problem on it.
"""

import html
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from aidevos.core.call import Answer
from aidevos.core.errors import (
    AidevosError,
    HandlerFailedError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from aidevos.doors.app_call import Ask, ask, refused
from aidevos.doors.app_html import html_reply, own_page
from aidevos.doors.app_manifest import AppManifest, Form, Page
from aidevos.doors.app_values import from_form, from_query, text
from aidevos.doors.http_message import QUERY_FIELDS_MAX, Reply, Request
from aidevos.doors.http_origin import same_origin
from aidevos.doors.http_problem import STATUS, not_allowed
from aidevos.doors.port import ObjectPort

DO = "do"
"""The path segment below which forms post."""


class _Html(msgspec.Struct):
    """What a page's query gives."""

    html: str


class Shown(msgspec.Struct, frozen=True):
    """A page as it was asked for."""

    page: Page
    query: tuple[tuple[str, str], ...] = ()


class AppPages:
    """Serves one installed manifest below `/{app}`."""

    def __init__(self, port: ObjectPort, manifest: AppManifest) -> None:
        """Index pages by path and forms by name."""
        self._port = port
        self._app = manifest
        self._base = f"/{manifest.name}"
        self._forms = {form.name: form for form in manifest.forms}
        self._by_name = {page.name: page for page in manifest.pages}
        self._by_path = {page.path.strip("/"): page for page in manifest.pages}
        if manifest.pages:
            self._by_path.setdefault("", manifest.pages[0])

    async def answer(self, request: Request, segments: tuple[str, ...], principal: str) -> Reply:
        """Answer one request; `segments` are those below `/{app}`."""
        if segments[:1] == (DO,) and len(segments) == 2:
            return await self._do(request, segments[1], principal)
        page = self._by_path.get("/".join(segments))
        if page is None and (segments or self._app.pages):
            return self._not_there()
        if request.method != "GET":
            return not_allowed(request.method, ("GET", "HEAD"))
        if page is None:
            return self._index()
        return await self._show(request, Shown(page, request.query), principal)

    # ---- pages -----------------------------------------------------------------------------

    async def _show(
        self, request: Request, shown: Shown, principal: str, problem: str = "", status: int = 200
    ) -> Reply:
        page = shown.page
        arguments, wrong = from_query(page.takes, shown.query)
        problem = problem or "; ".join(violation.detail for violation in wrong)
        arguments["base"] = text(self._base)
        arguments["api"] = text(f"{request.origin}{self._base}/api")
        arguments["problem"] = text(problem)
        what = Ask(target=page.target, arguments=arguments, principal=principal)
        try:
            answer = await ask(self._port, self._app, what)
            if answer.error is not None:
                raise refused(answer)
            return html_reply(_markup(answer), status)
        except AidevosError as error:
            return self._told(error)

    def _not_there(self) -> Reply:
        return self._told(NotFoundError(f"{self._app.title} has no such page"))

    def _told(self, error: AidevosError) -> Reply:
        status = STATUS.get(error.reason, 500)
        home = f'<a href="{html.escape(self._base)}/">{html.escape(self._app.title)}</a>'
        title = error.reason.replace("_", " ").capitalize()
        return own_page(title, (html.escape(error.message), home), status)

    def _index(self) -> Reply:
        """Return what an app without pages shows: its routes."""
        api = f"{html.escape(self._base)}/api"
        routes = (
            f"<code>{route.method} {html.escape(route.path)}</code> {html.escape(route.action)}"
            for route in self._app.routes
        )
        told = f'This app has no pages. Its API is at <a href="{api}">{api}</a>:'
        return own_page(self._app.title, (told, *routes))

    # ---- forms -----------------------------------------------------------------------------

    async def _do(self, request: Request, name: str, principal: str) -> Reply:
        form = self._forms.get(name)
        if form is None:
            return self._not_there()
        if request.method != "POST":
            return not_allowed(request.method, ("POST",))
        if not same_origin(request):
            return self._told(PermissionDeniedError("a form of another site may not do this"))
        shown = self._came_from(request)
        try:
            what = _asked(form, request, principal)
            answer = await ask(self._port, self._app, what)
            if answer.error is not None:
                raise refused(answer)
        except AidevosError as error:
            if shown is None:
                return self._told(error)
            status = STATUS.get(error.reason, 500)
            status = 422 if status == 400 else status
            return await self._show(request, shown, principal, error.message, status)
        return Reply(status=303, headers=(("location", self._place(shown)),))

    def _came_from(self, request: Request) -> Shown | None:
        """Return the page that the form is on; only pages of this app can be named."""
        referer = urlsplit(request.headers.get("referer", ""))
        path = referer.path.removeprefix(self._base).strip("/")
        query = tuple(parse_qsl(referer.query, max_num_fields=QUERY_FIELDS_MAX))
        named = self._by_name.get(request.value("from"))
        referred = self._by_path.get(path) if referer.path.startswith(f"{self._base}/") else None
        if named is None:
            return Shown(referred, query) if referred else self._first()
        return Shown(named, query if referred is named else ())

    def _first(self) -> Shown | None:
        return Shown(self._app.pages[0]) if self._app.pages else None

    def _place(self, shown: Shown | None) -> str:
        if shown is None:
            return f"{self._base}/"
        path = f"{self._base}/{shown.page.path.strip('/')}"
        return f"{path}?{urlencode(shown.query)}" if shown.query else path


def _asked(form: Form, request: Request, principal: str) -> Ask:
    fields = _fields(request.body)
    thing = next((value for name, value in reversed(fields) if name == "id"), "")
    on_thing = form.target.on == "thing"
    return Ask(
        target=form.target,
        arguments=from_form(form.takes, fields, on_thing=on_thing),
        principal=principal,
        thing=thing,
    )


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise InvalidArgumentError("the form cannot be read", field="body") from None


def _markup(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.payload, type=_Html).html
    except msgspec.MsgspecError as error:
        raise HandlerFailedError(f"the page's query gave no HTML: {error}") from error
