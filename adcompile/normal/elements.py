"""An array expression as a rule for its elements: a shape, and the element at an index.

Goal: elementwise trees, broadcasts and views compose without arrays between them.  Where the array is a part of
memory, an element has a place that can be written too.  Non-goals: statements; whoever walks the elements makes the
loops.

>>> x = memory("x", (Const(5),), "float64", lambda at: at)
>>> tail = x.part((Const(4),), lambda at: (plus(Const(1), at[0]),))
>>> tail.place((Const(2),)), tail.whole(0), x.whole(0)
((Const(value=3),), False, True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.fold import fold
from adcompile.ir.nodes import Call, Const, Expr, Index, Name
from adcompile.ir.types import INT, Type

Subscript = tuple[Expr, ...]


@dataclass(frozen=True)
class Elements:
    """The elements of an array: `at` gives one; `place`, for memory, its index in the array `root` of shape `room`."""

    shape: Subscript
    dtype: str
    at: Callable[[Subscript], Expr]
    root: str | None = None
    place: Callable[[Subscript], Subscript] | None = None
    room: Subscript = ()

    @property
    def rank(self) -> int:
        return len(self.shape)

    def part(self, shape: Subscript, place: Callable[[Subscript], Subscript]) -> Elements:
        """Some of these elements in another shape; `place` gives for each index of it the index here."""
        outer = self.place
        return Elements(
            shape,
            self.dtype,
            lambda at: self.at(place(at)),
            self.root,
            None if outer is None else lambda at: outer(place(at)),
            self.room,
        )

    def whole(self, axis: int) -> bool:
        """Whether an axis is a whole axis of memory: negative indices wrap there by themselves."""
        if self.place is None:
            return False
        probe = Name("?")
        own = self.place(tuple(probe if k == axis else Const(0) for k in range(self.rank)))
        return any(k == probe and equal_lengths(n, self.shape[axis]) for k, n in zip(own, self.room, strict=True))


def memory(root: str, shape: Subscript, dtype: str, place: Callable[[Subscript], Subscript]) -> Elements:
    """Elements that are a part of the array `root`."""
    return Elements(shape, dtype, lambda index: Index(Name(root), place(index)), root, place, shape)


def constant_like(value: int, dtype: str) -> Const:
    """A constant of a dtype: `0`, `0.0`, `0j` or `False`."""
    return Const({"b": bool, "f": float, "c": complex}.get(np.dtype(dtype).kind, int)(value))


class _Integers(dict[str, Type]):
    """Says that every name is an integer: index arithmetic is."""

    def get(self, name: str, default: object = None) -> Type:
        return INT


INTEGERS = _Integers()


def plus(left: Expr, right: Expr) -> Expr:
    """`left + right` of integers."""
    return fold(Call(np.add, (left, right)), INTEGERS)


def minus(left: Expr, right: Expr) -> Expr:
    """`left - right` of integers."""
    return fold(Call(np.subtract, (left, right)), INTEGERS)


def times(left: Expr, right: Expr) -> Expr:
    """`left * right` of integers."""
    return fold(Call(np.multiply, (left, right)), INTEGERS)


def floor_divided(left: Expr, right: Expr) -> Expr:
    """`left // right` of integers."""
    return left if right == Const(1) else fold(Call(np.floor_divide, (left, right)), INTEGERS)


def not_negative(extent: Expr) -> Expr:
    """`max(extent, 0)`, or `extent` where it cannot be negative."""
    match extent:
        case Const(int(value)):
            return Const(max(value, 0))
        case Call(fn) if fn in (ops.dim, max):
            return extent
    return Call(max, (extent, Const(0)))


def trip_count(extent: Expr) -> Expr:
    """What a range stops at: a range of a negative number is empty as it is."""
    match extent:
        case Call(fn, (inner, Const(0))) if fn is max:
            return inner
    return extent


def equal_lengths(left: Expr, right: Expr) -> bool:
    """Whether two lengths are surely equal."""
    return left == right or difference(trip_count(left), trip_count(right), INTEGERS) == 0


def product(extents: Sequence[Expr]) -> Expr:
    """How many elements a shape holds."""
    total: Expr = Const(1)
    for extent in extents:
        total = times(total, extent)
    return total


def known_lengths(target: Subscript, value: Subscript) -> Subscript:
    """The shape of what is written, where the values, which fit it, have a known length other than one."""
    shape = list(target)
    for axis in range(-min(len(target), len(value)), 0):
        if isinstance(value[axis], Const) and value[axis] != Const(1):
            shape[axis] = value[axis]
    return tuple(shape)
