"""What no fault is seeded into, because nobody outside could see it.

- docstrings, annotations, imports, `__all__`, texts for people (with a space in them);
- defaults in `class State`: the event that makes a thing sets every field;
- defaults of an event's fields that are given wherever the event is made;
- arguments of a page that its template does not use;
- constants of a module that nothing reads;
- checks of an effect that sets a constant: the generator has checked it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

Node = ast.AST


def unseen(tree: ast.Module, files: Mapping[str, bytes]) -> set[Node]:
    """Return the nodes of one file of a bundle whose faults nobody could see."""
    return (
        _no_behaviour(tree)
        | _always_given(tree, files)
        | _unused(tree, files)
        | _unread(tree, files)
        | _constant(tree)
    )


def _no_behaviour(tree: ast.Module) -> set[Node]:
    """Return the nodes that are no behaviour."""
    roots: list[Node | None] = []
    for node in ast.walk(tree):
        roots += [getattr(node, "annotation", None), getattr(node, "returns", None)]
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.ClassDef(name="State"):
                roots.append(node)
            case _:
                pass
    return {node for root in roots if root is not None for node in ast.walk(root)}


def _always_given(tree: ast.Module, files: Mapping[str, bytes]) -> set[Node]:
    """Return the defaults of fields of events that every making of the event gives."""
    sources = [ast.parse(source) for path, source in files.items() if path.endswith(".py")]
    calls = [node for one in sources for node in ast.walk(one) if isinstance(node, ast.Call)]
    found: set[Node] = set()
    for cls in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
        made = [call for call in calls if _called(call) == cls.name]
        given = [{keyword.arg for keyword in call.keywords} for call in made]
        for line in cls.body:
            match line:
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    if given and all(name in names for names in given):
                        found.update(ast.walk(value))
                case _:
                    pass
    return found


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _unused(tree: ast.Module, files: Mapping[str, bytes]) -> set[Node]:
    """Return the arguments of pages that no template of the page's folder speaks of.

    A page without a form has no refused one: its problem is never told.
    """
    found: set[Node] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="page"), args=[ast.Constant(value=str() as path)]
            ):
                shell = path.rpartition("/")[0] + "/base.html"
                words = set(re.findall(rb"\w+", files.get(path, b"") + files.get(shell, b"")))
                words -= set() if b"<form" in files.get(path, b"") else {b"problem"}
                unused = [one for one in node.keywords if (one.arg or "").encode() not in words]
                found.update(unused)
            case _:
                pass
    return found


def _unread(tree: ast.Module, files: Mapping[str, bytes]) -> set[Node]:
    """Return the module's constants that are named nowhere else in the bundle."""
    text = b"\n".join(source for path, source in files.items() if path.endswith(".py"))
    found: set[Node] = set()
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                # Another module's constant of that name may hide one that is unread: then it stays.
                if len(re.findall(rb"\b%s\b" % name.encode(), text)) == 1:
                    found.update(ast.walk(statement))
            case _:
                pass
    return found


def _constant(tree: ast.Module) -> set[Node]:
    """Return the checks of effects that set a constant or the time, and the end of such alone."""
    found: set[Node] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            checks = [node for node in ast.walk(function) if _is_effect(node, "value")]
            plain = [node for node in checks if _sets_constant(node)]
            found.update(plain)
            if plain == checks:
                found.update(
                    node
                    for node in ast.walk(function)
                    if isinstance(node, ast.Expr) and _is_effect(node.value, "done")
                )
    return found


def _is_effect(node: Node, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="effects"), attr=attr)):
            return attr.startswith(name)
        case _:
            return False


def _sets_constant(node: Node) -> bool:
    match node:
        case ast.Call(args=[_, ast.Constant() | ast.Attribute(attr="now")]):
            return True
        case _:
            return False
