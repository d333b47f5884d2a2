"""The pages of an app: their paths, methods, templates and what their addresses may say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aidevos_agents.generate.plan import Plan
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.walk import arguments_in
from aidevos_agents.generate.words import slug, snake
from aidevos_agents.spec.model import Action, ActionRef, Page, action_words


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One page."""

    page: Page
    slug: str
    method: str
    template: str
    takes: tuple[str, ...]
    """Names of the query string."""

    @property
    def name(self) -> str:
        """The author's name of it."""
        return self.page.name


def page_plans(plan: Plan) -> list[PagePlan]:
    """Return the plans of all pages, in the spec's order."""
    names = plan.project.names
    found = []
    for page in plan.project.app.pages:
        method = names.page_method(page.name, snake(page.name))
        found.append(
            PagePlan(
                page=page,
                slug=page_slug(page.name),
                method=method,
                template=f"{names.package}/{method}.html",
                takes=_takes(page),
            )
        )
    return found


def page_slug(name: str) -> str:
    """Return the path of a page below the app: a-z, 0-9, and - for all else."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def form_name(project: Project, action: ActionRef | Action) -> str:
    """Return the name of an action's form: the last segment of the address that it posts to."""
    words = slug(action_words(action, project.thing(action.thing)))
    same = [
        a for a in project.app.actions if slug(action_words(a, project.thing(a.thing))) == words
    ]
    return words if len(same) < 2 else f"{words}-{action.kind}"


def judged(project: Project, page: Page) -> list[Action]:
    """Return the offered actions of which the page knows whether a thing allows them now."""
    offered = (project.action(offer.action) for offer in page.offers)
    return [
        action
        for action in dict.fromkeys(offered)
        if action.kind in ("change", "custom", "delete")
        and action.guard is not None
        and not arguments_in(action.guard)
    ]


def _takes(page: Page) -> tuple[str, ...]:
    if page.kind == "one":
        return ("id",)
    words = ("q",) if page.searched else ()
    number = ("page",) if page.page_size else ()
    return (*words, *page.filtered, *number)
