"""A long expression becomes several statements.

Goal: no expression is so deep or so long that the passes after this one, which look at expressions whole, take a time
that grows with the square of its length: a formula of a thousand terms is as a program of some dozen lines.

Non-goals: short expressions, which stay as they are written; parts that might not be evaluated (the sides of a
conditional expression, what follows `and`); the test of a `while`, which is evaluated again and again.

>>> import numpy as np
>>> from adcompile.ir.types import FLOAT
>>> expr = Name("x")
>>> for _ in range(DEEPEST + 2):
...     expr = Call(np.sin, (expr,))
>>> long = Function("f", ("x",), (Assign("y", expr), Return(Name("y"))), {"x": FLOAT, "y": FLOAT})
>>> [stmt.target for stmt in in_pieces(long).body[:-1]]
['part', 'y']
"""

from __future__ import annotations

from adcompile.analysis.effects import is_pure
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Assign, Block, Call, Effect, Expr, Function, Name, Names, Return, Stmt, While
from adcompile.ir.types import Scalar, Type
from adcompile.ir.walk import (
    all_names,
    blocks,
    children,
    expressions,
    rebuilt,
    statements,
    with_blocks,
    with_expressions,
)

DEEPEST = 24
"""Calls inside of each other, from which on the inner ones get a name."""
LONGEST = 150
"""Operations, names and numbers."""

_LAZY = (ops.select, ops.both, ops.either)


def in_pieces(function: Function) -> Function:
    """`function` with names for parts of its long expressions; itself where it has none."""
    if not any(_is_long(expr) for stmt in statements(function.body) for expr in expressions(stmt)):
        return function
    pieces = _Pieces(function)
    body = pieces.block(function.body)
    return Function(function.name, function.params, body, pieces.types)


def _is_long(expr: Expr) -> bool:
    waiting, count = [(expr, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > DEEPEST or count > LONGEST:
            return True
        waiting += [(part, depth + 1) for part in children(node)]
    return False


class _Pieces:
    def __init__(self, function: Function) -> None:
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.known: dict[Expr, str] = {}  # the types of calls: a name never has another

    def block(self, old: Block) -> Block:
        result: list[Stmt] = []
        for stmt in old:
            if not isinstance(stmt, (While, Effect, Return)):
                stmt = with_expressions(stmt, [self.cut(expr, stmt, result) for expr in expressions(stmt)])
            result.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
        return tuple(result)

    def cut(self, expr: Expr, stmt: Stmt, before: list[Stmt]) -> Expr:
        """What is left of an expression; the statements that name its parts are appended to `before`."""

        def visit(node: Expr) -> tuple[Expr, int, int]:
            """A node in which parts are names, its depth and its length."""
            parts = children(node)
            if not parts:
                return node, 0, 1
            sure = 1 if isinstance(node, Call) and node.fn in _LAZY else len(parts)
            new = [visit(part) for part in parts[:sure]]
            new += [(part, 0, 1) for part in parts[sure:]]
            kept = tuple(part for part, _, _ in new)
            if any(a is not b for a, b in zip(kept, parts, strict=True)):
                node = rebuilt(node, kept)
            depth, length = 1 + max(depth for _, depth, _ in new), 1 + sum(length for _, _, length in new)
            if (depth >= DEEPEST or length >= LONGEST) and isinstance(node, Call) and is_pure(node):
                dtype = dtype_of(node, self.types, self.known)
                if dtype:
                    name = self.names.fresh("part")
                    self.types[name] = Scalar(dtype)
                    before.append(Assign(name, node, span=stmt.span))
                    return Name(name), 0, 1
            return node, depth, length

        if not _is_long(expr):
            return expr
        left, _, _ = visit(expr)
        if isinstance(left, Name) and before and isinstance(before[-1], Assign) and before[-1].target == left.id:
            whole = before.pop()  # the whole expression has a name already, its statement's own
            assert isinstance(whole, Assign)
            return whole.value
        return left
