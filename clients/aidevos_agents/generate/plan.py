"""Which class has which method, and which event each action leaves: decided once for all files."""

from __future__ import annotations

from dataclasses import dataclass

from aidevos_agents.generate.names import IMPORTED, Taken, action_name
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.words import camel, participle, snake, with_article
from aidevos_agents.spec.model import (
    Action,
    ActionRef,
    App,
    Bind,
    Route,
    Take,
    Thing,
    action_words,
)

ON_THING = ("change", "custom", "delete", "show")


@dataclass(frozen=True, slots=True)
class EventPlan:
    """One event class of a thing. Fields of one that begins a life all have values."""

    name: str
    doc: str
    apply: str
    fields: tuple[str, ...]
    begins: bool


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """One method: an action, a reading, or one of these below a path that names other things."""

    name: str
    action: Action
    takes: tuple[Take, ...] = ()
    event: EventPlan | None = None
    page: str = ""
    """Of a list: the page whose things it gives; empty for all."""
    bound: tuple[Bind, ...] = ()
    """What the path gives; not empty only for one that checks it and calls `base`."""
    base: str = ""

    @property
    def on_thing(self) -> bool:
        """Whether it runs on the thing itself, else on the app's root object."""
        return self.action.kind in ON_THING

    @property
    def is_query(self) -> bool:
        """Whether it only reads."""
        return self.action.kind in ("list", "show")


class Plan:
    """The methods and events of one app."""

    def __init__(self, project: Project) -> None:
        """Decide on all of them, in the spec's order."""
        self.project = project
        self._methods: dict[tuple[str, ...], MethodPlan] = {}
        self._in_thing: dict[str, Taken] = {}
        for action in project.app.actions:
            if action.kind not in ("list", "show"):
                self._method(action, "")
        for route in project.routes:
            self._routed(route)

    @property
    def methods(self) -> tuple[MethodPlan, ...]:
        """All methods."""
        return tuple(self._methods.values())

    def of(self, thing: Thing) -> list[MethodPlan]:
        """Return the methods of a thing's class."""
        return [m for m in self.methods if m.on_thing and m.action.thing == thing.name]

    def of_root(self) -> list[MethodPlan]:
        """Return the methods of the root object."""
        return [method for method in self.methods if not method.on_thing]

    def events(self, thing: Thing) -> list[EventPlan]:
        """Return the events of a thing, each once."""
        found = [m.event for m in self.methods if m.event and m.action.thing == thing.name]
        return list(dict.fromkeys(found))

    def method(self, ref: ActionRef | Action) -> MethodPlan:
        """Return the method of an action."""
        return self._methods[ref.kind, ref.verb, ref.thing, ""]

    def target(self, route: Route) -> MethodPlan:
        """Return the method that a route leads to."""
        return self._routed(route)

    def owner(self, method: MethodPlan) -> str:
        """Return the class that has the method."""
        names = self.project.names
        return names.thing(method.action.thing).cls if method.on_thing else names.root

    def _routed(self, route: Route) -> MethodPlan:
        base = self._method(self.project.action(route.action), route.page)
        if not route.binds:
            return base
        action, fields = base.action, [bind.field for bind in route.binds]
        places = [text for bind in route.binds for text in (bind.placeholder, bind.field)]
        key = (action.kind, action.verb, action.thing, route.page, *places)
        if key not in self._methods:
            name = self._name(base, f"{base.name}_of_{'_and_'.join(fields)}")
            takes = tuple(take for take in base.takes if take.field not in fields)
            self._methods[key] = MethodPlan(
                name, action, takes, page=route.page, bound=route.binds, base=base.name
            )
        return self._methods[key]

    def _method(self, action: Action, page: str) -> MethodPlan:
        key = (action.kind, action.verb, action.thing, page)
        if key not in self._methods:
            names = self.project.names
            owner = names.thing(action.thing).cls if action.kind in ON_THING else names.root
            plain = action_name(action, self.project.app)
            wanted = [snake(f"{action.verb} {page}")] if page else []
            self._methods[key] = MethodPlan(
                name=names.method(owner, *wanted, plain, f"{plain}_{action.kind}"),
                action=action,
                takes=tuple(self.project.takes(action)),
                event=self._event(action),
                page=page,
            )
        return self._methods[key]

    def _name(self, method: MethodPlan, wanted: str) -> str:
        return self.project.names.method(self.owner(method), wanted)

    def _event(self, action: Action) -> EventPlan | None:
        if action.kind not in ("create", "change", "custom"):
            return None
        thing = self.project.thing(action.thing)
        taken = self._in_thing.setdefault(thing.name, self._class_names(thing))
        done = participle(action.verb)
        name = taken.name(
            camel(f"{thing.name} {done}"), camel(f"{thing.name} {done} {action.kind}")
        )
        methods = self._in_thing.setdefault(f"apply {thing.name}", Taken())
        begins = action.kind == "create"
        return EventPlan(
            name=name,
            doc=f"{with_article(thing.name).capitalize()} was {done}",
            apply=methods.name(f"_{snake(done)}"),
            fields=tuple(self._fields(action, thing, begins)),
            begins=begins,
        )

    def _class_names(self, thing: Thing) -> Taken:
        constants = {self.project.names.constant(thing, f) for f in self.project.fields(thing)}
        own = self.project.names.thing(thing.name).cls
        return Taken({own, *IMPORTED, *constants})

    def _fields(self, action: Action, thing: Thing, begins: bool) -> list[str]:
        """Return the stored fields that the action sets, in the spec's order; defaults too."""
        set_by = {take.field for take in self.project.takes(action)}
        set_by |= {effect.field for effect in action.effects}
        if begins:
            set_by |= {f.name for f in self.project.stored(thing) if f.default is not None}
        times = ("created", "changed") if begins else ("changed",)
        return [
            field.name
            for field in self.project.stored(thing)
            if field.name in set_by or field.source in times
        ]


def plan_of(app: App) -> Plan:
    """Return the plan of an app, for parts that need no lines of the spec."""
    return Plan(Project(app, {}))


def said(method: MethodPlan, project: Project) -> str:
    """Return a method in the author's words: `add a todo`, `list open todos`."""
    words = action_words(method.action, project.thing(method.action.thing))
    if method.page:
        words = f"{method.action.verb} what {method.page} shows"
    if method.bound:
        words += f" of one {' and one '.join(bind.field for bind in method.bound)}"
    return words
