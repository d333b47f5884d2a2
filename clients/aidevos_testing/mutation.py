"""Seeds faults into generated code by rule: one change of one expression or statement each.

Not seeded is what nobody outside could see (`mutation_unseen.py`), and what compiles to the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aidevos_testing.mutation_rules import RULES
from aidevos_testing.mutation_unseen import unseen

Node = ast.AST


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a rule can seed a fault; `index` counts the nodes of the file's walk."""

    path: str
    line: int
    rule: str
    what: str
    index: int
    variant: int

    @property
    def name(self) -> str:
        """One line for reports."""
        return f"{self.path}:{self.line} {self.rule}: {self.what}"


def faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Yield every fault of the Python files, in the order of paths, nodes and rules."""
    for path, source in sorted(files.items()):
        if path.endswith(".py"):
            tree = ast.parse(source)
            hidden = unseen(tree, files)
            for index, node in enumerate(ast.walk(tree)):
                if node in hidden:
                    continue
                line = getattr(node, "lineno", 0)
                for rule, seed in RULES.items():
                    for variant, (what, other) in enumerate(seed(node)):
                        if not _drops(node, other) & hidden:
                            yield Fault(path, line, rule, what, index, variant)


def with_fault(files: Mapping[str, bytes], fault: Fault) -> dict[str, bytes] | None:
    """Return the files with the fault in them; None if the code compiled is the same."""
    tree = ast.parse(files[fault.path])
    node = next(node for at, node in enumerate(ast.walk(tree)) if at == fault.index)
    right = compile(tree, fault.path, "exec")
    _, other = [*RULES[fault.rule](node)][fault.variant]
    wrong = ast.fix_missing_locations(_Replace(node, other).visit(tree))
    if compile(wrong, fault.path, "exec") == right:
        return None
    return {**files, fault.path: ast.unparse(wrong).encode()}


def _drops(node: Node, other: Node) -> set[Node]:
    """Return the keyword arguments that a variant of a call leaves out."""
    if not isinstance(node, ast.Call) or not isinstance(other, ast.Call):
        return set()
    return {one for one in node.keywords if one not in other.keywords}


class _Replace(ast.NodeTransformer):
    def __init__(self, node: Node, other: Node) -> None:
        self._node = node
        self._other = other

    def generic_visit(self, node: Node) -> Node:
        return self._other if node is self._node else super().generic_visit(node)
