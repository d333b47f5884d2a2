"""From parses to meanings: each production has one function, found by its name.

A word group with several parses gives several meanings; those that make no sense fall away, equal
ones are one, and what is left decides: one is understood, several are a question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from aidevos_agents.spec.english import with_articles
from aidevos_agents.spec.grammar import Leaf, Stuck, parse
from aidevos_agents.spec.words import Token

if TYPE_CHECKING:
    from lark import Tree

    from aidevos_agents.spec.lexicon import Tagged

_READINGS_MAX = 64
_FUNCTIONS: dict[str, Callable[..., Any]] = {}


class Nonsense(Exception):  # noqa: N818 (a reading that is given up, not a failure)
    """A parse that has no meaning: what is wrong, what to write, and the word it is about."""

    def __init__(self, what: str, do: str = "", at: Token | None = None) -> None:
        """`at` is the word to point at, if there is one."""
        super().__init__(what)
        self.what = what
        self.do = do
        self.at = at

    def sentence(self) -> str:
        """Return what is wrong and what to do as sentences."""
        said = f"{self.what[:1].upper()}{self.what[1:]}. {self.do}".strip()
        return with_articles(said)


def means(*productions: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function as the meaning of these productions."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in productions:
            assert name not in _FUNCTIONS, name
            _FUNCTIONS[name] = function
        return function

    return register


def registered() -> frozenset[str]:
    """Return the names of all productions that have a function."""
    return frozenset(_FUNCTIONS)


class Reader:
    """Reads one group of words in a context that the functions get as their first argument."""

    def __init__(self, context: Any, tagged: Sequence[Tagged]) -> None:
        self.context = context
        self.tokens = [token for token, _ in tagged]
        self.shape = tuple(categories for _, categories in tagged)
        self.nonsense: list[Nonsense] = []

    def read(self, start: str) -> list[Any] | Stuck:
        """Return every meaning, none if all parses are nonsense, or where the parse is stuck."""
        tree = parse(start, self.shape)
        return tree if isinstance(tree, Stuck) else self._readings(tree)

    def _readings(self, node: Tree[Leaf] | Leaf) -> list[Any]:
        if isinstance(node, Leaf):
            return [self.tokens[node.index]]
        if node.data == "_ambig":
            return _distinct(value for child in node.children for value in self._readings(child))
        parts = [self._readings(child) for child in node.children]
        values = islice(product(*parts), _READINGS_MAX)
        return _distinct(value for part in values for value in self._apply(str(node.data), part))

    def _apply(self, name: str, parts: Sequence[Any]) -> list[Any]:
        function = _FUNCTIONS.get(name)
        if function is None:
            return [_plain(name, parts)]
        try:
            return [function(self.context, *parts)]
        except Nonsense as nonsense:
            self.nonsense.append(nonsense)
            return []


def _plain(name: str, parts: Sequence[Any]) -> Any:
    """What a production without a function means: its one part, its parts, or its own name."""
    if not parts:
        return name
    return parts[0] if len(parts) == 1 else tuple(parts)


def _distinct(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found
