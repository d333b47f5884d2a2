"""Words for a parse that is stuck: what was expected there, and which name may be meant."""

from __future__ import annotations

from collections.abc import Sequence

from aidevos_agents.spec.grammar import OPEN, Stuck
from aidevos_agents.spec.lexicon import Lexicon
from aidevos_agents.spec.words import Token

_NAMES = {
    "THING": "a thing", "THINGS": "things", "FIELD": "a field", "VALUE": "a value",
    "PAGE": "a page", "PART": "what is done to it", "WORD": "a verb", "ANYWORD": "a word",
    "STRING": 'a text in quotes "..."', "INT": "a number", "DECIMAL": "a number",
    "DATE": "a date", "TIME": "a time", "CURRENCY": "a currency", "BOLD": "**a page's name**",
    "COMMA": ",", "COLON": ":", "SEMI": ";", "LPAR": "(", "RPAR": ")", "POSS": "'s", "SLASH": "/",
}  # fmt: skip
_SHOWN_MAX = 8


def expectation(stuck: Stuck, tokens: Sequence[Token], lexicon: Lexicon) -> str:
    """Return what was expected, where, and the name that comes near to what is there."""
    place = f'After "{tokens[stuck.index - 1].text}"' if stuck.index else "At the beginning"
    wanted = _wanted(stuck.expected)
    if stuck.index >= len(tokens):
        return f"{place} something is missing: {wanted}."
    word = tokens[stuck.index].text
    near = lexicon.near(word, [name for name in stuck.expected if name in OPEN])
    guess = f' Did you mean "{near}"?' if near and near != word.casefold() else ""
    return f'{place} {wanted} is expected, not "{word}".{guess}'


def _wanted(expected: frozenset[str]) -> str:
    open_names = [_NAMES[name] for name in _NAMES if name in expected and name in OPEN]
    marks = [_NAMES[name] for name in expected if name in _NAMES and name not in OPEN]
    closed = [name.removesuffix("_WORD").lower() for name in expected if name not in _NAMES]
    names = list(dict.fromkeys([*open_names, *sorted(closed), *sorted(marks)]))
    shown = ", ".join(names[:_SHOWN_MAX])
    return f"{shown} or the like" if len(names) > _SHOWN_MAX else shown or "the end"
