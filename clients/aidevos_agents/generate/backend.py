"""The backend's part of a bundle: a module for each thing, the root object, rules and ties."""

from __future__ import annotations

from collections.abc import Mapping

from aidevos_agents.generate.files import Files, block, module
from aidevos_agents.generate.layout import call, docstring, indented, quoted
from aidevos_agents.generate.methods import Methods
from aidevos_agents.generate.plan import Plan
from aidevos_agents.generate.project import Project
from aidevos_agents.generate.rules import Rules
from aidevos_agents.generate.sentences import in_use_sentence
from aidevos_agents.generate.thing_code import ThingModule
from aidevos_agents.generate.words import identifier
from aidevos_agents.spec.model import App


def backend(app: App, lines: Mapping[str, int]) -> Files:
    """Return the files that make the app's types; `lines` tell where the spec says each element."""
    plan = Plan(Project(app, lines))
    project = plan.project
    things = {thing.name: ThingModule(plan, thing) for thing in app.things}
    others = {"app.py": _root(plan)}
    if app.rules:
        others["rules.py"] = _rules(project)
    if project.ties():
        others["ties.py"] = _ties(project)
    modules = {f"{project.names.thing(n).module}.py": m.file() for n, m in things.items()}
    return {f"{project.names.package}/{path}": raw for path, raw in {**modules, **others}.items()}


def _root(plan: Plan) -> bytes:
    writer = Methods(plan)
    members: list[str] = []
    for method in plan.of_root():
        members += [*writer.method(method), ""]
    app = plan.project.app
    title = app.description.split(". ")[0] or f"The whole of {app.title}"
    doc = docstring(f"{app.title}: {title[:1].lower()}{title[1:]}", 4)
    return module(
        "root.py.j2",
        plan.project,
        cls=plan.project.names.root,
        doc=block(doc),
        members=block(indented(members[:-1])),
    )


def _rules(project: Project) -> bytes:
    functions = Rules(project).functions()
    text = "".join(f"\n\n{block(lines)}\n" for lines in functions)
    doc = docstring(f"The rules of {project.app.title}: what holds after every change")
    return module("rules.py.j2", project, doc=block(doc), functions=text.removeprefix("\n"))


def _ties(project: Project) -> bytes:
    lines: list[str] = []
    for child, field, parent, cascade in project.ties():
        names = project.names
        arguments = [
            f"{names.thing(child.name).module}.{names.thing(child.name).cls}",
            quoted(identifier(field.name)),
            f"{names.thing(parent.name).module}.{names.thing(parent.name).cls}",
            quoted(child.name),
            "cascade=True" if cascade else quoted(in_use_sentence(child, field)),
        ]
        lines += call("things.Tie", arguments, ",", 8)
    if len(lines) == 1 and len(lines[0]) <= 95:
        returned = [f"    return ({lines[0].strip()})"]
    else:
        returned = ["    return (", *lines, "    )"]
    return module("ties.py.j2", project, returned=block(returned))
