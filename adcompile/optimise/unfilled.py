"""An array of zeros that a loop fills but for its ends is made zero at its ends alone.

Goal: one sweep over memory less.  Legal where the loop is the first that touches the array, stores to one element in
each iteration before it does anything else with it, and touches no other; the ends are zero before it runs, and all of
the array if it does not run.

Non-goals: arrays of more than one axis; loops that go over part of the elements in steps.

    y = np.zeros_like(x)                   y = np.empty_like(x)
    for i in range(1, n):                  for i in range(min(1, y.shape[0])):
        y[i] = 2.0 * x[i]          ->          y[i] = 0.0
                                           for i in range(max(n, 1), y.shape[0]):
                                               y[i] = 0.0
                                           for i in range(1, n):
                                               y[i] = 2.0 * x[i]
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile.analysis.aliasing import roots
from adcompile.analysis.least import Least
from adcompile.analysis.subscripts import accesses
from adcompile.ir import ops
from adcompile.ir.affine import difference, same_integer, shortened
from adcompile.ir.nodes import Assign, Block, Call, Const, Expr, For, Function, Index, Name, Names, Stmt, Store
from adcompile.ir.types import INT, Array, Type
from adcompile.ir.walk import all_names, nodes, statements
from adcompile.optimise.rewriting import each_block, made_length, with_body

UNFILLED: dict[Callable[..., Any], Callable[..., Any]] = {np.zeros: np.empty, np.zeros_like: np.empty_like}
"""What makes an array without contents, for what makes it of zeros."""


def unfilled(function: Function) -> Function:
    """`function` with arrays of zeros that loops fill made zero at their ends alone."""
    if not any(isinstance(stmt, Assign) and _of_zeros(stmt) for stmt in statements(function.body)):
        return function
    finder = _Finder(function)
    return with_body(function, each_block(function.body, finder.block), finder.types)


def ends_of_zeros(made: Assign, first: Expr, last: Expr, names: Names, types: dict[str, Type]) -> list[Stmt]:
    """Loops that make zero what lies before the element `first`, and from `last` on."""
    assert isinstance(made.value, Call)
    length = Call(ops.dim, (Name(made.target), Const(0)))
    if made.value.fn is np.zeros_like:
        length = made_length(made.value, 0)  # type: ignore[assignment]
    ends: list[tuple[Expr, Expr]] = [] if first == Const(0) else [(Const(0), least(first, length))]
    if not same_integer(last, length, types):
        ends.append((greatest(last, first), length))
    out: list[Stmt] = []
    for start, stop in ends:
        index = names.fresh("i")
        types[index] = INT
        out.append(For(index, start, stop, Const(1), (Store(made.target, (Name(index),), Const(0.0)),)))
    return out


def least(one: Expr, other: Expr) -> Expr:
    """The lesser of two integers."""
    if isinstance(one, Const) and isinstance(other, Const):
        return min(one, other, key=lambda const: const.value)
    return Call(builtins.min, (one, other))


def greatest(one: Expr, other: Expr) -> Expr:
    """The greater of two integers."""
    if isinstance(one, Const) and isinstance(other, Const):
        return max(one, other, key=lambda const: const.value)
    return Call(builtins.max, (one, other))


def _of_zeros(stmt: Assign) -> bool:
    return isinstance(stmt.value, Call) and stmt.value.fn in UNFILLED


class _Finder:
    def __init__(self, function: Function) -> None:
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.least = Least(function)
        self.roots = roots(function)
        others = (name for name in function.types if self.roots.find(name) != name)
        self.joined = {alias for name in others for alias in (name, self.roots.find(name))}

    def block(self, block: Block) -> Block:
        out = list(block)
        for made in block:
            if not isinstance(made, Assign) or not _of_zeros(made) or made.target in self.joined:
                continue
            type_ = self.types[made.target]
            if isinstance(type_, Array) and type_.ndim == 1:
                self.filled(made, out)
        return tuple(out)

    def filled(self, made: Assign, out: list[Stmt]) -> None:
        """If a loop fills an array, have it do so, in place."""
        position = out.index(made)
        for k in range(position + 1, len(out)):
            stmt = out[k]
            if any(True for _ in accesses((stmt,), made.target, self.roots)):
                ends = self.ends(stmt, made.target)
                if ends is not None:
                    assert isinstance(made.value, Call)
                    out[k:k] = ends_of_zeros(made, *ends, self.names, self.types)
                    out[position] = replace(made, value=replace(made.value, fn=UNFILLED[made.value.fn]))
                return

    def ends(self, loop: Stmt, array: str) -> tuple[Expr, Expr] | None:
        """Between which elements a loop stores to each of an array, before it does anything else with it."""
        if not isinstance(loop, For) or loop.parallel or loop.step not in (Const(1), Const(-1)):
            return None
        if any(isinstance(node, Index) for end in (loop.start, loop.stop) for node in nodes(end)):
            return None
        store = next((s for s in loop.body if any(True for _ in accesses((s,), array, self.roots))), None)
        if not isinstance(store, Store) or store.array != array:
            return None
        at = difference(store.index[0], Name(loop.index), self.types)
        touched = list(accesses(loop.body, array, self.roots))
        if at is None or touched[0].kind != "store" or any(access.index != store.index for access in touched):
            return None
        up = loop.step == Const(1)
        first, last = (loop.start, loop.stop) if up else (self.plus(loop.stop, 1), self.plus(loop.start, 1))
        low = self.least(first)
        if low is None or low + at < 0:
            return None
        return self.plus(first, at), self.plus(last, at)

    def plus(self, expr: Expr, number: int) -> Expr:
        moved = Call(np.add if number > 0 else np.subtract, (expr, Const(abs(number))))
        return shortened(moved, self.types) if number else expr
