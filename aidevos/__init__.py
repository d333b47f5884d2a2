"""AIDevOS: durable objects for Python and a team of agents that builds on them.

`import aidevos` costs nothing; the names of `aidevos.objects` are loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aidevos.objects import *  # noqa: F403
    from aidevos.objects import __all__ as __all__


def __getattr__(name: str) -> Any:
    """Load a name of aidevos.objects (PEP 562)."""
    if name.startswith("__"):
        raise AttributeError(name)
    objects = import_module("aidevos.objects")
    if name not in objects.__all__:
        raise AttributeError(f"module aidevos has no attribute {name}")
    return getattr(objects, name)


def __dir__() -> list[str]:
    return sorted((*globals(), *import_module("aidevos.objects").__all__))
