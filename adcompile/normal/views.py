"""Subscripts and transposes of arrays, as elements of what they are taken of.

Goal: `A[i]`, `x[1:-1]`, `x[::2]`, `A[:, None]`, `A.T` read and written as index arithmetic on the array underneath,
with Python's rules for negative indices and slices.  Non-goals: proofs that an index is inside its axis.

`row = A[i]; row[j]` becomes `A[i, j]`, and `x[1:][k]` becomes `x[1 + k]`:

>>> from adcompile.ir.nodes import Name
>>> from adcompile.ir.show import expression
>>> from adcompile.normal.elements import memory
>>> x = memory("x", (Name("n"),), "float64", lambda at: at)
>>> tail = Subscripts(lambda index: False).taken(x, [Slice(Const(1), Const(None), Const(None))])
>>> expression(tail.shape[0]), expression(tail.at((Name("k"),)))
('max(n - 1, 0)', 'x[1 + k]')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import Call, Const, Expr, Name, Slice
from adcompile.normal.elements import (
    INTEGERS,
    Elements,
    Subscript,
    floor_divided,
    minus,
    not_negative,
    plus,
    times,
    trip_count,
)

Axis = Callable[[Expr], Expr]


class Subscripts:
    """Subscripts, given what is known about integers: `positive` says that one is surely not negative; those in
    `within` are bounds of slices and lie in the axis."""

    def __init__(self, positive: Callable[[Expr], bool], within: Set[str] = frozenset()) -> None:
        self.positive = positive
        self.within = within

    def taken(self, base: Elements, index: Sequence[Expr]) -> Elements:
        """`base[index]`: integers take an axis away, slices keep it, `None` adds one."""
        items = self.filled(base.rank, index)
        shape: list[Expr] = []
        parts: list[tuple[Axis, bool]] = []  # for each axis of the base, how the view's index becomes its own
        kept: list[bool] = []  # for each axis of the view, whether the base has it
        axis = 0
        for item in items:
            if item == Const(None):
                shape.append(Const(1))
                kept.append(False)
                continue
            extent = base.shape[axis]
            axis += 1
            if isinstance(item, Slice):
                length, part = self.sliced(item, extent)
                shape.append(length)
                kept.append(True)
                parts.append((part, True))
            else:
                fixed = self.inside(item, extent, base.whole(axis - 1))
                parts.append((_always(fixed), False))

        def place(at: Subscript) -> Subscript:
            own = iter([k for k, there in zip(at, kept, strict=True) if there])
            return tuple(part(next(own)) if free else part(Const(0)) for part, free in parts)

        return base.part(tuple(shape), place)

    def filled(self, rank: int, index: Sequence[Any]) -> list[Any]:
        """A subscript with its ellipsis and the axes left out written as full slices."""
        everything = Slice(Const(None), Const(None), Const(None))
        given = sum(1 for item in index if item not in (Const(None), Const(Ellipsis)))
        missing = [everything] * (rank - given)
        if Const(Ellipsis) in index:
            at = list(index).index(Const(Ellipsis))
            return [*index[:at], *missing, *index[at + 1 :]]
        return [*index, *missing]

    def inside(self, index: Expr, extent: Expr, whole: bool) -> Expr:
        """An index counted from the front; one that may be negative at run time wraps where NumPy would."""
        if isinstance(index, Const):
            value = int(index.value)
            return minus(extent, Const(-value)) if value < 0 else Const(value)
        before = difference(index, extent, INTEGERS)
        if self.positive(index) or whole or (before is not None and before < 0):  # so many before the end
            return index
        return Call(ops.select, (Call(np.less, (index, Const(0))), plus(index, extent), index))

    # ------------------------------------------------------------------------------------ slices
    def sliced(self, item: Slice, extent: Expr) -> tuple[Expr, Axis]:
        """The length of `start:stop:step` in an axis, and where its elements lie there."""
        step = 1 if item.step == Const(None) else item.step.value if isinstance(item.step, Const) else None
        if not isinstance(step, int) or step == 0:
            raise refuse("slice-step", "the step of a slice must be a literal, and not zero", hint="write the loop out")
        if step < 0:
            return self.backwards(item, extent, step)
        start, stop = self.start(item.start, extent), self.stop(item.stop, extent)
        length = minus(stop, start)
        if step != 1:
            length = floor_divided(plus(length, Const(step - 1)), Const(step))
        if start == Const(0) and step == 1:
            whole = item.stop == Const(None)
            if isinstance(item.stop, Call) and item.stop.fn is ops.within:
                return stop, lambda k: k
            return (extent if whole else not_negative(stop) if not self.positive(stop) else stop), lambda k: k
        length = length if self.positive(length) else not_negative(length)
        return length, lambda k: plus(start, times(Const(step), k))

    def start(self, bound: Expr, extent: Expr) -> Expr:
        """Past the end is as good as the end: the slice is empty either way."""
        if bound == Const(None):
            return Const(0)
        if isinstance(bound, Const):
            value = int(bound.value)
            return Const(value) if value >= 0 else not_negative(plus(extent, Const(value)))
        return bound if self.positive(bound) else Call(runtime.slice_bound, (bound, extent))

    def stop(self, bound: Expr, extent: Expr) -> Expr:
        if bound == Const(None) or bound == extent:
            return trip_count(extent) if bound == Const(None) else extent
        if isinstance(bound, Name) and bound.id in self.within:
            return bound
        if isinstance(bound, Call) and bound.fn is ops.within:
            return bound.args[0]
        if self.positive(bound) and self.positive(minus(extent, bound)):
            return bound
        if isinstance(bound, Const):
            value = int(bound.value)
            if value < 0:
                return plus(trip_count(extent), Const(value))
            if isinstance(extent, Const) and isinstance(extent.value, int):
                return Const(min(value, extent.value))
            return Call(min, (bound, extent)) if value else Const(0)
        return Call(min, (bound, extent)) if self.positive(bound) else Call(runtime.slice_bound, (bound, extent))

    def backwards(self, item: Slice, extent: Expr, step: int) -> tuple[Expr, Axis]:
        def bound(given: Expr, missing: Expr) -> Expr:
            if given == Const(None):
                return missing
            if not isinstance(given, Const):
                raise refuse("slice-step", "a backward slice with bounds of the run", hint="write the loop out")
            value = int(given.value)
            if value < 0:
                return Call(max, (plus(extent, Const(value)), Const(-1)))
            return Call(min, (given, minus(extent, Const(1))))

        first = bound(item.start, minus(extent, Const(1)))
        last = bound(item.stop, Const(-1))
        length = minus(first, last)
        if step != -1:
            length = floor_divided(plus(length, Const(-step - 1)), Const(-step))
        if item.start == item.stop == Const(None) and step == -1:
            length = extent
        return not_negative(length), lambda k: minus(first, times(Const(-step), k))


def _always(value: Expr) -> Axis:
    return lambda k: value


def transposed(base: Elements, axes: Sequence[int] | None = None) -> Elements:
    """The axes of `base` in another order (backwards by default)."""
    order = list(axes) if axes is not None else list(reversed(range(base.rank)))

    def place(at: Subscript) -> Subscript:
        own: list[Expr] = [Const(0)] * base.rank
        for k, axis in zip(at, order, strict=True):
            own[axis] = k
        return tuple(own)

    return base.part(tuple(base.shape[axis] for axis in order), place)
