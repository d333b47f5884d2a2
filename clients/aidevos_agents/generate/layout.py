"""Lays code out as the project's formatter does, so that it needs none: 100 columns, 4 spaces."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
_TEXT = re.compile(r"""(["'])(?:(?!\1)[^\\]|\\.)*\1""")


def quoted(text: str) -> str:
    """Return a Python string literal as the formatter prefers it."""
    mark = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return mark + "".join(c if c.isprintable() else _escape(c) for c in escaped) + mark


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


MEMBER = 4
"""How far the lines of a class's members are moved to the right in the end."""


def call(
    head: str, arguments: Sequence[str], tail: str = "", indent: int = 0, margin: int = 0
) -> list[str]:
    """Return `head(arguments)tail` on one line if it fits, else an argument a line.

    `margin` is how far the lines are moved to the right later.
    """
    space = " " * indent
    flat = f"{space}{head}({', '.join(arguments)}){tail}"
    if len(flat) + margin <= WIDTH or not arguments:
        return [flat]
    return exploded(head, arguments, tail, indent, margin)


def opened(line: str, indent: int) -> list[str]:
    """Return a line that is too long with the arguments of its last call on a line of their own."""
    if indent + len(line) <= WIDTH:
        return [f"{' ' * indent}{line}"]
    return _opened(line, indent)


def _opened(line: str, indent: int) -> list[str]:
    space = " " * indent
    start = _bracket(line)
    if start < 0:
        return [f"{space}{line}"]
    inner = f"{space}    {line[start + 1 : -1]}"
    return [f"{space}{line[: start + 1]}", inner, f"{space})"]


def _bracket(line: str) -> int:
    """Return where the bracket opens that the line's end closes, -1 if it closes none."""
    depth = 0
    for index in range(len(line) - 1, -1, -1) if line.endswith(")") else ():
        depth += (line[index] == ")") - (line[index] == "(")
        if depth == 0:
            return index
    return -1


def function_of(variable: str, text: str) -> str:
    """Return a function of one argument that gives the expression `text` of it."""
    if text.endswith(f"({variable})") and text.count("(") == 1:
        return text.partition("(")[0]
    return f"lambda {variable}: {text}"


def exploded(
    head: str, arguments: Iterable[str], tail: str = "", indent: int = 0, margin: int = 0
) -> list[str]:
    """Return `head(arguments)tail` with an argument a line: one more adds a line."""
    space = " " * indent
    lines = [f"{space}{head}("]
    for argument in arguments:
        whole = f"{space}    {argument},"
        fits = len(whole) + margin <= WIDTH
        *first, last = [whole] if fits else _broken(argument, indent + 4, margin)
        lines += [*first, f"{last.rstrip(',')},"]
    return [*lines, f"{space}){tail}"]


def _broken(argument: str, indent: int, margin: int) -> list[str]:
    """Return an argument that is too long: a text in pieces, a call with its own on a line."""
    if not _TEXT.fullmatch(argument):
        return _opened(argument, indent)
    pieces = [""]
    for word in re.findall(r"\s*\S+\s?|\s+", ast.literal_eval(argument)):
        if len(quoted(pieces[-1] + word)) > WIDTH - indent - margin - 1 and pieces[-1]:
            pieces.append("")
        pieces[-1] += word
    return [f"{' ' * indent}{quoted(piece)}" for piece in pieces]


def docstring(text: str, indent: int = 0, margin: int = 0) -> list[str]:
    """Return a docstring whose first line is a sentence; the rest is wrapped."""
    space = " " * indent
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    text = text.rstrip('"') if text.endswith('"') else text
    text = text if text.endswith((".", "?", "!")) else f"{text}."
    flat = f'{space}"""{text}"""'
    if len(flat) + margin <= WIDTH:
        return [flat]
    first, *rest = textwrap.wrap(text, WIDTH - margin - indent - 3, break_long_words=False)
    if not first.endswith("."):
        return [f'{space}"""{_sentence(first)}', "", *_wrapped(text, indent), f'{space}"""']
    return [f'{space}"""{first}', "", *_wrapped(" ".join(rest), indent), f'{space}"""']


def _sentence(line: str) -> str:
    return line[: WIDTH - 12].rstrip(" .,;:") + " ..."


def _wrapped(text: str, indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=space, subsequent_indent=space, break_long_words=False
    )


def indented(lines: Iterable[str], by: int = 4) -> list[str]:
    """Return the lines moved to the right; empty ones stay empty."""
    space = " " * by
    return [f"{space}{line}" if line else line for line in lines]
