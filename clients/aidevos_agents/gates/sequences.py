"""Gate sequences: random requests, the rarest outcome first, step by step with the interpreter."""

from __future__ import annotations

from collections import Counter

from aidevos_agents.gates.edges import edges
from aidevos_agents.gates.interpreter.interpreter import Ask
from aidevos_agents.gates.interpreter.symbols import Window
from aidevos_agents.gates.kit import Kit
from aidevos_agents.gates.outcomes import Outcome, outcome_of
from aidevos_agents.gates.page_checks import check_list_page
from aidevos_agents.gates.requests import MISSING, JsonObject
from aidevos_agents.gates.session import now_ms
from aidevos_agents.gates.shown_lists import text_of
from aidevos_agents.spec.model import Route

STEPS = 120
AHEAD = 6
ROWS_MAX = 12
WEIGHTS = {
    "create": 6,
    "change": 5,
    "custom": 6,
    "delete": 2,
    "delete_all": 1,
    "show": 1,
    "list": 3,
}


async def sequences(kit: Kit) -> None:
    """Ask many requests one after the other; now and then look at everything."""
    steps = Steps(kit)
    for number in range(STEPS):
        await kit.resume()
        await steps.step()
        if number % 6 == 5:
            await kit.look()
        if number % 5 == 4:
            await _look_at_a_page(kit)


async def _look_at_a_page(kit: Kit) -> None:
    pages = [page for page in kit.session.app.pages if page.kind == "list"]
    if pages:
        await check_list_page(kit, kit.rng.choice(pages))


class Steps:
    """Random requests; of a handful, the one whose outcome was seen least is asked."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._seen: Counter[Outcome] = Counter()

    async def step(self) -> None:
        """Ask one request of both sides."""
        choices = [choice for _ in range(AHEAD) if (choice := self._random()) is not None]
        if not choices:
            await self._kit.populate(1)
            return
        outcome, ask = min(choices, key=lambda choice: self._seen[choice[0]])
        self._seen[outcome] += 1
        await self._kit.session.ask(ask)

    def _random(self) -> tuple[Outcome, Ask] | None:
        route = self._route()
        ask = self._ask(route) if route else None
        if route is None or ask is None:
            return None
        now = now_ms()
        with self._kit.session.model.trying(ask, Window(now, now)) as expected:
            return outcome_of(route, expected), ask

    def _route(self) -> Route | None:
        routes = [*self._kit.session.model.catalog.routes]
        weights = [self._weight(route) for route in routes]
        return self._kit.rng.choices(routes, weights)[0] if any(weights) else None

    def _weight(self, route: Route) -> int:
        weight = WEIGHTS[route.action.kind]
        count = len(self._kit.session.model.world.all(route.action.thing))
        match route.action.kind:
            case "create":
                return weight if count < ROWS_MAX else 1
            case "delete" | "delete_all":
                return weight * 4 if count >= ROWS_MAX else weight
            case _:
                return weight

    def _ask(self, route: Route) -> Ask | None:
        requests, rng = self._kit.requests, self._kit.rng
        if route.action.kind == "list":
            return requests.ask(route, self._query(route))
        if requests.has_id(route) and rng.random() < 0.05:
            path = requests.path(route, None, own=MISSING)
            return Ask(route.method, path) if path else None
        return requests.ask(route, self._body(route))

    def _query(self, route: Route) -> JsonObject:
        requests, rng = self._kit.requests, self._kit.rng
        chosen = [field for field in requests.fields(route) if rng.random() < 0.5]
        query: JsonObject = {one.name: text_of(requests.samples, one) for one in chosen}
        return query | ({"limit": rng.randint(1, ROWS_MAX)} if rng.random() < 0.3 else {})

    def _body(self, route: Route) -> JsonObject:
        body = self._kit.requests.body(route)
        fields = self._kit.requests.fields(route)
        if fields and self._kit.rng.random() < 0.15:
            field = self._kit.rng.choice(fields)
            body[field.name] = self._kit.rng.choice([*edges(field)])
        return body
