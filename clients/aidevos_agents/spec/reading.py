"""Reads one unit: its only meaning, or a problem on the item that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aidevos_agents.spec.expected import expectation
from aidevos_agents.spec.grammar import Stuck
from aidevos_agents.spec.later import later
from aidevos_agents.spec.layout import Item
from aidevos_agents.spec.limits import NESTING_MAX, WORDS_MAX
from aidevos_agents.spec.meaning import Nonsense, Reader
from aidevos_agents.spec.words import Sentence, Token
from aidevos_agents.spec.world import World

Wording = Callable[[Any], str]


@dataclass(slots=True)
class Failure:
    """The reading that came furthest before it failed."""

    reach: int
    stuck: Stuck | None
    tokens: list[Token]
    nonsense: list[Nonsense]


def read(
    world: World,
    item: Item,
    sentence: Sentence,
    start: str,
    *,
    pages: bool = False,
    wording: Wording = str,
) -> Any | None:
    """Return what `sentence` means, or None with a problem kept on `item`."""
    if _too_much(item, sentence):
        return None
    failures = []
    for with_pages, merged in [(pages, True), *([(False, True)] if pages else []), (False, False)]:
        tagged = world.lexicon.tag(sentence.tokens, pages=with_pages, merged=merged)
        reader = Reader(world, tagged)
        found = reader.read(start)
        if isinstance(found, list) and found:
            if len(found) == 1:
                return found[0]
            _ambiguous(item, sentence, found, wording)
            return None
        failures.append(_failure(reader, found))
    _refuse(world, item, sentence, max(failures, key=lambda failure: failure.reach))
    return None


def _too_much(item: Item, sentence: Sentence) -> bool:
    words = sum(token.kind not in ("COMMA", "MARK") for token in sentence.tokens)
    if words > WORDS_MAX:
        item.refuse(f"It has {words} words, more than {WORDS_MAX}: say it in several sentences.")
        return True
    depth = deepest = 0
    for token in sentence.tokens:
        depth += (token.kind == "LPAR") - (token.kind == "RPAR")
        deepest = max(deepest, depth)
    if deepest > NESTING_MAX:
        item.refuse(f"Brackets are nested {deepest} deep, more than {NESTING_MAX}.")
    return deepest > NESTING_MAX


def _failure(reader: Reader, found: list[Any] | Stuck) -> Failure:
    if isinstance(found, Stuck):
        return Failure(_end(reader, found), found, reader.tokens, [])
    return Failure(1 << 30, None, reader.tokens, reader.nonsense)


def _end(reader: Reader, stuck: Stuck) -> int:
    if stuck.index < len(reader.tokens):
        return reader.tokens[stuck.index].start
    return reader.tokens[-1].end if reader.tokens else 0


def _refuse(world: World, item: Item, sentence: Sentence, failure: Failure) -> None:
    what = f'not understood: "{sentence.text}"'
    if failure.stuck is not None:
        place = sentence.source.place(failure.reach)
        do = (
            later(failure.tokens, failure.stuck.index, world.lexicon)
            or _follows(world, failure)
            or expectation(failure.stuck, failure.tokens, world.lexicon)
        )
        item.refuse(do, what=what, place=place)
        return
    nonsense = max(failure.nonsense, key=_weight)
    at = nonsense.at.start if nonsense.at else None
    place = sentence.source.place(at) if at is not None else (sentence.line, sentence.column)
    item.refuse(nonsense.sentence(), what=what, place=place)


def _follows(world: World, failure: Failure) -> str:
    """A word that a row brings which is not understood is not this sentence's fault."""
    assert failure.stuck is not None
    rest = failure.tokens[failure.stuck.index :]
    line = world.broken_line(rest[0].word) if rest and rest[0].kind == "WORD" else 0
    named = [text for at, text in world.broken if at == line]
    if not line or rest[0].word.replace("_", " ") not in named:
        return ""
    return f'"{rest[0].text}" is on line {line}, which is not understood. Correct it first.'


def _weight(nonsense: Nonsense) -> tuple[bool, int]:
    """The best explanation says what to do and points far into the sentence."""
    return bool(nonsense.do), nonsense.at.start if nonsense.at else -1


def _ambiguous(item: Item, sentence: Sentence, found: list[Any], wording: Wording) -> None:
    choices = " / ".join(dict.fromkeys(wording(one) for one in found))
    item.refuse(
        f"Which is meant: {choices} Write the one that you mean.",
        what=f'ambiguous: "{sentence.text}"',
        place=(sentence.line, sentence.column),
    )
    item.status = "ambiguous"
