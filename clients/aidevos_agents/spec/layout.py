"""From blocks to the items of a spec: which sentence, row or step stands in which section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from aidevos_agents.spec.blocks import Alien, Block, Fence, Heading, Paragraph, Table
from aidevos_agents.spec.compilation import Problem, Status, Unit
from aidevos_agents.spec.words import Sentence, Text, sentences, whole

Section = Literal["things", "actions", "rules", "pages", "api", "acceptance", "none"]
SECTIONS: dict[str, Section] = {
    "things": "things", "data": "things", "actions": "actions", "rules": "rules",
    "pages": "pages", "api": "api", "routes": "api", "acceptance": "acceptance",
    "scenarios": "acceptance", "acceptance scenarios": "acceptance",
}  # fmt: skip
LATER = {
    "roles": "roles and signing in", "outside services": "outside services",
    "service levels": "service levels",
}  # fmt: skip


@dataclass(eq=False)
class Item:
    """One unit on its way: what is read, and in the end how it ended."""

    sentence: Sentence
    section: Section
    thing: str = ""
    row: dict[str, Sentence] | None = None
    status: Status = "not_understood"
    makes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    first: bool = True
    """Whether it begins its paragraph or list item."""

    @property
    def line(self) -> int:
        """1-based."""
        return self.sentence.line

    def unit(self) -> Unit:
        """Return how it ended."""
        return Unit(
            text=self.sentence.text,
            line=self.sentence.line,
            column=self.sentence.column,
            status=self.status,
            makes=tuple(self.makes),
        )

    def refuse(self, do: str, *, what: str = "", place: tuple[int, int] | None = None) -> None:
        """Keep a problem; the unit is not understood."""
        line, column = place or (self.sentence.line, self.sentence.column)
        said = what or f'not understood: "{self.sentence.text}"'
        self.status = "not_understood"
        self.problems.append(Problem(line=line, column=column, what=said, do=do))

    def understand(self, *makes: str) -> None:
        """The unit made these elements."""
        self.status = "understood"
        self.makes.extend(makes)


@dataclass
class Layout:
    """A spec in parts, in the order of the file."""

    title: Text | None = None
    description: str = ""
    headings: list[tuple[str, Sentence]] = field(default_factory=list)
    """Things: names with their headings."""
    items: list[Item] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    api_table: bool = False

    def of(self, section: Section) -> list[Item]:
        """Return the items of one section."""
        return [item for item in self.items if item.section == section]


def lay_out(found: list[Block]) -> Layout:
    """Sort blocks into sections; what belongs nowhere is refused with the reason."""
    layout = Layout()
    _Sorter(layout).sort(found)
    return layout


class _Sorter:
    """Remembers under which headings the blocks stand."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.section: Section = "none"
        self.name = ""
        self.thing = ""
        self.described = False

    def sort(self, found: list[Block]) -> None:
        for block in found:
            match block:
                case Heading():
                    self._heading(block)
                case Paragraph():
                    self._paragraph(block)
                case Table():
                    self._table(block)
                case Fence():
                    self._fence(block)
                case Alien():
                    self._refused(block.text, "HTML, quotations and code say nothing here.")

    def _heading(self, block: Heading) -> None:
        name = " ".join(block.text.raw.split()).strip()
        if block.level == 1 and self.layout.title is None:
            self.layout.title = block.text
        elif block.level == 2:
            self._section(name, block.text)
        elif block.level == 3 and self.section == "things":
            self.thing = name.casefold()
            self.layout.headings.append((self.thing, whole(block.text)))
        else:
            self._refused(block.text, "Use # once, ## for sections, ### for things.")

    def _section(self, name: str, text: Text) -> None:
        self.section = SECTIONS.get(name.casefold(), "none")
        self.name, self.thing = name, ""
        if self.section == "none" and name.casefold() not in LATER:
            known = ", ".join(dict.fromkeys(SECTIONS.values())).title().replace("Api", "API")
            self._refused(text, f"The sections are: {known}.")

    def _paragraph(self, block: Paragraph) -> None:
        if self.layout.title and not self.name and not block.listed and not self.described:
            self.described = True
            self.layout.description = " ".join(block.text.raw.split())
            self._add(whole(block.text), status="description")
            return
        for index, sentence in enumerate(sentences(block.text)):
            item = self._add(sentence)
            item.first = index == 0
            if self.section in ("none", "api", "acceptance"):
                item.refuse(self._why())

    def _why(self) -> str:
        later = LATER.get(self.name.casefold())
        if later:
            return f"This language has no {later} yet: leave the section out."
        if self.section == "api":
            return "Under API a table is expected: action, route, takes, gives."
        if self.section == "acceptance":
            return "Under Acceptance a fenced block ```gherkin is expected."
        return "Only the paragraph under the title is free text."

    def _table(self, block: Table) -> None:
        heads = [_column(cell.raw) for cell in block.head]
        allowed = {"things": _FIELD_COLUMNS, "api": _API_COLUMNS}.get(self.section, frozenset())
        unknown = [head for head in heads if head not in allowed]
        repeated = len(set(heads)) != len(heads)
        self.layout.api_table = self.layout.api_table or self.section == "api"
        for cells in block.rows:
            item = self._add(_row(cells))
            item.row = dict(zip(heads, map(whole, cells), strict=False))
            if len(cells) > len(heads):
                item.refuse("The row has more cells than the table has columns.")
            elif not allowed or (self.section == "things" and not self.thing):
                item.refuse("A table is expected under a thing (### Name) or under API only.")
            elif unknown or repeated:
                item.refuse(f"The columns here are: {', '.join(sorted(allowed))}.")

    def _fence(self, block: Fence) -> None:
        if self.section == "acceptance" and block.language == "gherkin":
            self.layout.fences.append(block)
            return
        starts = ((0, block.line, block.column),)
        self._refused(Text(block.text, starts), "Only ```gherkin under Acceptance is read.")

    def _refused(self, text: Text, do: str) -> None:
        self._add(whole(text)).refuse(do)

    def _add(self, sentence: Sentence, status: Status = "not_understood") -> Item:
        item = Item(sentence, self.section, self.thing, status=status)
        self.layout.items.append(item)
        return item


_FIELD_COLUMNS = frozenset({"field", "type", "rule"})
_API_COLUMNS = frozenset({"action", "route", "takes", "gives"})
_SAME = {
    "fields": "field", "name": "field", "rules": "rule", "types": "type", "actions": "action",
    "routes": "route", "path": "route",
}  # fmt: skip


def _column(raw: str) -> str:
    name = re.sub(r"[*_`]", "", raw).strip().casefold()
    return _SAME.get(name, name)


def _row(cells: tuple[Text, ...]) -> Sentence:
    """A row as one unit; each cell is read by itself."""
    line, column = cells[0].place(0)
    text = " | ".join(" ".join(cell.raw.split()) for cell in cells)
    return Sentence(text, line, column, (), cells[0])


def words_in(items: list[Item]) -> Iterator[str]:
    """Yield every word that the items use."""
    for item in items:
        for sentence in (item.sentence, *(item.row or {}).values()):
            yield from (token.word for token in sentence.tokens if token.kind == "WORD")
