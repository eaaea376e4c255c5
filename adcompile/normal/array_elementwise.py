"""Canonical forms of functions that act on each element: choices, powers, conversions."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import described
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Const
from adcompile.ir.types import BOOL, Array, Scalar, kind
from adcompile.normal.array_calls import array_of, canonical, cast, dtype_of
from adcompile.normal.building import Builder, Typed, constant, tuple_of, value_of
from adcompile.normal.places import where_true


@canonical(np.clip, takes="a a_min a_max min max | out where casting order dtype")
def _clip(
    b: Builder, fn: Any, a: Typed, a_min: Typed | None, a_max: Typed | None, min: Typed | None, max: Typed | None
) -> Typed:
    lower, upper = a_min or min, a_max or max
    if lower is not None:
        a = b.call(np.maximum, a, lower)
    return a if upper is None else b.call(np.minimum, a, upper)


@canonical(np.where, takes="condition x y")
def _where(b: Builder, fn: Any, condition: Typed, x: Typed | None, y: Typed | None) -> Typed:
    if x is None or y is None:
        return b.written(where_true, array_of(b, condition, fn))
    parts = [b.call(np.array, part) if part.is_tuple else part for part in (condition, x, y)]
    if kind(parts[0].type) != "b":
        parts[0] = b.call(np.not_equal, parts[0], constant(0))
    if not any(part.is_array for part in parts):
        return b.call(ops.select, *parts)
    return b.call(np.where, *parts)


@canonical(np.round, np.around, takes="a decimals | out")
def _round(b: Builder, fn: Any, a: Typed, decimals: Typed | None) -> Typed:
    value_of(decimals, "decimals")
    return b.call(np.round, a) if decimals is None else b.call(np.round, a, decimals)


@canonical(builtins.abs, takes="x")
def _abs(b: Builder, fn: Any, x: Typed) -> Typed:
    return b.call(np.absolute if x.is_array else builtins.abs, x)


@canonical(builtins.pow, np.power, takes="base exp | mod")
def _pow(b: Builder, fn: Any, base: Typed, exp: Typed) -> Typed:
    return power(b, base, exp)


@canonical(ops.power, takes="base exponent")
def _power(b: Builder, fn: Any, base: Typed, exponent: Typed) -> Typed:
    return power(b, base, exponent)


def power(b: Builder, base: Typed, exponent: Typed) -> Typed:
    """`base ** exponent`; a whole number to a negative literal is computed in floating point."""
    negative = isinstance(exponent.expr, Const) and isinstance(exponent.expr.value, int) and exponent.expr.value < 0
    if negative and kind(base.type) in "biu":
        base = cast(b, base, "float64")
    if kind(exponent.type) == "c" and kind(base.type) != "c":  # so that a negative number has a logarithm
        base = cast(b, base, "complex128")
    return b.call(ops.power, base, exponent)


@canonical(math.log, takes="x base")
def _log(b: Builder, fn: Any, x: Typed, base: Typed | None) -> Typed:
    return b.call(fn, x) if base is None else b.call(np.divide, b.call(fn, x), b.call(fn, base))


_NOT_IN_NUMBA = {math.cbrt: np.cbrt, math.exp2: np.exp2}


@canonical(math.cbrt, math.exp2, takes="x")
def _of_numpy(b: Builder, fn: Any, x: Typed) -> Typed:
    return b.call(_NOT_IN_NUMBA[fn], x)


@canonical(math.fmod, takes="x y")
def _fmod(b: Builder, fn: Any, x: Typed, y: Typed | None) -> Typed:
    return b.call(np.fmod, x, *([] if y is None else [y]))


@canonical(math.hypot, takes="x y z")
def _hypot(b: Builder, fn: Any, x: Typed, y: Typed | None, z: Typed | None) -> Typed:
    if y is None:
        return b.call(builtins.abs, x)
    return b.call(fn, x, y) if z is None else b.call(fn, b.call(fn, x, y), z)


@canonical(runtime.stop_gradient, runtime.detached, takes="x")
def _stop_gradient(b: Builder, fn: Any, x: Typed) -> Typed:
    """Whole numbers have no derivative to stop: what is computed with them (a power, an index) shall be seen to."""
    if x.is_tuple:
        return tuple_of([_stop_gradient(b, fn, item) for item in x.items])
    whole = isinstance(x.type, (Scalar, Array)) and kind(x.type) in "biu"
    if not whole:
        return b.call(fn, x)
    return b.call(ops.copy, x) if x.is_array else x


@canonical(builtins.float, builtins.int, takes="x")
def _number_of(b: Builder, fn: Any, x: Typed) -> Typed:
    if x.type == BOOL:
        return cast(b, x, "float64" if fn is builtins.float else "int64")
    return b.call(fn, x)


@canonical(np.astype, takes="x dtype copy | device")
def _astype(b: Builder, fn: Any, x: Typed, dtype: Typed | None, copy: Typed | None) -> Typed:
    x = array_of(b, x, fn)
    assert isinstance(x.type, Array)
    wanted = dtype_of(dtype, "float64")
    if wanted != x.type.dtype:
        return cast(b, x, wanted)
    return x if copy is not None and value_of(copy, "copy") is False else b.call(ops.copy, x)


def _of_items(x: Typed) -> str:
    """The dtype of an array, or of the array that a tuple of numbers becomes."""
    if x.is_tuple and x.items:
        return np.result_type(*map(_of_items, x.items)).name
    if isinstance(x.type, (Array, Scalar)):
        return x.type.dtype
    raise refuse("unsupported-argument", f"`np.result_type` of {described(x.type)}")


@canonical(np.result_type, takes="first second third fourth")
def _result_type(b: Builder, fn: Any, *given: Typed | None) -> Typed:
    """The dtype that arrays, tuples of numbers and dtypes have in common, known before the run."""
    dtypes = [_of_items(x) if x.is_array or x.is_tuple else dtype_of(x, "") for x in given if x is not None]
    return constant(np.result_type(*dtypes).type)
