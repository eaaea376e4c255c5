"""Arrays made of another's elements in other places: reshaped, joined, rolled, gathered, diagonals and triangles.

Goal: each is a rule for its elements, so that `np.roll(x, 1) * x` needs no array between.  Non-goals: views that can
be written (`views`); whether a copy may stand for what NumPy would share (`sharing`).

>>> from adcompile.ir.nodes import Function
>>> x = Elements((Const(4),), "float64", lambda at: Call(np.sin, at))
>>> rolled(x, Const(1), 0).at((Name("i"),)).args[0].fn
<ufunc 'remainder'>
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Name, Slice
from adcompile.normal.elements import (
    Elements,
    Subscript,
    constant_like,
    equal_lengths,
    floor_divided,
    minus,
    plus,
    product,
    times,
)
from adcompile.normal.lowering import Lowering


def reshaped(low: Lowering, x: Elements, shape: Subscript) -> Elements:
    """The same elements in C order in another shape, never as memory: `told_apart` sees to what is written."""
    before, after = product(x.shape), product(shape)
    if not equal_lengths(before, after):
        low.check(runtime.check_equal, before, after)

    def at(index: Subscript) -> Expr:
        flat: Expr = Const(0)
        for k, extent in zip(index, shape, strict=True):
            flat = plus(times(flat, extent), k)
        own: list[Expr] = []
        for extent in reversed(x.shape[1:]):
            own.append(Call(np.remainder, (flat, extent)))
            flat = floor_divided(flat, extent)
        return x.at((flat, *reversed(own)))

    return Elements(shape, x.dtype, at)


def broadcast_to(low: Lowering, x: Elements, shape: Subscript) -> Elements:
    """The same elements in a larger shape, never as memory."""
    for axis in range(-x.rank, 0):
        if x.shape[axis] != Const(1) and not equal_lengths(shape[axis], x.shape[axis]):
            low.check(runtime.check_length, shape[axis], x.shape[axis])
    wide = low.stretched(x, shape)
    return Elements(shape, x.dtype, wide.at)


def rolled(x: Elements, shift: Expr, axis: int) -> Elements:
    """The elements moved along an axis, round its end."""

    def at(index: Subscript) -> Expr:
        moved = Call(np.remainder, (minus(index[axis], shift), x.shape[axis]))
        return x.at((*index[:axis], moved, *index[axis + 1 :]))

    return Elements(x.shape, x.dtype, at)


def diagonal(x: Elements) -> Elements:
    """The diagonal of a matrix."""
    n, m = x.shape
    return Elements((n if equal_lengths(n, m) else Call(min, (n, m)),), x.dtype, lambda at: x.at((at[0], at[0])))


def diagonal_matrix(x: Elements) -> Elements:
    """A matrix with these elements on its diagonal."""
    zero = constant_like(0, x.dtype)

    def at(index: Subscript) -> Expr:
        return Call(ops.select, (Call(np.equal, index), x.at(index[:1]), zero))

    return Elements((*x.shape, *x.shape), x.dtype, at)


def triangle(x: Elements, side: Any) -> Elements:
    """What lies on a side of the diagonal, and zeros."""
    if x.rank < 2:
        raise refuse("unsupported-call", "the triangle of a vector", hint="write the loop out")
    zero = constant_like(0, x.dtype)
    return Elements(x.shape, x.dtype, lambda at: Call(ops.select, (Call(side, (at[-2], at[-1])), x.at(at), zero)))


def joined(low: Lowering, parts: Sequence[Elements], axis: int, dtype: str) -> Elements:
    """Arrays one after another along an axis."""
    total: Expr = Const(0)
    offsets = []
    for part in parts:
        offsets.append(total)
        total = plus(total, part.shape[axis])
        for k, (one, other) in enumerate(zip(parts[0].shape, part.shape, strict=True)):
            if k != axis and not equal_lengths(one, other):
                low.check(runtime.check_equal, one, other)
    shape = tuple(total if k == axis else extent for k, extent in enumerate(parts[0].shape))
    result = low.allocated("joined", shape, dtype)
    for part, offset in zip(parts, offsets, strict=True):

        def fill(at: Subscript, part: Elements = part, offset: Expr = offset) -> None:
            place = tuple(plus(k, offset) if number == axis else k for number, k in enumerate(at))
            low.store(result, place, part.at(at))

        low.nest(part.shape, fill)
    return result


def running(low: Lowering, x: Elements, step: Any, dtype: str) -> Elements:
    """A running sum or product along the one axis of a vector."""
    if x.rank != 1:
        raise refuse("unsupported-call", "a running sum of more than one axis", hint="write the loop out")
    result = low.allocated("running", x.shape, dtype)

    def one(value: Name, at: Subscript) -> Expr:
        new = low.named(Call(step, (value, x.at(at))), "s")
        low.store(result, at, new)
        return new

    low.folded(x.shape, constant_like(0 if step is np.add else 1, dtype), "s", dtype, one)
    return result


def gathered(low: Lowering, base: Elements, index: Sequence[Expr | Elements]) -> Elements:
    """`x[ids]`, `a[:, ids]`, `a[i, ids]`, `a[ids, js]`: with a place if `base` has one, so that it can be written."""
    items = low.subscripts.filled(base.rank, index)
    if Const(None) in items:
        raise refuse("unsupported-index", "a new axis beside an array of indices", hint="write the loop out")
    chosen = [axis for axis, item in enumerate(items) if not isinstance(item, Slice)]
    arrays = [item for item in items if isinstance(item, Elements)]
    shape = low.broadcast([ids.shape for ids in arrays])
    wide = iter([low.stretched(ids, shape) for ids in arrays])
    together = chosen == list(range(chosen[0], chosen[-1] + 1))
    front = chosen[0] if together else 0  # where NumPy puts the axes of the indices
    lengths: list[Expr] = []
    parts: list[Any] = []
    for axis, item in enumerate(items):
        extent = base.shape[axis]
        if isinstance(item, Slice):
            length, part = low.subscripts.sliced(item, extent)
            lengths.append(length)
            parts.append(part)
        else:
            parts.append((next(wide) if isinstance(item, Elements) else item, extent, base.whole(axis)))

    def place(at: Subscript) -> Subscript:
        ids_at, rest = at[front : front + len(shape)], iter([*at[:front], *at[front + len(shape) :]])
        own: list[Expr] = []
        for part in parts:
            if isinstance(part, tuple):
                ids, extent, whole = part
                at_axis = ids.at(ids_at) if isinstance(ids, Elements) else ids
                own.append(low.subscripts.inside(at_axis, extent, whole))
            else:
                own.append(part(next(rest)))
        return tuple(own)

    return base.part((*lengths[:front], *shape, *lengths[front:]), place)
