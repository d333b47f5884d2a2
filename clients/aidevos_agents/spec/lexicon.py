"""The author's words: things, fields, values and pages, and the categories of every word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from aidevos_agents.spec.english import bases, is_participle, likeliest
from aidevos_agents.spec.grammar import MARKS, Categories, category, closed_words
from aidevos_agents.spec.words import Token


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FUNCTION_WORDS = _set(
    "a an the its it them and or of to with without in into for on by is are be not no can may"
    " when if unless while that which who whose where all every each any than at as from there"
    " has have i we their this only then optionally giving"
)
"""Words that are never a verb or a name by themselves."""
OWN_VERBS = _set(
    "add create make change edit update modify delete remove list see show view get"
    " browse find read search set"
)
"""The verbs that the language brings: making, changing, deleting, reading."""
_CURRENCY_LETTERS = 3
_OPEN_WORDS = ("THING", "THINGS", "FIELD", "VALUE", "PAGE")

Phrase = tuple[str, ...]
Tagged = tuple[Token, Categories]


class Lexicon:
    """Grows while the spec is read; words are compared by casefold, `_` and space are the same."""

    def __init__(self, words: Iterable[str]) -> None:
        """Keep every word of the spec: they tell which verb a participle comes from."""
        self.words = frozenset(words) | OWN_VERBS
        self._phrases: dict[Phrase, set[str]] = {}
        self._meanings: dict[tuple[str, str], list[str]] = {}
        self._longest = 1

    def add(self, kind: str, phrase: str, name: str) -> None:
        """Let `phrase` stand for the element `name` of category `kind`."""
        key = words_of(phrase)
        if not key:
            return
        self._phrases.setdefault(key, set()).add(kind)
        self._longest = max(self._longest, len(key))
        names = self._meanings.setdefault((kind, " ".join(key)), [])
        if name not in names:
            names.append(name)

    def names(self, kind: str, phrase: str) -> list[str]:
        """Return the elements that `phrase` stands for in category `kind`."""
        return self._meanings.get((kind, " ".join(words_of(phrase))), [])

    def known(self, kind: str) -> list[str]:
        """Return every phrase of a category."""
        return [phrase for found, phrase in self._meanings if found == kind]

    def base(self, word: str) -> str:
        """Return the verb that `word` is a form of: one that the spec uses, if there is one."""
        plain = word.casefold()
        candidates = list(bases(plain))
        return next((base for base in candidates if base in self.words), likeliest(plain))

    def near(self, word: str, kinds: Iterable[str] = _OPEN_WORDS) -> str | None:
        """Return a known phrase that looks like `word`."""
        known = [phrase for kind in kinds for phrase in self.known(kind)]
        found = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.7)
        return found[0] if found else None

    def tag(
        self, tokens: Sequence[Token], *, pages: bool = False, merged: bool = True
    ) -> list[Tagged]:
        """Join words that make one name, the longest first, and tell every word's categories."""
        tagged, index = [], 0
        while index < len(tokens):
            size = self._size_at(tokens, index, pages) if merged else 1
            tagged.append(self._tag(tokens[index : index + size], pages))
            index += size
        return tagged

    def _size_at(self, tokens: Sequence[Token], index: int, pages: bool) -> int:
        words: list[str] = []
        best = 1
        for size, token in enumerate(tokens[index : index + self._longest], 1):
            if token.kind != "WORD":
                break
            words.extend(words_of(token.word))
            if self._kinds(tuple(words), pages):
                best = size
        return best

    def _kinds(self, phrase: Phrase, pages: bool) -> set[str]:
        kinds = self._phrases.get(phrase, set())
        return kinds if pages else kinds - {"PAGE"}

    def _tag(self, tokens: Sequence[Token], pages: bool) -> Tagged:
        first, last = tokens[0], tokens[-1]
        if first.kind != "WORD":
            return first, frozenset({f"_{first.kind}" if first.kind in MARKS else first.kind})
        text = " ".join(token.text for token in tokens)
        kinds = set(self._kinds(words_of(text), pages))
        if len(tokens) == 1:
            kinds |= _kinds_of_word(first)
        return Token("WORD", text, first.start, last.end), frozenset(kinds)


def words_of(phrase: str) -> Phrase:
    """Return the words of a name as the lexicon compares them."""
    return tuple(phrase.casefold().replace("_", " ").split())


def is_currency(token: Token) -> bool:
    """Whether a word is three capital letters."""
    text = token.text
    return len(text) == _CURRENCY_LETTERS and text.isascii() and text.isalpha() and text.isupper()


def _kinds_of_word(token: Token) -> set[str]:
    word = token.word
    kinds = {"ANYWORD"}
    if word not in FUNCTION_WORDS:
        kinds.add("WORD")
    if word in closed_words():
        kinds.add(category(word))
    if is_participle(word):
        kinds.add("PART")
    if is_currency(token):
        kinds.add("CURRENCY")
    return kinds
