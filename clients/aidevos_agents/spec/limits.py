"""What no spec may exceed, looked at before anything is parsed, so nonsense is refused at once."""

from __future__ import annotations

from aidevos_agents.spec.compilation import Problem

BYTES_MAX = 700_000
UNITS_MAX = 5_000
WORDS_MAX = 60
"""Words in one sentence, cell or step."""
NESTING_MAX = 20
"""Lists in lists, quotes in quotes, brackets in brackets."""


def decoded(source: str | bytes) -> str | Problem:
    """Return the text of `source`, or why it cannot be a spec."""
    if len(source) > BYTES_MAX:
        return _whole(
            f"the spec has {len(source):,} bytes, more than {BYTES_MAX:,}",
            "Split the product into several services, each with its own spec.",
        )
    text = _text(source)
    if text is None:
        return _whole("this is not text in UTF-8", "Give a Markdown file.")
    if "\0" in text:
        return _whole("this is a binary file: it has a NUL byte", "Give a Markdown file.")
    if not text.strip():
        return _whole("the spec is empty", "Begin with a title: # Name of the product.")
    return text


def _text(source: str | bytes) -> str | None:
    try:
        text = source.decode() if isinstance(source, bytes) else source
        text.encode()
    except UnicodeError:
        return None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _whole(what: str, do: str) -> Problem:
    return Problem(line=0, column=0, what=what, do=do)
