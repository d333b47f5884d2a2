"""Text to tokens and sentences, each with its place in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<BOLD>\*\*[^*]+\*\*)
  | (?P<STRING>"(?:[^"\\]|\\.)*"|“[^”]*”)
  | (?P<TIME>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)
  | (?P<DATE>\d{4}-\d\d-\d\d)
  | (?P<ROUTE>(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+/\S*)
  | (?P<SIGN>>=|<=|≥|≤|>|<)
  | (?P<RANGE>(?<=\d)(?:[-–]|\ [-–]\ )(?=\d))
  | (?P<DECIMAL>-?\d+\.\d+)
  | (?P<INT>-?\d+)(?![\w])
  | (?P<POSS>['’]s\b|['’](?=\s))
  | (?P<WORD>[^\W\d_](?:\w|-(?=\w)|['’](?=t\b))*)
  | (?P<MARK>[^\s\w]|\S)
    """,
    re.VERBOSE,
)
_MARKS = {",": "COMMA", ":": "COLON", ";": "SEMI", "(": "LPAR", ")": "RPAR", "/": "SLASH"}
_SIGNS = {
    ">=": ("at", "least"), "≥": ("at", "least"), "<=": ("at", "most"), "≤": ("at", "most"),
    ">": ("more", "than"), "<": ("less", "than"),
}  # fmt: skip
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A run of source text whose lines may be apart in the file."""

    raw: str
    starts: tuple[tuple[int, int, int], ...]
    """(offset in `raw`, line, column) of the beginning of each piece; 1-based lines, columns."""

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of the character at `offset`."""
        index = bisect_right([start for start, _, _ in self.starts], offset) - 1
        start, line, column = self.starts[max(index, 0)]
        return line, column + offset - start


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, string or mark; `kind` is the group of the pattern that matched."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The text as the lexicon knows it."""
        return self.text.casefold()


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens between two full stops, the stop left out."""

    text: str
    line: int
    column: int
    tokens: tuple[Token, ...]
    source: Text

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column of token `index`; past the end, of the end."""
        if index < len(self.tokens):
            return self.source.place(self.tokens[index].start)
        if not self.tokens:
            return self.line, self.column
        return self.source.place(self.tokens[-1].end)


def tokenize(raw: str) -> list[Token]:
    """Return every token of `raw`; `isn't` is two words."""
    return [token for match in _TOKEN.finditer(raw) for token in _tokens(match)]


def sentences(source: Text) -> Iterator[Sentence]:
    """Split at full stops, question and exclamation marks that stand outside of quotes."""
    pending: list[Token] = []
    for token in tokenize(source.raw):
        if token.text in (".", "!", "?") and source.raw[token.end : token.end + 1].strip() == "":
            yield from _sentence(source, pending, token.end)
            pending = []
        else:
            pending.append(token)
    yield from _sentence(source, pending, pending[-1].end if pending else 0)


def whole(source: Text) -> Sentence:
    """Return all of `source` as one unit, whatever marks it holds."""
    line, column = source.place(0)
    text = " ".join(source.raw.split())
    return Sentence(text, line, column, tuple(tokenize(source.raw)), source)


def string_value(text: str) -> str:
    r"""Return what a quoted token says; backslash keeps the next character, \n is a new line."""
    if text[0] == "“":
        return text[1:-1]
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])


def quoted(value: str) -> str:
    """Return `value` as a quoted token; the inverse of `string_value`."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _tokens(match: re.Match[str]) -> Iterator[Token]:
    kind, start, end, text = match.lastgroup or "MARK", match.start(), match.end(), match[0]
    if kind == "WORD" and text.casefold() in ("can't", "can’t"):
        yield Token("WORD", text[:3], start, start + 3)
        yield Token("WORD", "not", start + 3, end)
    elif kind == "WORD" and text.casefold().endswith(("n't", "n’t")) and len(text) > 4:
        yield Token("WORD", text[:-3], start, end - 3)
        yield Token("WORD", "not", end - 3, end)
    elif kind == "SIGN":
        yield from (Token("WORD", word, start, end) for word in _SIGNS[text])
    elif kind == "RANGE":
        yield Token("WORD", "to", start, end)
    elif kind == "MARK":
        yield Token(_MARKS.get(text, "MARK"), text, start, end)
    else:
        yield Token(kind, text, start, end)


def _sentence(source: Text, tokens: Sequence[Token], end: int) -> Iterator[Sentence]:
    if not tokens:
        return
    line, column = source.place(tokens[0].start)
    text = " ".join(source.raw[tokens[0].start : end].split())
    yield Sentence(text, line, column, tuple(tokens), source)
