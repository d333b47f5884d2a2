"""Files of a bundle, and the templates that make them: skeletons without logic."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from aidevos_agents.generate.layout import WIDTH
from aidevos_agents.generate.names import IMPORTED, MODULES

if TYPE_CHECKING:
    from aidevos_agents.generate.project import Project

Files = dict[str, bytes]
"""Paths in the bundle to contents."""

_environment = Environment(  # noqa: S701  (code, not HTML; pages escape by themselves when shown)
    loader=PackageLoader("aidevos_agents.generate"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    block_start_string="[%",
    block_end_string="%]",
    variable_start_string="[[",
    variable_end_string="]]",
    comment_start_string="[#",
    comment_end_string="#]",
)
_LIBRARY = ("fields", "html", "listing", "things", "values")
_NAMES = ("UNSET", *(name for name in IMPORTED if name != "Decimal"))


_QUOTED = re.compile(
    r'''("""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')''', re.DOTALL
)
"""What stands in quotes is an author's words, whatever they look like."""
_IMPORTS = "<imports>"


def rendered(template: str, **values: object) -> str:
    """Return what a template makes of the values."""
    return _environment.get_template(template).render(values)


def block(lines: Iterable[str]) -> str:
    """Return lines as text."""
    return "\n".join(lines)


def module(template: str, project: Project, **parts: str) -> bytes:
    """Return a Python file of the bundle: `parts` and the imports that they need."""
    text = rendered(template, app=project.app.title, imports=_IMPORTS, **parts)
    text = _aliased(text, project)
    imports = _imports("".join(_QUOTED.split(text)[::2]), project)
    text = text.replace(_IMPORTS, imports, 1)
    text = re.sub(r"\n{4,}", "\n\n\n", text)
    return f"{text.rstrip()}\n".encode()


def _aliased(body: str, project: Project) -> str:
    """Give helper modules other names where a field of the app has theirs."""
    code = _QUOTED.split(body)
    for name in MODULES:
        known = project.names.helper(name)
        if known != name:
            code[::2] = [_called(name).sub(f"{known}.", part) for part in code[::2]]
    return "".join(code)


def _called(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w./\"']){name}\.")


def _imports(body: str, project: Project) -> str:
    groups = [
        ["from decimal import Decimal"] if _uses(body, "Decimal") else [],
        _from_library(body, project),
        _from_app(body, project),
    ]
    return "\n\n".join("\n".join(group) for group in groups if group)


def _from_library(body: str, project: Project) -> list[str]:
    known = project.names.helper("aidevos")
    found = [_as("import aidevos", "aidevos", project)] if _uses(body, f"{known}.") else []
    modules = [name for name in _LIBRARY if _uses(body, f"{project.names.helper(name)}.")]
    found += _from("aidevos.objects", modules, project)
    names = [name for name in _NAMES if _uses(body, name)]
    if names:
        found.append(f"from aidevos.objects.fields import {', '.join(names)}")
    return found


def _from_app(body: str, project: Project) -> list[str]:
    names = project.names
    modules = {
        names.thing(thing.name).module: names.thing(thing.name).module
        for thing in project.app.things
    }
    modules |= {"rules": names.helper("rules"), "ties": names.helper("ties")}
    used = sorted(m for m, known in modules.items() if _uses(body, f"{known}."))
    return _from(names.package, used, project)


def _from(package: str, modules: list[str], project: Project) -> list[str]:
    """Return import lines in the formatter's order; each alias has a line of its own."""
    plain = [name for name in modules if _as(name, name, project) == name]
    lines = {name: f"from {package} import {_as(name, name, project)}" for name in modules}
    for name in plain:
        del lines[name]
    if plain:
        flat = f"from {package} import {', '.join(plain)}"
        broken = "\n".join((f"from {package} import (", *(f"    {name}," for name in plain), ")"))
        lines[plain[0]] = flat if len(flat) <= WIDTH else broken
    return [lines[name] for name in modules if name in lines]


def _as(text: str, name: str, project: Project) -> str:
    known = project.names.helper(name) if name in MODULES else name
    return text if known == name else f"{text} as {known}"


def _uses(body: str, name: str) -> bool:
    """Whether the name stands in the code, not as an attribute, in quotes or in a longer word."""
    end = "" if name.endswith(".") else r"(?![\w\"'])"
    return re.search(rf"(?<![\w./\"']){re.escape(name)}{end}", body) is not None
