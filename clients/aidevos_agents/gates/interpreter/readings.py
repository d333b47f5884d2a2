"""Lists with filters, limit and cursor; pages with search, filters and page numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from aidevos_agents.gates.interpreter.catalog import Catalog, parts_of
from aidevos_agents.gates.interpreter.evaluate import Scope, field_value, holds
from aidevos_agents.gates.interpreter.expected import ShownPage
from aidevos_agents.gates.interpreter.kinds import typed_text
from aidevos_agents.gates.interpreter.ordering import in_order
from aidevos_agents.gates.interpreter.refusal import FieldError, Refusal, Violation
from aidevos_agents.gates.interpreter.showing import money_text
from aidevos_agents.gates.interpreter.symbols import Moment
from aidevos_agents.gates.interpreter.world import Row, Value, World
from aidevos_agents.spec.expr import Aggregate, Argument, Expr
from aidevos_agents.spec.model import Action, Field, Page, Route, Sort

LIMIT_MOST = 1_000
Query = Mapping[str, str]


class Readings:
    """Everything that can be read of one world, at one time."""

    def __init__(self, catalog: Catalog, world: World, now: Moment) -> None:
        self._catalog = catalog
        self._world = world
        self._now = now

    def every(self, thing: str) -> list[Scope]:
        """Return the things, oldest first."""
        rows = self._world.all(thing)
        return [Scope(self._catalog, self._world, row, self._now, {}) for row in rows]

    def listed(
        self, route: Route, bound: Mapping[str, Value], query: Query, cursors: Mapping[str, int]
    ) -> tuple[list[Scope], int | None]:
        """Return what a list route gives, and the offset of what comes next if it is cut."""
        thing = route.action.thing
        filters, limit, start = self._asked(route, query, cursors)
        where, sort = self._page_of(route)
        scopes = [
            scope
            for scope in self.every(thing)
            if holds(where, scope) and _fits(scope, {**filters, **bound})
        ]
        scopes = in_order(scopes, sort)
        if limit is None:
            return scopes[start:], None
        end = start + limit
        return scopes[start:end], end if end < len(scopes) else None

    def page(self, page: Page, query: Query) -> ShownPage:
        """Return what a list page shows."""
        scopes = [scope for scope in self.every(page.thing) if self._is_on(page, scope, query)]
        scopes = in_order(scopes, page.sort)
        size = page.page_size or max(1, len(scopes))
        start = (int(query.get("page") or 1) - 1) * size
        rows = [(scope.row.serial, texts(scope)) for scope in scopes[start : start + size]]
        return ShownPage(len(scopes), tuple(rows))

    def offered(self, page: Page, row: Row) -> set[Action]:
        """Return the actions that a page must offer of one thing: those that its guards allow.

        What depends on what one gives cannot be known before.
        """
        named = (self._catalog.action(offer.action) for offer in page.offers)
        actions = {action for action in named if action is not None}
        scope = Scope(self._catalog, self._world, row, self._now, {})
        return {
            action
            for action in actions
            if action.kind in ("change", "custom", "delete")
            and action.thing == row.thing
            and (_asks(action.guard) or holds(action.guard, scope))
        }

    def _is_on(self, page: Page, scope: Scope, query: Query) -> bool:
        words = query.get("q", "").casefold()
        found = not words or any(
            words in str(_value(scope, name) or "").casefold() for name in page.searched
        )
        return found and holds(page.where, scope) and self._is_chosen(page, scope, query)

    def _is_chosen(self, page: Page, scope: Scope, query: Query) -> bool:
        return all(
            _equals(_value(scope, name), self._filter(page.thing, name, query[name]))
            for name in page.filtered
            if query.get(name)
        )

    def _filter(self, thing: str, name: str, text: str) -> Value:
        return typed_text(self._catalog.field(thing, name), text, self._world)

    def _page_of(self, route: Route) -> tuple[Expr | None, tuple[Sort, ...]]:
        if not route.page:
            return None, ()
        page = self._catalog.page(route.page)
        return page.where, page.sort

    def _asked(
        self, route: Route, query: Query, cursors: Mapping[str, int]
    ) -> tuple[dict[str, Value], int | None, int]:
        errors: list[FieldError] = []
        filters: dict[str, Value] = {}
        for name in route.takes:
            try:
                if query.get(name):
                    filters[name] = self._filter(route.action.thing, name, query[name])
            except Violation as violation:
                errors.append(FieldError(name, violation.reason))
        limit, start = _limit(query, errors), _start(query, cursors, errors)
        if errors:
            raise Refusal(422, "INVALID_ARGUMENT", tuple(errors))
        return filters, limit, start


def _limit(query: Query, errors: list[FieldError]) -> int | None:
    text = query.get("limit", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        errors.append(FieldError("limit", "TYPE"))
        return None
    limit = int(text)
    if not 1 <= limit <= LIMIT_MOST:
        errors.append(FieldError("limit", "TOO_SMALL" if limit < 1 else "TOO_LARGE"))
    return limit


def _start(query: Query, cursors: Mapping[str, int], errors: list[FieldError]) -> int:
    text = query.get("cursor", "")
    if text and text not in cursors:
        errors.append(FieldError("cursor", "NOT_THERE"))
    return cursors.get(text, 0)


def _value(scope: Scope, name: str) -> Value:
    return field_value(scope.catalog.field(scope.row.thing, name), scope)


def _fits(scope: Scope, filters: Mapping[str, Value]) -> bool:
    return all(_equals(_value(scope, name), wanted) for name, wanted in filters.items())


def _equals(value: Value, wanted: Value) -> bool:
    if isinstance(value, Moment):
        return value.text == wanted
    return wanted in value if isinstance(value, tuple) else value == wanted


def texts(scope: Scope) -> tuple[str, ...]:
    """Return the texts that a page must show of a thing: those of kinds with one plain form."""
    fields = scope.catalog.fields[scope.row.thing].values()
    return tuple(text for field in fields if (text := _text(field, field_value(field, scope))))


def _text(field: Field, value: Value) -> str:
    match field.kind:
        case "text" | "choice" | "whole":
            return "" if value is None else str(value)
        case "money" if isinstance(value, int | Decimal):
            return money_text(field, Decimal(value))
        case _:
            return ""


def _asks(expression: Expr | None) -> bool:
    """Return whether an expression looks at what the caller gives."""
    return any(
        isinstance(part, Argument)
        or (isinstance(part, Aggregate) and (_asks(part.of) or _asks(part.where)))
        for part in parts_of(expression)
    )
