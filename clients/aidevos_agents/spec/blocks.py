"""Markdown to blocks with exact places: what the rest of the compiler reads.

markdown-it-py finds the blocks; the text inside stays as the author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from aidevos_agents.spec.words import Text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token as Mark


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 1 is the title."""

    level: int
    text: Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, or one item of a list."""

    text: Text
    listed: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as texts; a row has as many as the head, or more if its author wrote more."""

    head: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language and the lines inside, `text` beginning on line `line`."""

    language: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Alien:
    """Something that says nothing in this language: HTML, indented code, a quotation."""

    text: Text


_PIPE = re.compile(r"(?<!\\)\|")
_LEVELS_MAX = 100
"""More than Nesting allows (a list and its item are two): markdown-it drops what is deeper."""
Block = Heading | Paragraph | Table | Fence | Alien


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 (loads when used)

    return (
        MarkdownIt("commonmark", {"maxNesting": _LEVELS_MAX})
        .enable("table")
        .disable(["inline", "reference"])
    )


class Nesting(Exception):  # noqa: N818 (caught at once by the compiler, which words the problem)
    """Lists or quotations are nested deeper than the limit, at 1-based `line`."""

    def __init__(self, line: int) -> None:
        """Keep the line."""
        super().__init__(line)
        self.line = line


def blocks(text: str, nesting_max: int) -> list[Block]:
    """Return the blocks in the order of the file; raises Nesting."""
    return list(_Reader(text, nesting_max).read())


class _Reader:
    """Walks the tokens of markdown-it once."""

    def __init__(self, text: str, nesting_max: int) -> None:
        self.lines = text.split("\n")
        self.marks: Sequence[Mark] = _markdown().parse(text)
        self.nesting_max = nesting_max
        self.index = 0
        self.lists = 0
        self.quotes = 0

    def read(self) -> Iterator[Block]:
        while self.index < len(self.marks):
            mark = self.marks[self.index]
            self.index += 1
            self._nest(mark)
            yield from self._block(mark)

    def _nest(self, mark: Mark) -> None:
        if mark.type in ("list_item_open", "list_item_close"):
            self.lists += mark.nesting
        if mark.type in ("blockquote_open", "blockquote_close"):
            self.quotes += mark.nesting
        if self.lists + self.quotes > self.nesting_max:
            raise Nesting(_first(mark) + 1)

    def _block(self, mark: Mark) -> Iterator[Block]:
        match mark.type:
            case "heading_open":
                yield Heading(int(mark.tag[1:]), self._inline(self._next()))
            case "paragraph_open":
                text = self._inline(self._next())
                yield Alien(text) if self.quotes else Paragraph(text, self.lists > 0)
            case "table_open":
                yield self._table()
            case "fence":
                yield self._fence(mark)
            case "html_block" | "code_block":
                yield Alien(self._inline(mark))

    def _next(self) -> Mark:
        mark = self.marks[self.index]
        self.index += 1
        return mark

    def _fence(self, mark: Mark) -> Fence:
        first = _first(mark)
        language = mark.info.strip().split(" ")[0].casefold()
        inner = mark.content.split("\n", 1)[0]
        line = self.lines[first + 1] if first + 1 < len(self.lines) else ""
        return Fence(language, mark.content, first + 2, max(line.find(inner), 0) + 1)

    def _inline(self, mark: Mark) -> Text:
        """Find every line of the content in the lines of the file."""
        content = mark.content.rstrip("\n")
        starts, offset = [], 0
        for number, piece in enumerate(content.split("\n"), _first(mark)):
            found = self.lines[number].find(piece) if number < len(self.lines) else 0
            starts.append((offset, number + 1, max(found, 0) + 1))
            offset += len(piece) + 1
        return Text(content, tuple(starts))

    def _table(self) -> Table:
        rows: list[tuple[Text, ...]] = []
        while (mark := self._next()).type != "table_close":
            if mark.type == "tr_open":
                line = _first(mark)
                rows.append((*self._cells(line), *self._left_over(line, rows)))
        return Table(rows[0], tuple(rows[1:]))

    def _left_over(self, line: int, rows: list[tuple[Text, ...]]) -> Iterator[Text]:
        """Yield the cells that stand beyond the last column: Markdown would drop them."""
        raw = self.lines[line].strip().removeprefix("|")
        cells = _PIPE.split(raw)
        cells = cells[:-1] if raw.endswith("|") and not cells[-1] else cells
        for cell in cells[len(rows[0]) :] if rows else ():
            yield Text(cell.strip(), ((0, line + 1, max(self.lines[line].rfind(cell), 0) + 1),))

    def _cells(self, line: int) -> Iterator[Text]:
        column = 0
        while (mark := self._next()).type != "tr_close":
            if mark.type != "inline":
                continue
            found = self.lines[line].find(mark.content, column)
            column = max(found, column) + 1
            yield Text(mark.content, ((0, line + 1, column),))
            column += len(mark.content)


def _first(mark: Mark) -> int:
    return mark.map[0] if mark.map else 0
