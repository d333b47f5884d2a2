"""What the language has no words for yet, told by the words that such sentences use."""

from __future__ import annotations

from collections.abc import Sequence

from aidevos_agents.spec.lexicon import Lexicon
from aidevos_agents.spec.words import Token

_SUBJECT_MAX = 4
"""Words before `can` that may name who."""
_SMALL = frozenset({"a", "an", "the", "only", "every", "each", "all", "any", "other"})
_TIMERS = ("by itself", "by themselves", "automatically", "every day", "every night", "every hour",
    "every week", "every month", "every minute")  # fmt: skip
_SENDING = frozenset({"send", "sends", "sent", "notify", "notifies", "notified", "emailed"})
_LEVELS = frozenset({"percent", "ms", "milliseconds", "uptime"})


def later(tokens: Sequence[Token], stuck: int, lexicon: Lexicon) -> str:
    """Return what a sentence that is stuck seems to ask of the language to come, or nothing."""
    words = [token.word for token in tokens]
    text = f" {' '.join(words)} "
    if any(f" {phrase} " in text for phrase in _TIMERS):
        return "Timers (what happens by itself, or at a time) are not in the language yet."
    if _SENDING & set(words):
        return "Outside services (mail, messages, payments) are not in the language yet."
    if _LEVELS & set(words):
        return "Service levels are not in the language yet."
    role = _role(words, stuck, lexicon)
    if role:
        return f"Roles ({role} can ...) are not in the language yet. Write: Anyone can ... ."
    return ""


def _role(words: Sequence[str], stuck: int, lexicon: Lexicon) -> str:
    can = next((at for at, word in enumerate(words[: _SUBJECT_MAX + 1]) if word in _CAN), 0)
    names = [word for word in words[:can] if word not in _SMALL]
    known = any(lexicon.names(kind, name) for kind in _KINDS for name in names)
    if not names or known or stuck > can:
        return ""
    return " ".join(words[:can]).capitalize()


_CAN = ("can", "may")
_KINDS = ("THING", "THINGS", "FIELD")
