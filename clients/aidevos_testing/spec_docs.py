"""The language's examples, read from the grammar: for its documentation and for its tests.

`python -m aidevos_testing.spec_docs` prints docs/spec-language.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from aidevos_agents.spec.grammar import source

_TYPED = re.compile(r"^\(([a-z ]+)\) (.*)$")
HEAD = """# The language of product specs

Made from `clients/aidevos_agents/spec/language.lark` by `python -m aidevos_testing.spec_docs`; a
test compares the two and runs every example below.

A spec is a Markdown file. `# Title` names the app, the paragraph under it describes it (the only
free text). Then come the sections `## Things`, `## Actions`, `## Rules`, `## Pages`, `## API` and
`## Acceptance`, each of them optional but the first two. Every sentence, table row and scenario
step must be understood: `aidevos explain SPEC` says how each was taken, and what is wrong where one
was not.

The nouns and verbs are yours: a word is a thing because a heading says so, a field because a table
has it, a value because a type lists it. Capital letters do not matter. Quotes hold texts; values of
one word stand without. A spec has at most 700,000 bytes, 5,000 units, 60 words in a sentence.
Names that the language keeps for itself: `id`, `age`.
"""
TAIL = """
## Not in the language yet

Roles, signing in and ownership; outside services; timers and things that happen by themselves;
service levels; pages of totals; lists of things inside a thing (say: A line belongs to an order).
Such sentences are refused, each with its line.
"""


@dataclass
class Group:
    """Sentences that say the same: the first is the example, the others its variants."""

    sentences: list[str]
    place: str = ""
    """The column or type that a cell's example stands in."""


@dataclass
class Form:
    """One form of the language."""

    section: str
    title: str
    text: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    grammar: list[str] = field(default_factory=list)


def forms() -> list[Form]:
    """Return every documented form, in the grammar's order."""
    found: list[Form] = []
    section = ""
    for line in source().splitlines():
        if line.startswith("// # "):
            section = line[5:]
            found.append(Form(section, ""))
        elif line.startswith("// ## "):
            found.append(Form(section, line[6:]))
        elif found:
            _add(found[-1], line)
    return found


def document() -> str:
    """Return docs/spec-language.md."""
    return HEAD + "".join(_document()) + TAIL


def _add(form: Form, line: str) -> None:
    if line.startswith("// > "):
        typed = _TYPED.match(line[5:])
        place, said = (typed[1], typed[2]) if typed else ("", line[5:])
        form.groups.append(Group([said], place))
    elif line.startswith("// = "):
        form.groups[-1].sentences.append(line[5:])
    elif line.startswith("// "):
        form.text.append(line[3:])
    elif line.strip():
        form.grammar.append(line)


def _document() -> Iterator[str]:
    for form in forms():
        if not form.title:
            yield f"\n## {form.section}\n"
        else:
            yield f"\n### {form.title}\n"
        if form.text:
            yield "\n" + "\n".join(form.text) + "\n"
        for group in form.groups:
            yield from _group(group)
        if form.grammar:
            yield "\n<details><summary>Grammar</summary>\n\n```\n"
            yield "\n".join(form.grammar)
            yield "\n```\n\n</details>\n"


def _group(group: Group) -> Iterator[str]:
    first, *others = group.sentences
    column = f" ({group.place})" if group.place else ""
    yield f"\n- `{first}`{column}\n"
    for other in others:
        yield f"  - the same: `{other}`\n"


if __name__ == "__main__":
    sys.stdout.write(document())
