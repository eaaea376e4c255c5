"""Canonical forms of sums, extrema and other reductions, and of scans along an axis."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described, name_of
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Const, Expr, Name
from adcompile.ir.types import Scalar, is_complex, kind
from adcompile.normal.array_calls import (
    FORMS,
    array_of,
    axes_of,
    axis_constant,
    canonical,
    cast,
    dtype_of,
    one_axis,
    reshaped,
)
from adcompile.normal.building import Builder, Typed, constant, value_of


def reduce(b: Builder, fn: Any, x: Typed, axes: tuple[int, ...] | None, keepdims: bool = False) -> Typed:
    """A reduction over axes (all of them for `None`)."""
    kwargs: dict[str, Expr] = {} if axes is None else {"axis": axis_constant(axes)}
    if keepdims:
        kwargs["keepdims"] = Const(True)
    return b.call(fn, x, **kwargs)


_ONE_NAME = {np.amax: np.max, np.amin: np.min}


@canonical(np.max, np.min, np.amax, np.amin, np.any, np.all, takes="a axis out keepdims | initial where")
def _extremum(b: Builder, fn: Any, a: Typed, axis: Typed | None, out: Typed | None, keepdims: Typed | None) -> Typed:
    _no_out(out)
    return _reduction(b, _ONE_NAME.get(fn, fn), a, axis, None, keepdims)


@canonical(np.sum, np.prod, np.mean, takes="a axis dtype out keepdims | initial where")
def _accumulation(
    b: Builder, fn: Any, a: Typed, axis: Typed | None, dtype: Typed | None, out: Typed | None, keepdims: Typed | None
) -> Typed:
    _no_out(out)
    return _reduction(b, fn, a, axis, dtype, keepdims)


def _no_out(out: Typed | None) -> None:
    if out is not None:
        raise refuse("unsupported-argument", "`out=` inside an expression", hint="assign the result to out[:]")


def _reduction(b: Builder, fn: Any, a: Typed, axis: Typed | None, dtype: Typed | None, keepdims: Typed | None) -> Typed:
    if isinstance(a.type, Scalar):
        if fn in (np.any, np.all):
            return b.truth(a)
        if axis is None:
            return b.call(float, a) if fn is np.mean and kind(a.type) not in "fc" else a
        raise refuse("no-type", f"`{name_of(fn)}` needs an array, not {described(a.type)}")
    a = array_of(b, a, fn)
    if fn in (np.any, np.all) and kind(a.type) != "b":
        a = b.call(np.not_equal, a, constant(0))
    result = reduce(b, fn, a, axes_of(axis, a.ndim), bool(value_of(keepdims, "keepdims")))
    if dtype is not None and dtype_of(dtype, "") != getattr(result.type, "dtype", ""):
        a = cast(b, a, dtype_of(dtype, ""))
        result = reduce(b, fn, a, axes_of(axis, a.ndim), bool(value_of(keepdims, "keepdims")))
    return result


@canonical(np.argmax, np.argmin, takes="a axis out keepdims | overwrite_input")
def _position(b: Builder, fn: Any, a: Typed, axis: Typed | None, out: Typed | None, keepdims: Typed | None) -> Typed:
    _no_out(out)
    if axis is None and not a.is_tuple and a.ndim > 1 and not value_of(keepdims, "keepdims"):
        a = b.call(np.reshape, a, b.size(a))  # the place is that among all elements in order
    return _reduction(b, fn, a, axis, None, keepdims)


@canonical(np.var, np.std, takes="a axis dtype out ddof keepdims | where mean correction")
def _variance(
    b: Builder, fn: Any, a: Typed, axis: Typed | None, dtype: Typed | None, out: Typed | None, ddof: Typed | None,
    keepdims: Typed | None,
) -> Typed:  # fmt: skip
    _no_out(out)
    a = array_of(b, a, fn)
    if dtype is not None:
        a = cast(b, a, dtype_of(dtype, ""))
    a = b.shared(a)
    axes = axes_of(axis, a.ndim)
    centre = b.shared(reduce(b, np.mean, a, axes, keepdims=axes is not None), "centre")
    off = b.shared(b.call(np.subtract, a, centre), "off")
    keep = bool(value_of(keepdims, "keepdims"))
    squares = squared(b, off)
    if ddof is None or ddof.expr in (Const(0), Const(0.0)):
        result = reduce(b, np.mean, squares, axes, keep)
    else:
        lengths = b.dims(a)
        count = b.folded(np.multiply, [lengths[k] for k in (range(a.ndim) if axes is None else axes)])
        total = reduce(b, np.sum, squares, axes, keep)
        result = b.call(np.divide, total, b.call(np.subtract, count, ddof))
    return b.call(np.sqrt, result) if fn is np.std else result


@canonical(np.ptp, takes="a axis out keepdims")
def _peak_to_peak(
    b: Builder, fn: Any, a: Typed, axis: Typed | None, out: Typed | None, keepdims: Typed | None
) -> Typed:
    _no_out(out)
    a = b.shared(array_of(b, a, fn))
    return b.call(
        np.subtract, _reduction(b, np.max, a, axis, None, keepdims), _reduction(b, np.min, a, axis, None, keepdims)
    )


@canonical(np.average, takes="a axis weights | returned keepdims")
def _average(b: Builder, fn: Any, a: Typed, axis: Typed | None, weights: Typed | None) -> Typed:
    if weights is None:
        return _reduction(b, np.mean, a, axis, None, None)
    a, weights = array_of(b, a, fn), b.shared(array_of(b, weights, fn))
    if a.ndim != weights.ndim:
        raise refuse("unsupported-argument", "`np.average` with weights of another shape than the values")
    axes = axes_of(axis, a.ndim)
    total = reduce(b, np.sum, b.call(np.multiply, a, weights), axes)
    return b.call(np.divide, total, reduce(b, np.sum, weights, axes))


@canonical(np.count_nonzero, takes="a axis keepdims")
def _count(b: Builder, fn: Any, a: Typed, axis: Typed | None, keepdims: Typed | None) -> Typed:
    return _reduction(b, np.sum, b.call(np.not_equal, array_of(b, a, fn), constant(0)), axis, None, keepdims)


def squared(b: Builder, x: Typed) -> Typed:
    """The squared size of each element."""
    if is_complex(x.type):
        parts = [b.call(part, x) for part in (np.real, np.imag)]
        return b.call(np.add, *(b.call(ops.power, part, constant(2)) for part in parts))
    return b.call(np.multiply, x, x) if isinstance(x.expr, Name) else b.call(ops.power, x, constant(2))


@canonical(np.linalg.norm, takes="x ord axis keepdims")
def _norm(b: Builder, fn: Any, x: Typed, ord: Typed | None, axis: Typed | None, keepdims: Typed | None) -> Typed:
    x = b.shared(array_of(b, x, fn))
    order, axes = value_of(ord, "ord"), axes_of(axis, x.ndim)
    keep = bool(value_of(keepdims, "keepdims"))
    vector = (x.ndim if axes is None else len(axes)) == 1
    if order in (None, "fro") or (order == 2 and vector):
        return b.call(np.sqrt, reduce(b, np.sum, squared(b, x), axes, keep))
    if vector and order in (1, np.inf):
        return reduce(b, np.sum if order == 1 else np.max, b.call(np.absolute, x), axes, keep)
    raise refuse("no-rule", f"`np.linalg.norm` of order {order!r} has no differentiation rule")


@canonical(np.cumsum, np.cumprod, takes="a axis | dtype out")
def _scan(b: Builder, fn: Any, a: Typed, axis: Typed | None) -> Typed:
    a = array_of(b, a, fn)
    if axis is None and a.ndim > 1:
        a = reshaped(b, a, [b.size(a)])
    return b.call(fn, a, axis=Const(one_axis(axis, a.ndim)))


@canonical(builtins.sum, takes="iterable start")
def _python_sum(b: Builder, fn: Any, iterable: Typed, start: Typed | None) -> Typed:
    if iterable.is_tuple:
        return b.folded(np.add, [*([start] if start else []), *iterable.items]) if iterable.items else constant(0)
    total = reduce(b, np.sum, array_of(b, iterable, fn), None if iterable.ndim == 1 else (0,))
    return total if start is None else b.call(np.add, total, start)


def _extreme_of_python(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    if kwargs:
        raise refuse("unsupported-argument", f"`{fn.__name__}` with keywords is not supported")
    if len(args) == 1 and args[0].is_array:
        return reduce(b, np.max if fn is builtins.max else np.min, args[0], None)
    items = args[0].items if len(args) == 1 and args[0].is_tuple else args
    if not items or any(not isinstance(item.type, Scalar) for item in items):
        raise refuse("no-type", f"`{fn.__name__}` of something that is not a number")
    return b.folded(fn, items)


def _truth_of_python(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    if kwargs or len(args) != 1:
        raise refuse("no-type", f"`{fn.__name__}` takes one argument")
    if args[0].is_tuple:
        items = [b.truth(item) for item in args[0].items] or [constant(fn is builtins.all)]
        return b.folded(ops.both if fn is builtins.all else ops.either, items)
    return _reduction(b, np.all if fn is builtins.all else np.any, array_of(b, args[0], fn), None, None, None)


FORMS |= {builtins.min: _extreme_of_python, builtins.max: _extreme_of_python,
          builtins.any: _truth_of_python, builtins.all: _truth_of_python}  # fmt: skip
