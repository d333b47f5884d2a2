"""The spec compiler: text to app model and back.

`compile_spec(text)` gives a `Compilation`, `render(app)` the canonical text of a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aidevos_agents.spec.compilation import Compilation, Coverage, Place, Problem, Unit

if TYPE_CHECKING:
    from aidevos_agents.spec.model import App

__all__ = ["Compilation", "Coverage", "Place", "Problem", "Unit", "compile_spec", "render"]


def compile_spec(source: str | bytes) -> Compilation:
    """Compile one spec; never raises for what is in `source`: problems are part of the answer."""
    from aidevos_agents.spec.compiler import compile_text  # noqa: PLC0415 (parsers load when used)

    return compile_text(source)


def render(app: App) -> str:
    """Return `app` in canonical sentences; `compile_spec(render(app)).model == app`."""
    from aidevos_agents.spec.say_app import render_app  # noqa: PLC0415

    return render_app(app)
