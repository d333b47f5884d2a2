"""The spec compiler: text to app model and back.

`compile_spec(text)` gives a `Compilation`.
"""

from __future__ import annotations

from aidevos_agents.spec.compilation import Compilation, Coverage, Place, Problem, Unit

__all__ = ["Compilation", "Coverage", "Place", "Problem", "Unit", "compile_spec"]


def compile_spec(source: str | bytes) -> Compilation:
    """Compile one spec; never raises for what is in `source`: problems are part of the answer."""
    from aidevos_agents.spec.compiler import compile_text  # noqa: PLC0415 (parsers load when used)

    return compile_text(source)
