"""Bisection: numbers that comparisons alone find, whose derivative is not that of the steps.

Goal: no silently wrong derivative of a root.  The middle of an interval depends on the data only through which half was
kept, so that the steps say that it does not depend on it at all.  A loop of such steps is marked as it is read, and
refused when it turns out that the data being differentiated by decide it.  Non-goals: searches among whole numbers, and
bisection that safeguards another method in a branch.

    while high - low > 1e-9:
        middle = 0.5 * (low + high)         # here
        if f(middle) > c: high = middle
        else: low = middle
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import roots
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, For, Function, Name, Stmt, While
from adcompile.ir.walk import blocks, expressions, names, nodes, statements, substituted, with_blocks

_CHOICES = (ops.select, np.where)
_COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal, np.sign, np.copysign)


def marked(block: Block) -> Block:
    """A block of the surface dialect, with a mark after each middle of an interval that its loop halves."""
    done: list[Stmt] = []
    for stmt in block:
        stmt = with_blocks(stmt, [marked(inner) for inner in blocks(stmt)])
        if isinstance(stmt, (For, While)):
            found = {inner for inner in stmt.body if isinstance(inner, Assign) and _halves(inner, stmt.body)}
            body: list[Stmt] = []
            for inner in stmt.body:
                body.append(inner)
                if inner in found and isinstance(inner, Assign):
                    body.append(Effect(Call(ops.bisection, (Name(inner.target),)), span=inner.span))
            stmt = with_blocks(stmt, [tuple(body)]) if found else stmt
        done.append(stmt)
    return tuple(done)


def _halves(stmt: Assign, body: Block) -> bool:
    """Whether a statement of a loop's body gives the middle of an interval of which the loop keeps a half.

    An end that each trip gives a new value, whatever it was before, is none: `x = (x + y) / 2; y = g(x)` is damped."""
    ends = _middle(stmt.value)
    if ends is None or sum(isinstance(s, Assign) and s.target == stmt.target for s in body) > 1:
        return False
    assigned = [inner for inner in statements(body) if isinstance(inner, Assign) and inner is not stmt]
    chosen = {inner.target: inner.value for inner in assigned if _is_choice(inner.value)}
    kept = (replace(inner, value=substituted(inner.value, chosen)) for inner in assigned)
    return any(
        new.target in ends and stmt.target in names(new.value) and not (inner in body and _is_new(new))
        for inner, new in zip(assigned, kept, strict=True)
    )


def _is_choice(expr: Expr) -> bool:
    """Whether an expression is one of several: what both ends of an interval are unpacked from."""
    return isinstance(expr, Call) and expr.fn in _CHOICES


def _is_new(stmt: Assign) -> bool:
    """Whether a variable gets a value that is neither the old one nor chosen among some."""
    called = (node.fn for node in nodes(stmt.value) if isinstance(node, Call))
    return stmt.target not in names(stmt.value) and not any(fn in (*_CHOICES, *_COMPARISONS) for fn in called)


def _middle(expr: Expr) -> tuple[str, str] | None:
    """The ends of the interval that an expression is the middle of."""
    match expr:
        case Call(np.divide, (Call(np.add, (Name(low), Name(high))), Const(2 | 2.0))):
            return low, high
        case Call(np.multiply, (Call(np.add, (Name(low), Name(high))), Const(0.5))):
            return low, high
        case Call(np.multiply, (Const(0.5), Call(np.add, (Name(low), Name(high))))):
            return low, high
        case Call(np.add, (Name(low), Call(_, (Call(np.subtract, (Name(high), Name(again))), Const(2 | 2.0 | 0.5))))):
            return (low, high) if low == again else None
    return None


def without_marks(function: Function, wrt: Sequence[str]) -> Function:
    """A core function without marks; refused where comparisons with what varies with `wrt` decide a marked loop."""
    if not any(_is_mark(stmt) for stmt in statements(function.body)):
        return function
    active = Activity(function, wrt, roots(function)) if wrt else None
    for loop in statements(function.body):
        marks = [stmt for stmt in statements((loop,)) if _is_mark(stmt)] if isinstance(loop, (For, While)) else []
        if marks and active is not None and _decided(loop, active):
            raise refuse(
                "bisection",
                "the middle of an interval is looked for by comparisons alone: its derivative is not that of the steps",
                marks[0].span,
                "write Newton's method, or end with one step of it",
                function.name,
            )
    return Function(function.name, function.params, _clean(function.body), function.types)


def _decided(loop: Stmt, active: Activity) -> bool:
    """Whether a comparison in a loop is of something that varies."""
    for stmt in statements((loop,)):
        for expr in expressions(stmt):
            for node in nodes(expr):
                if isinstance(node, Call) and node.fn in _COMPARISONS and any(map(active.name, names(node))):
                    return True
    return False


def _is_mark(stmt: Stmt) -> bool:
    return isinstance(stmt, Effect) and stmt.call.fn is ops.bisection


def _clean(block: Iterable[Stmt]) -> Block:
    return tuple(with_blocks(stmt, map(_clean, blocks(stmt))) for stmt in block if not _is_mark(stmt))
