"""What may move past what when a call's body is spliced before the expression that held the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from adcompile.errors import Span
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Call,
    Const,
    Effect,
    Expr,
    Name,
    Slice,
    Stmt,
    Store,
    Tuple,
    Update,
)
from adcompile.ir.show import expression
from adcompile.ir.walk import children, expressions, nodes, rebuilt, statements
from adcompile.normal.fresh import Fresh

WRITING = (np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal, np.copyto, np.add.at, np.subtract.at)
_ALLOCATIONS = (np.empty, np.zeros, np.ones, np.full, np.empty_like, np.zeros_like, np.ones_like, ops.copy, np.copy)


def is_atom(expr: Expr) -> bool:
    """Whether an expression is a name or a literal."""
    return isinstance(expr, (Const, Name))


def may_write(block: Sequence[Stmt]) -> bool:
    """Whether a block may change memory that was there before it: never falsely no."""
    values: dict[str, list[Expr]] = {}
    for stmt in statements(block):
        if isinstance(stmt, Assign):
            values.setdefault(stmt.target, []).append(stmt.value)

    def own(name: str) -> bool:
        return name in values and all(isinstance(v, Call) and v.fn in _ALLOCATIONS for v in values[name])

    def number(name: str) -> bool:
        return name in values and all(isinstance(v, Const) for v in values[name])

    for stmt in statements(block):
        match stmt:
            case Effect():
                return True
            case Store(array) | Accum(array) if not own(array):
                return True
            case Update(target) if not (own(target) or number(target)):
                return True
        for expr in expressions(stmt):
            if any(isinstance(node, Call) and _writes(node) for node in nodes(expr)):
                return True
    return False


def _writes(call: Call) -> bool:
    return call.fn is ops.method or call.fn in WRITING or any(key == "out" for key, _ in call.kwargs)


def settled(expr: Expr, fresh: Fresh, like: str, span: Span | None) -> tuple[list[Stmt], Expr]:
    """An expression evaluated now: its temporaries, and what stands for it from here on."""
    if is_atom(expr):
        return [], expr
    if isinstance(expr, (Tuple, Slice)) or (isinstance(expr, Call) and expr.fn is ops.record):
        parts = children(expr)
        before: list[Stmt] = []
        new: list[Expr] = []
        for part in parts:
            more, atom = settled(part, fresh, like, span)
            before += more
            new.append(atom)
        return before, rebuilt(expr, new)
    name = fresh.name(like)
    return [temporary(name, expr, span)], Name(name)


def temporary(name: str, value: Expr, span: Span | None) -> Assign:
    """`name = value`, whose own text is its origin."""
    return Assign(name, value, span=span, origin=f"{name} = {expression(value)}")


def in_order(
    exprs: Sequence[Expr], evaluate: Callable[[Expr], tuple[list[Stmt], Expr]], fresh: Fresh, span: Span | None
) -> tuple[list[Stmt], list[Expr]]:
    """Expressions evaluated one after the other: those that stood before a write of memory keep their value."""
    before: list[Stmt] = []
    done: list[Expr] = []
    for expr in exprs:
        prelude, new = evaluate(expr)
        if prelude and may_write(prelude):
            for position, earlier in enumerate(done):
                kept, done[position] = settled(earlier, fresh, "value", span)
                before += kept
        before += prelude
        done.append(new)
    return before, done
