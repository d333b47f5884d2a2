"""The grammar of `language.lark` under lark's Earley parser, over words with categories.

A word may belong to several categories (`order` a field and a verb); the parser tries them all and
keeps every parse. Sentences of one shape (same categories in the same order) share their parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark, Tree

Categories = frozenset[str]
OPEN = frozenset(
    {
        "THING", "THINGS", "FIELD", "VALUE", "PAGE", "PART", "WORD", "ANYWORD", "STRING", "INT",
        "DECIMAL", "DATE", "TIME", "CURRENCY", "BOLD",
    }
)  # fmt: skip
MARKS = frozenset({"COMMA", "COLON", "SEMI", "LPAR", "RPAR", "POSS", "SLASH"})
STARTS = (
    "sentence", "type_cell", "rule_cell", "page_sentence", "api_action", "api_takes", "api_gives",
    "step", "plural", "counted",
)  # fmt: skip
_UPPER = re.compile(r"\b[A-Z][A-Z_]*\b")
_SHAPES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word in a parse: its position in the sentence and all its categories."""

    index: int
    categories: Categories


@dataclass(frozen=True, slots=True)
class Stuck:
    """No parse: the position of the first word that fits nowhere, and what would have fitted."""

    index: int
    expected: frozenset[str]


class _Words:
    """What lark's parser asks for words: a lexer that gives the leaves."""

    def __init__(self, shape: Sequence[Categories]) -> None:
        self.shape = shape

    def lex(self, _: object) -> Iterator[Leaf]:
        return (Leaf(index, categories) for index, categories in enumerate(self.shape))


def source() -> str:
    """Return the grammar's text as its authors wrote it."""
    return files("aidevos_agents.spec").joinpath("language.lark").read_text()


@cache
def closed_words() -> frozenset[str]:
    """Return every word that stands for itself, in small letters."""
    names = set(_UPPER.findall(_rules(source()))) - OPEN - MARKS
    return frozenset(_word(name) for name in names)


@lru_cache(maxsize=_SHAPES_MAX)
def parse(start: str, shape: tuple[Categories, ...]) -> Tree[Leaf] | Stuck:
    """Return every parse of words with these categories as one tree with `_ambig` nodes."""
    from lark.exceptions import UnexpectedEOF, UnexpectedToken  # noqa: PLC0415 (as below)

    try:
        tree: Tree[Leaf] = _parser().parse(_Words(shape), start)
    except UnexpectedToken as error:
        return Stuck(error.token.index, _names(error.expected))
    except UnexpectedEOF as error:
        return Stuck(len(shape), _names(error.expected))
    return tree


def _names(terminals: Sequence[str] | set[str]) -> frozenset[str]:
    return frozenset(terminal.removeprefix("_") for terminal in terminals)


@cache
def _parser() -> Any:  # lark's parser has no public type
    parser = _lark().parser.parser
    parser.term_matcher = _match
    return parser


def _match(terminal: Any, leaf: Leaf) -> bool:
    return terminal.name in leaf.categories


def _lark() -> Lark:
    from lark import Lark  # noqa: PLC0415 (50 ms that only those who compile pay)
    from lark.lexer import Lexer  # noqa: PLC0415

    class NoLexer(Lexer):
        """Words come tagged; lark's own lexer is never asked."""

        def __init__(self, _: object) -> None: ...

        def lex(self, lexer_state: object, parser_state: object) -> Iterator[Any]:
            raise AssertionError

    text = _rules(source())
    names = sorted(set(_UPPER.findall(text)))
    declared = " ".join(_terminal(name) for name in names)
    grammar = _UPPER.sub(lambda found: _terminal(found[0]), text) + f"\n%declare {declared}\n"
    return Lark(grammar, parser="earley", lexer=NoLexer, ambiguity="explicit", start=list(STARTS))


def _rules(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("//"))


def _terminal(name: str) -> str:
    """Closed words are left out of the tree: lark drops terminals that begin with `_`."""
    return name if name in OPEN else f"_{name}"


def category(word: str) -> str:
    """Return the category of a closed word, as the parser knows it."""
    name = word.upper().replace("-", "_")
    return f"_{name}_WORD" if name in OPEN else f"_{name}"


def _word(name: str) -> str:
    return name.removesuffix("_WORD").lower()
