"""The frontend's part of a bundle: the pages' queries and the templates that show them."""

from __future__ import annotations

from collections.abc import Mapping

from aidevos_agents.generate.files import Files, block, module, rendered
from aidevos_agents.generate.inputs import escaped
from aidevos_agents.generate.layout import docstring, indented
from aidevos_agents.generate.page_code import PageQueries
from aidevos_agents.generate.page_html import PageHtml
from aidevos_agents.generate.pages_plan import PagePlan, page_plans
from aidevos_agents.generate.plan import Plan
from aidevos_agents.generate.project import Project
from aidevos_agents.spec.model import App


def frontend(app: App, lines: Mapping[str, int]) -> Files:
    """Return `pages.py` and a template for each page; nothing if the app has no pages."""
    plan = Plan(Project(app, lines))
    pages = page_plans(plan)
    if not pages:
        return {}
    package = plan.project.names.package
    files = {
        f"{package}/pages.py": _queries(plan, pages),
        f"{package}/base.html": _base(plan, pages),
        f"{package}/style.html": rendered("style.html.j2").encode(),
    }
    html = PageHtml(plan, pages)
    return files | {page.template: html.template(page).encode() for page in pages}


def _queries(plan: Plan, pages: list[PagePlan]) -> bytes:
    writer = PageQueries(plan)
    members: list[str] = []
    for page in pages:
        members += [*writer.query(page), ""]
    return module(
        "pages.py.j2",
        plan.project,
        doc=block(
            docstring(f"The pages of {plan.project.app.title}; their looks are in templates")
        ),
        cls=plan.project.names.pages,
        members=block(indented(members[:-1])),
    )


def _base(plan: Plan, pages: list[PagePlan]) -> bytes:
    links = "\n".join(
        f'    <a href="{{{{ base }}}}/{page.slug}"'
        f"{{% if here == '{page.slug}' %}} aria-current=\"page\"{{% endif %}}>"
        f"{escaped(page.name)}</a>"
        for page in pages
        if page.page.kind == "list"
    )
    return rendered(
        "base.html.j2",
        title=escaped(plan.project.app.title),
        package=plan.project.names.package,
        links=links,
    ).encode()
