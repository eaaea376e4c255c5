"""Scratch arrays go back into the loop that they serve.

Goal: an uninitialised array made before a loop, used in that loop alone (or in one inside it), and filled by every
iteration before it reads any of it, is made in the loop's body: no iteration sees another's contents, and the analyses
of reverse mode may know.
(The optimiser makes such arrays once, outside, for speed; that is right to run and wrong to differentiate.)
Non-goals: arrays filled in part, or by more than one loop.

    t = np.empty(m)
    for i in range(n):
        for k in range(m): t[k] = ...
becomes
    for i in range(n):
        t = np.empty(m)
        for k in range(m): t[k] = ...
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, For, Function, Index, Name, Stmt, Store, Tuple
from adcompile.ir.types import Array
from adcompile.ir.walk import blocks, expressions, nodes, statements, uses, with_blocks


def private_arrays(function: Function, passed_by: Collection[str] = ()) -> Function:
    """`function` with scratch arrays made where they are used: in a loop, or before one of `passed_by` (its index)."""
    return replace(function, body=_block(function.body, function, passed_by))


def _block(block: Block, function: Function, passed_by: Collection[str]) -> Block:
    stmts = list(block)
    for stmt in block:
        if not isinstance(stmt, Assign) or not _is_scratch(stmt.value):
            continue
        users = [s for s in stmts if s is not stmt and _mentions(s, stmt.target)]
        if len(users) == 1 and (served := _served(users[0], stmt, function, passed_by)) is not None:
            place = stmts.index(users[0])
            stmts[place : place + 1] = served
            stmts.remove(stmt)
    return tuple(with_blocks(s, [_block(inner, function, passed_by) for inner in blocks(s)]) for s in stmts)


def _served(loop: Stmt, made: Assign, function: Function, passed_by: Collection[str]) -> Block | None:
    """The one loop that mentions an array, with the array made inside it: in the innermost loop that it serves."""
    if not isinstance(loop, For):
        return None
    users = [s for s in loop.body if _mentions(s, made.target)]
    if len(users) == 1 and (inner := _served(users[0], made, function, passed_by)) is not None:
        place = loop.body.index(users[0])
        return (replace(loop, body=(*loop.body[:place], *inner, *loop.body[place + 1 :])),)
    if not _filled_first(loop.body, made, function):
        return None
    return (made, loop) if loop.index in passed_by else (replace(loop, body=(made, *loop.body)),)


def _is_scratch(value: Expr) -> bool:
    return isinstance(value, Call) and value.fn in (np.empty, np.empty_like)


def _mentions(stmt: Stmt, name: str) -> bool:
    return any(name in uses(s) for s in statements((stmt,)))


def _filled_first(body: Block, made: Assign, function: Function) -> bool:
    """Whether the first statement of a loop's body that mentions an array stores to all of it before reading any."""
    type_ = function.types[made.target]
    assert isinstance(type_, Array) and isinstance(made.value, Call)
    source = made.value.args[0]
    if made.value.fn is np.empty_like:
        extents: tuple[Expr, ...] = tuple(Call(ops.dim, (source, Const(axis))) for axis in range(type_.ndim))
    else:
        extents = source.items if isinstance(source, Tuple) else (source,)
    first = next((s for s in body if _mentions(s, made.target)), None)
    return first is not None and _fills(first, made.target, list(extents), (), function)


def _fills(stmt: Stmt, array: str, extents: list[Expr], at: tuple[Expr, ...], function: Function) -> bool:
    if not isinstance(stmt, For) or not extents or not _covers(stmt, extents[0], function):
        return False
    at = (*at, Name(stmt.index))
    if len(extents) > 1:
        inner = [s for s in stmt.body if _mentions(s, array)]
        return len(inner) == 1 and _fills(inner[0], array, extents[1:], at, function)
    stored = False
    for s in stmt.body:
        if not _mentions(s, array):
            continue
        if any(Name(array) in nodes(e) and not _reads_only(e, array, at, stored) for e in expressions(s)):
            return False
        if isinstance(s, Store) and s.array == array and s.index == at:
            stored = True
        elif not stored or blocks(s):
            return False
    return stored


def _reads_only(expr: Expr, array: str, at: tuple[Expr, ...], stored: bool) -> bool:
    """Whether an expression reads just the element that this iteration has stored."""
    reads = [e for e in nodes(expr) if isinstance(e, Index) and e.array == Name(array)]
    plain = sum(1 for e in nodes(expr) if e == Name(array))
    return stored and len(reads) == plain and all(e.index == at for e in reads)


def _covers(loop: For, extent: Expr, function: Function) -> bool:
    """Whether a loop runs over every index of an axis."""
    one = Const(1)
    if isinstance(extent, Call) and extent.fn is max and Const(0) in extent.args:
        extent = next(a for a in extent.args if a != Const(0))
    if loop.step == one:
        return loop.start == Const(0) and same_integer(loop.stop, extent, function.types)
    last = Call(np.subtract, (extent, one))
    return loop.step == loop.stop == Const(-1) and same_integer(loop.start, last, function.types)
