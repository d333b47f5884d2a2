"""Words for random apps: some plain, some that the language uses itself, some made up."""

from __future__ import annotations

from aidevos_agents.spec.grammar import closed_words
from hypothesis import strategies as st

THINGS = (
    "garden", "plant", "list", "item", "box", "city", "member", "trip", "shopping list", "song",
    "playlist", "issue", "label", "team", "match", "dish", "hobby", "room", "meeting", "tool",
    "class", "key", "rule", "page", "art work", "habit", "entry", "course", "lens", "wine glass",
)  # fmt: skip
FIELDS = (
    "title", "name", "order", "number", "text", "note", "count", "total", "status", "rank", "size",
    "weight", "price", "fee", "stars", "level", "due_on", "seen", "done", "open", "kind", "colour",
    "tags", "hints", "start", "end", "since", "code", "email", "link", "page_count", "value",
    "date", "time", "sum", "is_new", "first", "place", "owner", "user",
)  # fmt: skip
VERBS = (
    "water", "finish", "archive", "pin", "start", "stop", "rate", "promote", "reset", "hide",
    "check out", "mark as done", "vote for", "open", "close", "book", "order", "ship", "skip",
    "bump", "press",
)  # fmt: skip
CHOICES = (
    "red", "green", "blue", "open", "closed", "small", "large", "first", "last", "in progress",
    "to do", "Done", "none", "given", "high", "low", "daily", "9 to 5", "a-b", 'so "quoted"',
)  # fmt: skip
_LETTERS = "abcdefghijklmnoprstuvw"
TEXT = "abcXYZ 019.,;:!?'\"\\|*_-<>#()[]{}\n\u00e9\u00df\u65e5\u201c\u2019"


def made_up() -> st.SearchStrategy[str]:
    """Return words that no dictionary has and the language does not use."""
    words = st.text(_LETTERS, min_size=3, max_size=9)
    return words.filter(lambda word: word not in closed_words() and word != "age")


def thing_names() -> st.SearchStrategy[str]:
    """Return names of things."""
    return st.sampled_from(THINGS) | made_up()


def field_names() -> st.SearchStrategy[str]:
    """Return names of fields."""
    return st.sampled_from(FIELDS) | st.sampled_from(FIELDS) | made_up()


def texts(shortest: int = 0, longest: int = 12) -> st.SearchStrategy[str]:
    """Return texts with everything that a careless language stumbles over."""
    return st.text(TEXT, min_size=shortest, max_size=max(shortest, longest))
