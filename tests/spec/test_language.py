"""Every example of the grammar is understood, variants say the same, and the document is true."""

from pathlib import Path

import msgspec
import pytest
from aidevos_agents.spec import Compilation, compile_spec
from aidevos_agents.spec.grammar import source
from aidevos_agents.spec.model import App
from aidevos_testing.spec_docs import Form, Group, document, forms
from garden import spec

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "clients" / "aidevos_agents" / "spec"
SAYS_NOTHING = frozenset({"optional"})
"""What holds without being said; it is understood as part of its row."""
CASES = [(form, group) for form in forms() for group in form.groups]
NOUNS_AND_VERBS = (
    "todo todos book books review reader librarian product cart clerk customer lend ship finish"
    " isbn stars borrower stock sku order"
)


def compiled(form: Form, group: Group, said: str) -> Compilation:
    return compile_spec(spec(form.section, form.title, group.place, said))


def draft(found: Compilation) -> App:
    assert found.draft is not None
    routes = found.draft.routes or ()
    plain = tuple(
        msgspec.structs.replace(route, action=msgspec.structs.replace(route.action, verb=""))
        for route in routes
        if route.action.kind in ("list", "show")
    )
    actions = tuple(
        one if one.kind == "custom" else msgspec.structs.replace(one, verb="")
        for one in found.draft.actions
    )
    return msgspec.structs.replace(found.draft, routes=plain or found.draft.routes, actions=actions)


@pytest.mark.parametrize(
    ("form", "group"), CASES, ids=[group.sentences[0][:40] for _, group in CASES]
)
def test_an_example_is_understood_and_its_variants_say_the_same(form: Form, group: Group) -> None:
    first = compiled(form, group, group.sentences[0])
    for said in group.sentences:
        found = compiled(form, group, said)
        covered = found.coverage
        problems = "\n".join(one.sentence() for one in found.problems if "nobody" not in one.what)
        assert covered.sentences == covered.understood, f"{said}\n{problems}"
        assert draft(found) == draft(first), said


@pytest.mark.parametrize(
    ("form", "group"), CASES, ids=[group.sentences[0][:40] for _, group in CASES]
)
def test_without_an_example_the_app_is_another(form: Form, group: Group) -> None:
    if group.sentences[0] in SAYS_NOTHING or form.title == "What is given":
        return
    with_it = compiled(form, group, group.sentences[0])
    without = compiled(form, group, "")
    assert with_it.draft != without.draft


def test_the_document_is_made_from_the_grammar() -> None:
    assert (ROOT / "docs" / "spec-language.md").read_text() == document()


def test_each_form_of_the_document_has_an_example() -> None:
    bare = [form.title for form in forms() if form.title and not form.groups]
    assert bare == []


def test_the_compiler_knows_no_noun_or_verb_of_the_examples() -> None:
    rules = "\n".join(line for line in source().splitlines() if not line.startswith("//"))
    code = "\n".join(path.read_text() for path in SPEC.glob("*.py"))
    for word in NOUNS_AND_VERBS.split():
        assert f" {word.upper()} " not in rules
        assert f'"{word}"' not in code
