"""Ways for a pass to rebuild a function: what does not change stays the same object, so that "unchanged" is `is`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import is_

import numpy as np

from adcompile.analysis.effects import is_pure
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, Function, Index, Name, Stmt, Tuple
from adcompile.ir.types import INT, Type
from adcompile.ir.walk import blocks, expressions, mapped, nodes, statements, uses, with_blocks, with_expressions
from adcompile.lapack import FOUND
from adcompile.runtime import PRODUCTS


def same(new: Iterable[object], old: Iterable[object]) -> bool:
    """Whether two sequences hold the very same objects."""
    left, right = tuple(new), tuple(old)
    return len(left) == len(right) and all(map(is_, left, right))


def with_body(function: Function, body: Block, types: dict[str, Type] | None = None) -> Function:
    """`function` with another body; itself where nothing changed."""
    if same(body, function.body):
        return function
    return replace(function, body=body, types=function.types if types is None else types)


def each_block(block: Block, change: Callable[[Block], Block]) -> Block:
    """`change` applied to every block, innermost first."""
    inside = tuple(with_blocks(s, [each_block(b, change) for b in blocks(s)]) for s in block)
    changed = change(block if same(inside, block) else inside)
    return block if same(changed, block) else changed


def each_expression(block: Block, change: Callable[[Expr], Expr]) -> Block:
    """`change` applied to the expressions of every statement."""

    def one(stmt: Stmt) -> Stmt:
        stmt = with_expressions(stmt, [change(e) for e in expressions(stmt)])
        return with_blocks(stmt, [each_expression(b, change) for b in blocks(stmt)])

    new = tuple(one(stmt) for stmt in block)
    return block if same(new, block) else new


def use_counts(block: Iterable[Stmt]) -> Counter[str]:
    """How often each name is read, or an array written through, in a block and all inside it."""
    return Counter(name for stmt in statements(block) for name in uses(stmt))


def size(expr: Expr) -> int:
    """How long an expression is to read: its operations, loads and names; constants are free."""
    match expr:
        case Const():
            return 0
        case Call(_, args):
            return 1 + sum(map(size, args))
        case Index(_, index):
            return 1 + sum(map(size, index))
    return 1


def lengths(function: Function) -> Callable[[Expr], Expr]:
    """Rewrites integer expressions by what their names and shapes come from: `n` by `x.shape[0]`, `dim(y, 0)` by the
    length that `y` was made with.  For comparing bounds and shapes, not for code."""
    integers: dict[str, Expr] = {}
    makers: dict[str, Call] = {}
    for stmt in statements(function.body):
        if isinstance(stmt, Assign) and not any(isinstance(e, Index) for e in nodes(stmt.value)):
            if function.types.get(stmt.target) == INT and is_pure(stmt.value):
                integers[stmt.target] = stmt.value
            elif isinstance(stmt.value, Call) and stmt.value.fn in (*_LIKE, np.empty, np.zeros):
                makers[stmt.target] = stmt.value

    def one(expr: Expr) -> Expr:
        match expr:
            case Name(name) if name in integers:
                return source(integers[name])
            case Call(ops.dim, (Name(name), Const(int() as axis))) if name in makers:
                return source(made_length(makers[name], axis))
        return expr

    def source(expr: Expr) -> Expr:
        return mapped(expr, one)

    return source


_LIKE = (np.empty_like, np.zeros_like, ops.copy, *TRANSFORMS)


def made_length(made: Call, axis: int) -> Expr:
    """The length of one axis of what an allocation makes."""
    shape = made.args[0]
    if made.fn in PRODUCTS:
        return Call(ops.dim, (made.args[axis], Const(PRODUCTS[made.fn][axis])))
    if made.fn in FOUND:
        return Call(ops.dim, (shape, Const(1)))
    if made.fn in _LIKE:
        return Call(ops.dim, (shape, Const(axis)))
    return shape.items[axis] if isinstance(shape, Tuple) else shape
