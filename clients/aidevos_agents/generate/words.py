"""An author's words as names of code: `shopping item` to `shopping_item`, `ship` to `shipped`."""

from __future__ import annotations

import re
import unicodedata

from aidevos.objects.schema import python_name

_IRREGULAR = {
    "be": "been", "become": "become", "begin": "begun", "bind": "bound", "break": "broken",
    "bring": "brought", "build": "built", "buy": "bought", "catch": "caught", "choose": "chosen",
    "cut": "cut", "deal": "dealt", "do": "done", "draw": "drawn", "drive": "driven", "eat": "eaten",
    "feed": "fed", "find": "found", "forget": "forgotten", "freeze": "frozen", "get": "got",
    "give": "given", "go": "gone", "grow": "grown", "hang": "hung", "hear": "heard",
    "hide": "hidden", "hit": "hit", "hold": "held", "keep": "kept", "know": "known",
    "lay": "laid", "lead": "led", "leave": "left", "lend": "lent", "let": "let", "light": "lit",
    "lose": "lost", "make": "made", "meet": "met", "overdo": "overdone", "pay": "paid",
    "put": "put", "quit": "quit", "read": "read", "rebuild": "rebuilt", "redo": "redone",
    "repay": "repaid", "reset": "reset", "rewrite": "rewritten", "ring": "rung", "run": "run",
    "say": "said", "see": "seen", "sell": "sold", "send": "sent", "set": "set", "shake": "shaken",
    "show": "shown", "shut": "shut", "sing": "sung", "sleep": "slept", "speak": "spoken",
    "spend": "spent", "split": "split", "spread": "spread", "steal": "stolen", "stick": "stuck",
    "swear": "sworn", "sweep": "swept", "take": "taken", "teach": "taught", "tell": "told",
    "think": "thought", "throw": "thrown", "undo": "undone", "wake": "woken", "wear": "worn",
    "win": "won", "wind": "wound", "withdraw": "withdrawn", "write": "written",
}  # fmt: skip
_DOUBLED = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")


def snake(words: str) -> str:
    """Return the words as a Python identifier in lower case, ASCII only."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if name[:1].isalpha() else f"x_{name}".rstrip("_")


def camel(words: str) -> str:
    """Return the words as a class name."""
    return "".join(part.capitalize() for part in snake(words).split("_"))


def slug(words: str) -> str:
    """Return the words as a path segment: a-z, 0-9 and -."""
    return snake(words).replace("_", "-")


def identifier(field: str) -> str:
    """Return a field's name as a Python name."""
    return python_name(field)


def participle(verb: str) -> str:
    """Return the past participle of the verb's first word, the others kept: `checked out`."""
    first, _, rest = verb.partition(" ")
    done = _IRREGULAR.get(first) or _regular(first)
    return f"{done} {rest}".rstrip()


def _regular(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    if len(verb) > 1 and verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ied"
    return f"{verb}{verb[-1]}ed" if _DOUBLED.fullmatch(verb) else f"{verb}ed"


def with_article(noun: str) -> str:
    """Return `a todo`, `an order`."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
