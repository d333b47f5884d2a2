"""Kinds whose values are text or truth: text, link, choice, reference, yes or no."""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aidevos.objects.fields.base import Field, Json, WrongValueError, wrong_type

LONGEST_DEFAULT = 10_000
"""Most characters of a text that says no limit."""
CLASSES: dict[str, Callable[[str], bool]] = {
    "digits": lambda character: character in string.digits,
    "letters": str.isalpha,
    "capital letters": lambda character: character in string.ascii_uppercase,
    "small letters": lambda character: character in string.ascii_lowercase,
    "dashes": lambda character: character == "-",
    "spaces": lambda character: character == " ",
}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_NEVER = re.compile("[\x00\ud800-\udfff]")
_NOT_IN_LINKS = re.compile(r"[\x00-\x20\x7f]")


def read_text(given: Json) -> str:
    """Return a JSON string that can be stored and shown anywhere. WrongValueError."""
    if not isinstance(given, str):
        raise wrong_type("text")
    if _NEVER.search(given):
        raise WrongValueError(
            "TYPE", "has a character that no text can have (U+0000 or half a pair)"
        )
    return given


def text_order(value: str | None) -> Any:
    """Return what texts are compared and sorted by: casefold, then code points."""
    return None if value is None else (value.casefold(), value)


def check_length(value: str, shortest: int, longest: int) -> None:
    """Raise WrongValueError if the text has too few or too many characters (code points)."""
    if len(value) < shortest:
        raise WrongValueError("TOO_SHORT", f"must have at least {_characters(shortest)}")
    if len(value) > longest:
        raise WrongValueError("TOO_LONG", f"must have at most {_characters(longest)}")


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"


@dataclass(frozen=True, slots=True)
class Text(Field[str]):
    """Text of `shortest` to `longest` characters, all of the given classes if any are given."""

    shortest: int = 0
    longest: int = LONGEST_DEFAULT
    characters: tuple[str, ...] = ()
    """Keys of CLASSES."""

    def read(self, given: Json) -> str:
        """Return the text."""
        return read_text(given)

    def check(self, value: str) -> None:
        """Refuse TOO_SHORT, TOO_LONG, CHARACTERS."""
        check_length(value, self.shortest, self.longest)
        if self.characters and not all(map(self._fits, value)):
            raise WrongValueError("CHARACTERS", f"may have only {', '.join(self.characters)}")

    def order(self, value: str | None) -> Any:
        """Compare by casefold, then by code points."""
        return text_order(value)

    def _fits(self, character: str) -> bool:
        return any(CLASSES[name](character) for name in self.characters)


@dataclass(frozen=True, slots=True)
class Link(Field[str]):
    """An absolute http(s) address."""

    def read(self, given: Json) -> str:
        """Return the address as it was written."""
        value = read_text(given)
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or _NOT_IN_LINKS.search(value):
            raise wrong_type("an http or https address")
        return value

    def order(self, value: str | None) -> Any:
        """Compare by casefold, then by code points."""
        return text_order(value)


@dataclass(frozen=True, slots=True)
class Choice(Field[str]):
    """One of some words, which are in order."""

    choices: tuple[str, ...] = ()

    def read(self, given: Json) -> str:
        """Return the word, be it a choice or not."""
        if not isinstance(given, str):
            raise wrong_type("text")
        return given

    def parse(self, text: str) -> str:
        """Return the choice."""
        if text not in self.choices:
            raise wrong_type(f"one of {', '.join(self.choices)}")
        return text

    def check(self, value: str) -> None:
        """Refuse NOT_A_CHOICE."""
        if value not in self.choices:
            raise WrongValueError("NOT_A_CHOICE", f"must be one of {', '.join(self.choices)}")

    def order(self, value: str | None) -> Any:
        """Compare by the position among the choices."""
        if value is None:
            return None
        return self.choices.index(value) if value in self.choices else len(self.choices)


@dataclass(frozen=True, slots=True)
class Reference(Field[str]):
    """The id of another thing. Whether that thing is there, the group knows (Checks)."""

    def read(self, given: Json) -> str:
        """Return the id, be it one or not."""
        if not isinstance(given, str):
            raise wrong_type("text")
        return given


@dataclass(frozen=True, slots=True)
class YesNo(Field[bool]):
    """True or false; no comes before yes."""

    def read(self, given: Json) -> bool:
        """Return the truth; numbers and words are none."""
        if not isinstance(given, bool):
            raise wrong_type("true or false")
        return given

    def parse(self, text: str) -> bool:
        """Return the truth of true, yes, false or no."""
        if text not in _WORDS:
            raise wrong_type("true or false")
        return _WORDS[text]
