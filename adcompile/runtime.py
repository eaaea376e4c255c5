"""Functions that generated code may call: each runs as it stands in CPython, and compiled inside Numba code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable  # type: ignore[untyped-decorator]
def grown(tape: Any, k: int) -> Any:
    """`tape` with room for `tape[k]`: itself, or a copy whose first axis is twice as long."""
    length = tape.shape[0]
    if k < length:
        return tape
    longer = np.empty((max(2 * length, k + 1), *tape.shape[1:]), tape.dtype)
    for i in range(tape.size):  # compiles in a tenth of the time that `longer[:length] = tape` takes
        longer.flat[i] = tape.flat[i]
    return longer


@register_jitable  # type: ignore[untyped-decorator]
def _extent(array: Any) -> tuple[int, int, int]:
    """First byte, one past the last byte, and the greatest common divisor of the steps between elements."""
    first = int(array.ctypes.data)
    last = first
    grain = 0
    for axis in range(array.ndim):
        step = array.strides[axis]
        if array.shape[axis] > 1:
            grain = math.gcd(grain, abs(step))
            reach = step * (array.shape[axis] - 1)
            if reach < 0:
                first += reach
            else:
                last += reach
    return first, last + array.itemsize, grain


@register_jitable  # type: ignore[untyped-decorator]
def overlap(a: Any, b: Any) -> bool:
    """Whether two arrays may share an element: never falsely no; no for disjoint rows, columns and strided parts."""
    if a.size == 0 or b.size == 0:
        return False
    a_first, a_end, a_grain = _extent(a)
    b_first, b_end, b_grain = _extent(b)
    if a_end <= b_first or b_end <= a_first:
        return False
    grain = math.gcd(a_grain, b_grain)
    if grain == 0:
        return True
    # Every element of `a` starts at a_first modulo grain, every element of `b` at b_first modulo grain.
    offset = (b_first - a_first) % grain
    return not (offset >= a.itemsize and grain - offset >= b.itemsize)


@register_jitable  # type: ignore[untyped-decorator]
def check_overlap(a: Any, b: Any) -> None:
    """Refuses a call in which an array that the function writes may share memory with another of its arguments."""
    if overlap(a, b):
        raise ValueError("an array argument that the function writes shares memory with another argument: pass a copy")


@register_jitable  # type: ignore[untyped-decorator]
def check_same_shape(a: Any, b: Any) -> None:
    """Refuses two arrays of as many axes whose shapes differ."""
    if a.shape != b.shape:
        raise ValueError("two arrays that must have the same shape differ: a tangent or a seed has its value's shape")


@register_jitable  # type: ignore[untyped-decorator]
def slice_bound(i: int, n: int) -> int:
    """Where the bound `i` of a slice lies in an axis of `n`: negative ones count from the end, and none is outside."""
    if i < 0:
        return max(i + n, 0)
    return min(i, n)


@register_jitable  # type: ignore[untyped-decorator]
def broadcast_length(m: int, n: int) -> int:
    """The length of two axes broadcast together, as NumPy has it."""
    if m == n or n == 1:
        return m
    if m != 1:
        raise ValueError("operands could not be broadcast together")
    return n


@register_jitable  # type: ignore[untyped-decorator]
def check_length(n: int, m: int) -> None:
    """Refuses to fit `m` values into an axis of `n`; one value fits every axis."""
    if m != n and m != 1:
        raise ValueError("could not broadcast the values into the shape they are assigned to")


@register_jitable  # type: ignore[untyped-decorator]
def check_equal(n: int, m: int) -> None:
    """Refuses two lengths that must agree and differ."""
    if m != n:
        raise ValueError("lengths that must agree differ")


@register_jitable  # type: ignore[untyped-decorator]
def check_nonempty(n: int) -> None:
    """Refuses the greatest or smallest of nothing."""
    if n <= 0:
        raise ValueError("zero-size array to reduction operation which has no identity")


@register_jitable  # type: ignore[untyped-decorator]
def check_rebound(old: Any, new: Any) -> None:
    """Refuses to rebind a name in a loop to an array of another shape."""
    if old.shape != new.shape:
        raise ValueError("a name is bound to an array of another shape in a loop: its derivative needs one shape")
