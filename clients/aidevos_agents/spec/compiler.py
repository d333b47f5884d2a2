"""The compiler's passes, from text to model; every problem is found in one go."""

from __future__ import annotations

import re
from typing import Any

from aidevos_agents.spec import actions, api, cells, conditions, deeds, pages, rules, steps
from aidevos_agents.spec import assemble as take_in
from aidevos_agents.spec.blocks import Nesting, blocks
from aidevos_agents.spec.checks import check
from aidevos_agents.spec.compilation import Compilation, Problem
from aidevos_agents.spec.layout import Item, Layout, lay_out, words_in
from aidevos_agents.spec.lexicon import Lexicon
from aidevos_agents.spec.limits import NESTING_MAX, UNITS_MAX, decoded
from aidevos_agents.spec.model import App, Route, Scenario, Step
from aidevos_agents.spec.play import read_scenarios
from aidevos_agents.spec.reading import read
from aidevos_agents.spec.say_app import words_of_fact
from aidevos_agents.spec.table import read_routes
from aidevos_agents.spec.things import read_fields, read_names, read_rules
from aidevos_agents.spec.words import Sentence
from aidevos_agents.spec.world import World

MEANINGS = (actions, api, cells, conditions, deeds, pages, rules, steps)
"""The modules that hold the grammar's meaning functions: importing them registers these."""
_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_MAX = 63


def compile_text(source: str | bytes) -> Compilation:
    """Compile one spec; see `compile_spec`."""
    text = decoded(source)
    if isinstance(text, Problem):
        return Compilation(model=None, problems=(text,))
    try:
        layout = lay_out(blocks(text, NESTING_MAX))
    except Nesting as nesting:
        what = f"lists are nested more than {NESTING_MAX} deep"
        problem = Problem(line=nesting.line, column=1, what=what, do="Use fewer levels.")
        return Compilation(model=None, problems=(problem,))
    if len(layout.items) > UNITS_MAX:
        return Compilation(model=None, problems=(_too_many(layout),))
    return _Compiler(layout, text).compile()


class _Compiler:
    """Runs the passes over one layout."""

    def __init__(self, layout: Layout, text: str) -> None:
        self.layout = layout
        words = set(re.findall(r"[^\W\d_]+", text.casefold()))
        self.world = World(Lexicon([*words_in(layout.items), *words]))
        self.lines: dict[str, int] = {}
        self.routes: tuple[Route, ...] | None = None
        self.background: tuple[Step, ...] = ()
        self.scenarios: tuple[Scenario, ...] = ()
        self.problems: list[Problem] = []

    def compile(self) -> Compilation:
        self._read()
        app = self._app()
        items = sorted(self.layout.items, key=lambda item: (item.line, item.sentence.column))
        problems = [problem for item in items for problem in item.problems]
        problems += self.problems
        problems += check(app, self.lines) if not problems else []
        problems.sort(key=lambda problem: (problem.line, problem.column))
        return Compilation(
            model=None if problems else app,
            draft=app,
            lines=self.lines,
            units=tuple(item.unit() for item in items),
            problems=tuple(problems),
        )

    def _read(self) -> None:
        world, layout, lines = self.world, self.layout, self.lines
        read_names(world, layout, lines)
        read_fields(world, layout, lines)
        _find_makers(world, layout)
        self._sentences(early=True)
        read_rules(world, layout, lines)
        self._sentences(early=False)
        take_in.finish(world)
        self._pages()
        self.routes = read_routes(world, layout, lines)
        found = read_scenarios(world, layout, lines)
        self.background, self.scenarios = found

    def _sentences(self, *, early: bool) -> None:
        """First what belongs to what, for paths lead along it; then all the rest."""
        for section in ("things", "actions", "rules"):
            self.world.at = ""
            for item in self.layout.of(section):
                if item.row is None and not item.problems and item.status == "not_understood":
                    self._sentence(item, early)

    def _sentence(self, item: Item, early: bool) -> None:
        if item.section == "things":
            self.world.at = item.thing
        if early and item.section != "things" and not _says_belonging(item.sentence):
            return
        here = (item.line, _words(item.sentence))
        if here in self.world.broken:
            self.world.broken.remove(here)
        facts = read(self.world, item, item.sentence, "sentence", wording=self._wording)
        if facts is None:
            self.world.broken.append((item.line, _words(item.sentence)))
        if early and not take_in.belonging(facts or ()):
            item.problems.clear()
            item.status = "not_understood"
            return
        take_in.facts(self.world, item, facts or (), self.lines)

    def _wording(self, facts: Any) -> str:
        return " ".join(words_of_fact(self.world, fact) for fact in facts)

    def _pages(self) -> None:
        for page in self.layout.of("pages"):
            if page.problems or page.status == "understood":
                continue
            if page.row is not None:
                continue
            if page.first:
                self.world.at = self.world.page = ""
            facts = read(self.world, page, page.sentence, "page_sentence", wording=self._wording)
            take_in.page_facts(self.world, page, facts or (), self.lines)

    def _app(self) -> App:
        layout, world = self.layout, self.world
        title = " ".join(layout.title.raw.split()) if layout.title else ""
        name = _SLUG.sub("-", title.casefold()).strip("-")[:_SLUG_MAX].strip("-")
        if not name:
            do = "Begin with a title of letters or digits: # Name of the product."
            self.problems.append(Problem(line=1, column=1, what="there is no title", do=do))
        return App(
            name=name,
            title=title,
            description=layout.description,
            things=tuple(draft.thing() for draft in world.things.values()),
            actions=tuple(world.actions),
            readings=tuple(world.readings),
            rules=tuple(world.rules),
            pages=tuple(world.pages),
            routes=self.routes,
            background=self.background,
            scenarios=self.scenarios,
        )


def _find_makers(world: World, layout: Layout) -> None:
    """Note which verb stands with which thing after `can`: it may make it."""
    for item in layout.of("actions"):
        words = {token.word for token in item.sentence.tokens}
        if ":" in words or not words & {"giving", "new", "with"}:
            continue
        tagged = world.lexicon.tag(item.sentence.tokens)
        verb = ""
        for (token, categories), (before, _) in zip(tagged[1:], tagged, strict=False):
            if before.word in ("can", "may"):
                verb = token.word
            elif verb and categories & {"THING", "THINGS"}:
                world.makers.add((verb, world.thing(token).name))
                verb = ""


def _says_belonging(sentence: Sentence) -> bool:
    words = {token.word for token in sentence.tokens}
    return bool(words & {"belongs", "belong", "part", "many", "several", "number", "one"})


def _words(sentence: Sentence) -> str:
    return " ".join(token.word for token in sentence.tokens)


def _too_many(layout: Layout) -> Problem:
    what = f"the spec has {len(layout.items):,} units, more than {UNITS_MAX:,}"
    return Problem(line=0, column=0, what=what, do="Split the product into several services.")
