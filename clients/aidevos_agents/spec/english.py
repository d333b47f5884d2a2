"""The little English that no author needs to bring: regular forms, and what is irregular."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_VOWELS = "aeiou"
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeio])")
_DOUBTFUL = (
    "f", "fe", "o", "us", "is", "on", "um", "ix", "ex", "a", "man", "ouse", "ooth", "oot", "oose",
    "child", "ox", "s", "z", "fish", "sheep", "deer", "craft",
)  # fmt: skip
"""Endings of nouns that a dictionary must be asked about."""
_SILENT = ("v", "c", "u", "z", "at", "bl", "cl", "pl", "tl", "dg", "rg", "as", "os", "us", "ir")
"""Ends of stems that lost an e before -ed."""
_IRREGULAR = {
    "made": "make", "seen": "see", "shown": "show", "gotten": "get", "found": "find",
    "set": "set", "put": "put", "sent": "send", "sold": "sell", "bought": "buy", "taken": "take",
    "given": "give", "begun": "begin", "kept": "keep", "held": "hold", "done": "do",
    "written": "write", "built": "build", "won": "win", "lost": "lose", "met": "meet",
    "told": "tell", "cut": "cut", "hidden": "hide", "chosen": "choose", "broken": "break",
    "drawn": "draw", "grown": "grow", "thrown": "throw", "spent": "spend", "left": "leave",
    "brought": "bring", "caught": "catch", "eaten": "eat", "drunk": "drink", "sung": "sing",
    "undone": "undo", "withdrawn": "withdraw", "split": "split", "hit": "hit",
}  # fmt: skip


def regular_plural(noun: str) -> str:
    """Return the plural that the spelling rules give; the last word alone changes."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


@cache
def true_plural(noun: str) -> str:
    """Return the plural as English has it; doubtful nouns are slow at first: a dictionary loads."""
    if not noun.endswith(_DOUBTFUL):
        return regular_plural(noun)
    import inflect  # noqa: PLC0415 (half a second that regular nouns never pay)

    return str(inflect.engine().plural_noun(noun)) or regular_plural(noun)


def singulars(noun: str) -> Iterator[str]:
    """Yield what `noun` may be the regular plural of."""
    if noun.endswith("ies"):
        yield noun[:-3] + "y"
    if noun.endswith("es"):
        yield noun[:-2]
    if noun.endswith("s"):
        yield noun[:-1]


def is_participle(word: str) -> bool:
    """Whether `word` may be the past participle of a verb."""
    return word in _IRREGULAR or (word.endswith("ed") and len(word) > 3)


def bases(word: str) -> Iterator[str]:
    """Yield the verbs that `word` may be another form of."""
    if word in _IRREGULAR:
        yield _IRREGULAR[word]
    if word.endswith("ied"):
        yield word[:-3] + "y"
    if word.endswith("ed") and len(word) > 3:
        yield from _before_ed(word[:-2])
    yield from singulars(word)


def likeliest(word: str) -> str:
    """Return the verb that `word` is a form of by its spelling alone."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not is_participle(word):
        return word
    stem = word[:-2]
    if word.endswith("ied"):
        return word[:-3] + "y"
    if stem[-1:] == stem[-2:-1] and stem[-1:] not in "sl":
        return stem[:-1]
    return stem + "e" if stem.endswith(_SILENT) else stem


def article(noun: str) -> str:
    """Return `a noun` or `an noun`."""
    return f"an {noun}" if noun[0] in _VOWELS else f"a {noun}"


def with_articles(text: str) -> str:
    """Return `text` with `an` before vowels where it says `a`."""
    return _ARTICLE.sub(r"\1n ", text)


def _before_ed(stem: str) -> Iterator[str]:
    yield stem
    yield stem + "e"
    if stem[-1:] == stem[-2:-1]:
        yield stem[:-1]
