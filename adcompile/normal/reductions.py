"""Sums, products, extremes and matrix products as loops with accumulators.

Goal: `np.sum(x)` is a loop that adds, an `axis` a loop around it; NaN and empty arrays go as in NumPy.  Non-goals:
pairwise summation (the last bits may differ), BLAS.

>>> from adcompile.ir.nodes import Function
>>> from adcompile.ir.types import Array
>>> low = Lowering(Function("f", ("x",), (), {"x": Array("float64", 1)}))
>>> total(low, np.sum, low.arrays["x"], "float64")
Name(id='s.2')
>>> low.out[0].carried[0].init
Const(value=0.0)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Atom, Call, Const, Expr, Name
from adcompile.normal.elements import Elements, Subscript, constant_like, equal_lengths, product
from adcompile.normal.lowering import Lowering

REDUCTIONS: dict[Any, tuple[str, Callable[..., Any]]] = {
    np.sum: ("s", np.add),
    np.mean: ("s", np.add),
    np.prod: ("p", np.multiply),
    np.max: ("top", np.maximum),
    np.min: ("low", np.minimum),
    np.any: ("found", ops.either),
    np.all: ("held", ops.both),
}
PRODUCTS = (np.dot, np.matmul)


def reduced(
    low: Lowering, fn: Any, x: Elements, axes: Sequence[int] | None, keepdims: bool, dtype: str
) -> Expr | Elements:
    """A reduction of some axes (all by default), or the places of extremes along one: a scalar, or elements in
    memory."""
    places = fn in (np.argmax, np.argmin)
    if places:
        x = low.in_memory(x)
    chosen = sorted(range(x.rank) if axes is None else axes)
    kept = [axis for axis in range(x.rank) if axis not in chosen]
    if not kept and not keepdims:
        return place_of_extreme(low, fn, x) if places else total(low, fn, x, dtype)
    shape = tuple(x.shape[axis] for axis in kept)
    full = tuple(Const(1) if axis in chosen else x.shape[axis] for axis in range(x.rank))
    base = "total" if fn in (np.sum, np.mean) else "best" if places else REDUCTIONS[fn][0]
    result = low.allocated(base, full if keepdims else shape, dtype)

    def one(at: Subscript) -> None:
        def element(inner: Subscript) -> Expr:
            index: list[Expr] = [Const(0)] * x.rank
            for axis, k in zip(kept, at, strict=True):
                index[axis] = k
            for axis, k in zip(chosen, inner, strict=True):
                index[axis] = k
            return x.at(tuple(index))

        part = Elements(tuple(x.shape[axis] for axis in chosen), x.dtype, element)
        place = at
        if keepdims:
            wide: list[Expr] = [Const(0)] * x.rank
            for axis, k in zip(kept, at, strict=True):
                wide[axis] = k
            place = tuple(wide)
        found = place_of_extreme(low, fn, part) if places else total(low, fn, part, dtype)
        low.store(result, place, found)

    low.nest(shape, one)
    return result


def total(low: Lowering, fn: Any, x: Elements, dtype: str) -> Expr:
    """A reduction of every axis to one scalar."""
    base, step = REDUCTIONS[fn]
    first = 0
    init: Atom
    if step in (np.maximum, np.minimum):
        count = product(x.shape)
        if not (isinstance(count, Const) and count.value > 0):
            low.check(runtime.check_nonempty, count)
        init = low.named(x.at((Const(0),) * x.rank), base)
        first = 1 if x.rank == 1 else 0
    elif step in (ops.either, ops.both):
        init = Const(step is ops.both)
    else:
        start = 0 if step is np.add else 1
        init = constant_like(start, dtype)

    def folded(value: Name, at: Subscript) -> Expr:
        return Call(step, (value, x.at(at)))

    result: Expr = low.folded(x.shape, init, base, dtype, folded, first)
    if fn is np.mean:
        result = Call(np.divide, (result, product(x.shape)))
    return result


def place_of_extreme(low: Lowering, fn: Any, x: Elements) -> Expr:
    """`np.argmax` or `np.argmin` of a vector in memory: the first place of the extreme, or of a NaN."""
    if x.rank != 1:
        raise refuse("unsupported-call", "the place of an extreme among several axes", hint="write the loop out")
    low.check(runtime.check_nonempty, x.shape[0])
    better = np.greater if fn is np.argmax else np.less

    def step(best: Name, at: Subscript) -> Expr:
        new, old = x.at(at), x.at((best,))
        test = Call(better, (new, old))
        if np.dtype(x.dtype).kind == "f":
            nan = Call(ops.both, (Call(np.not_equal, (new, new)), Call(np.equal, (old, old))))
            test = Call(ops.either, (test, nan))
        return Call(ops.select, (test, at[0], best))

    place = low.folded(x.shape, Const(0), "best", "int64", step, 1)
    low.not_negative.add(place.id)
    return place


def multiplied(low: Lowering, a: Elements, b: Elements, dtype: str) -> Expr | Elements:
    """`a @ b` of ranks one and two."""
    if a.rank > 2 or b.rank > 2:
        raise refuse("unsupported-call", "a product of arrays of more than two axes", hint="loop over the first axes")
    a, b = low.in_memory(a, "left"), low.in_memory(b, "right")
    inner, other = a.shape[-1], b.shape[0]
    if not equal_lengths(inner, other):
        low.check(runtime.check_equal, inner, other)

    def dot(row: Subscript, column: Subscript) -> Expr:
        part = Elements((inner,), dtype, lambda at: Call(np.multiply, (a.at((*row, *at)), b.at((*at, *column)))))
        return total(low, np.sum, part, dtype)

    shape = (*a.shape[:-1], *b.shape[1:])
    if not shape:
        return dot((), ())
    if (product := low.large_product(a, b, dtype)) is not None:
        return product
    result = low.allocated("product", shape, dtype)
    rows = a.rank - 1
    low.nest(shape, lambda at: low.store(result, at, dot(at[:rows], at[rows:])))
    return result
