"""The rules by which faults are seeded: each gives variants of one node of the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TypeGuard

Node = ast.AST
Variant = tuple[str, Node]
Rule = Callable[[Node], Iterator[Variant]]

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
NUMBER = re.compile(r"-?\d+(\.\d+)?")
REASON = re.compile(r"[A-Z][A-Z_]+")
WORD = re.compile(r"[a-z][a-z_]*")
NULL_RULES = {
    "required": "optional",
    "optional": "required",
    "change": "change_or_clear",
    "change_or_clear": "change",
    "value": "value_or_none",
}
"""Which of the fields' checks stands for which other one when null is judged wrongly."""


def _comparison(node: Node) -> Iterator[Variant]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = COMPARISONS[type(node.ops[0])]
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        wrong = ast.Compare(node.left, [other()], node.comparators)
        yield f"{left} {other.__name__} {right}", wrong


def _number(node: Node) -> Iterator[Variant]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for value in (node.value + 1, node.value - 1):
            yield f"{node.value} as {value}", ast.Constant(value)
    if _is_text(node, NUMBER):
        yield f"{node.value!r} as {node.value!s}1", ast.Constant(f"{node.value!s}1")


def _yes_no(node: Node) -> Iterator[Variant]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} as {not node.value}", ast.Constant(not node.value)


def _text(node: Node) -> Iterator[Variant]:
    """Another reason, another choice, another field's name."""
    if _is_text(node, REASON):
        yield f"{ast.unparse(node)} as OTHER", ast.Constant("OTHER")
    if _is_text(node, WORD):
        yield f"{ast.unparse(node)} as 'other'", ast.Constant("other")


def _is_text(node: Node, pattern: re.Pattern[str]) -> TypeGuard[ast.Constant]:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return pattern.fullmatch(node.value) is not None


def _logic(node: Node) -> Iterator[Variant]:
    match node:
        case ast.BoolOp(op=ast.And()):
            yield f"or in {ast.unparse(node)}", ast.BoolOp(ast.Or(), node.values)
        case ast.BoolOp(op=ast.Or()):
            yield f"and in {ast.unparse(node)}", ast.BoolOp(ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield f"not dropped: {ast.unparse(node)}", node.operand
        case _:
            pass


def _arithmetic(node: Node) -> Iterator[Variant]:
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        other = ARITHMETIC[type(node.op)]
        yield f"{other.__name__} in {ast.unparse(node)}", ast.BinOp(node.left, other(), node.right)


def _dropped_call(node: Node) -> Iterator[Variant]:
    """Drop a check, an emit, a cascade: whatever is called for its effect."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield f"dropped: {ast.unparse(node)[:80]}", ast.Pass()


def _dropped_change(node: Node) -> Iterator[Variant]:
    """Skip a change of state, or the check that gives a name its checked value."""
    match node:
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign():
            yield f"dropped: {ast.unparse(node)[:80]}", ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=args)):
            if any(isinstance(one, ast.Name) and one.id == name for one in args):
                yield f"dropped: {ast.unparse(node)[:80]}", ast.Pass()
        case _:
            pass


def _branch(node: Node) -> Iterator[Variant]:
    """Take a branch never, or always: a check that is not made, a rule for null that is ignored."""
    if isinstance(node, ast.If):
        for value in (False,) if _asks_whether_anything_differs(node.test) else (False, True):
            wrong = ast.If(ast.Constant(value), node.body, node.orelse)
            yield f"if {ast.unparse(node.test)} always {value}", wrong
    if isinstance(node, ast.IfExp):
        yield f"never: {ast.unparse(node)[:80]}", node.orelse
        yield f"always: {ast.unparse(node)[:80]}", node.body


def _asks_whether_anything_differs(test: ast.expr) -> bool:
    match test:
        case ast.Call(func=ast.Attribute(attr="differs"), args=[_, _]):
            return True
        case _:
            return False


def _dropped_keyword(node: Node) -> Iterator[Variant]:
    """Leave out a bound, a direction, a field of an event."""
    if isinstance(node, ast.Call):
        for index, keyword in enumerate(node.keywords):
            rest = [*node.keywords[:index], *node.keywords[index + 1 :]]
            wrong = ast.Call(node.func, node.args, rest)
            yield f"dropped: {ast.unparse(keyword)[:80]}", wrong


def _null_rule(node: Node) -> Iterator[Variant]:
    """Judge null, or absence, by another rule."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in NULL_RULES:
            other = NULL_RULES[name]
            wrong = ast.Call(ast.Attribute(value, other, ast.Load()), node.args, node.keywords)
            yield f"{name} as {other}: {ast.unparse(node)[:80]}", wrong
        case _:
            pass


def _dropped_entry(node: Node) -> Iterator[Variant]:
    """Leave a field out of what is shown."""
    if isinstance(node, ast.Dict):
        for index, key in enumerate(node.keys):
            keys = [*node.keys[:index], *node.keys[index + 1 :]]
            values = [*node.values[:index], *node.values[index + 1 :]]
            if key is not None:
                yield f"entry dropped: {ast.unparse(key)}", ast.Dict(keys, values)


def _swapped_items(node: Node) -> Iterator[Variant]:
    """Put the first choice after the second."""
    match node:
        case ast.keyword(arg="choices", value=ast.Tuple(elts=[first, second, *rest])):
            wrong = ast.Tuple([second, first, *rest], ast.Load())
            yield f"swapped: {ast.unparse(node)[:80]}", ast.keyword("choices", wrong)
        case _:
            pass


def _dropped_item(node: Node) -> Iterator[Variant]:
    """Leave out one of several checks, fields, sort keys."""
    if isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
        for index in range(len(node.elts)) if len(node.elts) > 1 else ():
            rest = [*node.elts[:index], *node.elts[index + 1 :]]
            text = ast.unparse(node.elts[index])[:80]
            yield f"item dropped: {text}", type(node)(rest, ast.Load())


def _filter(node: Node) -> Iterator[Variant]:
    """Forget the condition of a comprehension."""
    if isinstance(node, ast.comprehension) and node.ifs:
        wrong = ast.comprehension(node.target, node.iter, [], node.is_async)
        yield f"if dropped: {ast.unparse(node.ifs[0])[:80]}", wrong


RULES: dict[str, Rule] = {
    "comparison": _comparison,
    "number": _number,
    "yes_no": _yes_no,
    "text": _text,
    "null rule": _null_rule,
    "dropped keyword": _dropped_keyword,
    "dropped entry": _dropped_entry,
    "swapped items": _swapped_items,
    "logic": _logic,
    "arithmetic": _arithmetic,
    "dropped call": _dropped_call,
    "dropped change": _dropped_change,
    "branch": _branch,
    "dropped item": _dropped_item,
    "filter": _filter,
}
