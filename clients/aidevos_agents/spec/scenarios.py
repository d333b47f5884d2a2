"""Gherkin blocks to steps with places; gherkin-official reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from aidevos_agents.spec.blocks import Fence
from aidevos_agents.spec.words import Text

Keyword = Literal["given", "when", "then"]
_KEYWORDS: dict[str, Keyword] = {"Context": "given", "Action": "when", "Outcome": "then"}
_HEAD = "Feature: all\n"


@dataclass(frozen=True, slots=True)
class StepText:
    """One step as written; `variants` are its texts with an outline's examples filled in."""

    keyword: Keyword
    text: Text
    variants: tuple[str, ...] = ()


@dataclass(slots=True)
class Play:
    """A scenario, or the background, which has no name."""

    name: str
    line: int
    steps: list[StepText] = field(default_factory=list)
    examples: list[Text] = field(default_factory=list)
    """Rows of an outline, one per variant of its steps."""
    background: bool = False


@dataclass(slots=True)
class Plays:
    """All scenarios of one block, and what in it is none."""

    plays: list[Play] = field(default_factory=list)
    refused: list[tuple[Text, str]] = field(default_factory=list)


def plays_of(fence: Fence) -> Plays:
    """Read one block; what gherkin does not know is refused line by line."""
    from gherkin.errors import CompositeParserException, ParserException  # noqa: PLC0415
    from gherkin.parser import Parser  # noqa: PLC0415 (loads when used)

    lines = fence.text.split("\n")
    head = "" if fence.text.lstrip().startswith("Feature:") else _HEAD
    try:
        document = Parser().parse(head + fence.text)
    except CompositeParserException as error:
        return _broken(fence, lines, str(error.errors[0]))
    except ParserException as error:
        return _broken(fence, lines, str(error))
    return _Reading(fence, lines, 1 if head else 0).read(document)


class _Reading:
    """Turns gherkin's document into plays with places in the file."""

    def __init__(self, fence: Fence, lines: list[str], shift: int) -> None:
        self.fence = fence
        self.lines = lines
        self.shift = shift
        self.found = Plays()

    def read(self, document: Any) -> Plays:
        for comment in document.get("comments", ()):
            self._refuse(comment, "Comments are not read.")
        feature = document.get("feature") or {}
        self._free_text(feature, "A feature has no text of its own.")
        for child in feature.get("children", ()):
            self._child(child)
        return self.found

    def _child(self, child: Any) -> None:
        if "background" in child:
            self._play(child["background"], background=True)
        elif "scenario" in child:
            self._play(child["scenario"], background=False)
        else:
            self._refuse(child["rule"], "Rule is not read: write scenarios.")

    def _play(self, node: Any, *, background: bool) -> None:
        self._free_text(node, "A scenario has no text of its own: only steps.")
        rows = [row for example in node.get("examples", ()) for row in _rows(example)]
        play = Play(node["name"].strip(), self._line(node), background=background)
        play.examples = [self._text(row) for row, _ in rows]
        keyword: Keyword = "given"
        for step in node["steps"]:
            keyword = _KEYWORDS.get(step["keywordType"], keyword)
            variants = tuple(_filled(step["text"], values) for _, values in rows)
            if "docString" in step or "dataTable" in step:
                self._refuse(step, "A step is one line here.")
                continue
            play.steps.append(StepText(keyword, self._step(step), variants))
        self.found.plays.append(play)

    def _free_text(self, node: Any, do: str) -> None:
        if node.get("description", "").strip():
            self._refuse(node, do)
        for tag in node.get("tags", ()):
            self._refuse(tag, "Tags are not read.")

    def _refuse(self, node: Any, do: str) -> None:
        self.found.refused.append((self._text(node), do))

    def _line(self, node: Any) -> int:
        return int(node["location"]["line"]) - 1 - self.shift + self.fence.line

    def _text(self, node: Any) -> Text:
        number = int(node["location"]["line"]) - 1 - self.shift
        raw = self.lines[number].strip() if 0 <= number < len(self.lines) else ""
        return self._at(number, raw)

    def _step(self, step: Any) -> Text:
        return self._at(int(step["location"]["line"]) - 1 - self.shift, step["text"].strip())

    def _at(self, number: int, raw: str) -> Text:
        line = self.lines[number] if 0 <= number < len(self.lines) else ""
        column = max(line.find(raw), 0) + self.fence.column
        return Text(raw, ((0, number + self.fence.line, column),))


def _rows(example: Any) -> Iterator[tuple[Any, dict[str, str]]]:
    head = [cell["value"] for cell in (example.get("tableHeader") or {"cells": ()})["cells"]]
    for row in example.get("tableBody", ()):
        yield row, dict(zip(head, (cell["value"] for cell in row["cells"]), strict=False))


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


def _broken(fence: Fence, lines: list[str], why: str) -> Plays:
    found = Plays()
    reason = why.split("): ", 1)[-1].split("\n", 1)[0]
    for number, line in enumerate(lines):
        if line.strip():
            text = Text(line.strip(), ((0, number + fence.line, fence.column),))
            found.refused.append((text, f"This is not Gherkin: {reason}"))
    return found
