"""Canonical forms of the functions that make arrays, ask for their shapes, or see them in another shape."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described, name_of
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Effect, Expr, If, Name, Slice
from adcompile.ir.types import Array, Scalar, Static, kind
from adcompile.ir.walk import names
from adcompile.normal import rearranged
from adcompile.normal.array_calls import (
    FORMS,
    array_of,
    axes_of,
    canonical,
    cast,
    dtype_constant,
    dtype_of,
    is_view,
    one_axis,
    reshaped,
    shape_argument,
    shape_of,
)
from adcompile.normal.building import EVERYTHING, Builder, Copied, Typed, constant, require_integer, tuple_of, value_of
from adcompile.normal.literal_lengths import literal_lengths


# ------------------------------------------------------------------------------------------ allocations
def _with_dtype(b: Builder, fn: Any, args: Sequence[Typed], dtype: str, default: str) -> Typed:
    extra = () if dtype == default else (Typed(dtype_constant(dtype), Static(dtype)),)
    return b.call(fn, *args, *extra)


@canonical(np.zeros, np.ones, np.empty, takes="shape dtype | order device like")
def _allocation(b: Builder, fn: Any, shape: Typed, dtype: Typed | None) -> Typed:
    lengths = shape_of(shape)
    if not lengths:
        return cast(b, constant(float(fn is np.ones)), dtype_of(dtype, "float64"))
    return _with_dtype(b, fn, [shape_argument(lengths)], dtype_of(dtype, "float64"), "float64")


@canonical(np.full, takes="shape fill_value dtype | order device like")
def _full(b: Builder, fn: Any, shape: Typed, fill_value: Typed, dtype: Typed | None) -> Typed:
    if not isinstance(fill_value.type, Scalar):
        raise refuse("no-type", f"`np.full` is given {described(fill_value.type)} as its value")
    default = fill_value.type.dtype
    if not shape_of(shape):
        return cast(b, fill_value, dtype_of(dtype, default))
    return _with_dtype(b, fn, [shape_argument(shape_of(shape)), fill_value], dtype_of(dtype, default), default)


_OF_SHAPE = {np.zeros_like: np.zeros, np.ones_like: np.ones, np.empty_like: np.empty}


@canonical(np.zeros_like, np.ones_like, np.empty_like, takes="a dtype | order subok shape device")
def _like(b: Builder, fn: Any, a: Typed, dtype: Typed | None) -> Typed:
    if isinstance(a.type, Scalar):
        number = float if kind(a.type) == "f" else int
        return constant(number(fn is np.ones_like))
    a = array_of(b, a, fn)
    assert isinstance(a.type, Array)
    wanted = dtype_of(dtype, a.type.dtype)
    if wanted == a.type.dtype:
        return b.call(fn, a)
    return _with_dtype(b, _OF_SHAPE[fn], [shape_argument(b.dims(a))], wanted, "float64")


@canonical(np.full_like, takes="a fill_value dtype | order subok shape device")
def _full_like(b: Builder, fn: Any, a: Typed, fill_value: Typed, dtype: Typed | None) -> Typed:
    if isinstance(a.type, Scalar):
        return cast(b, fill_value, dtype_of(dtype, a.type.dtype))
    a = array_of(b, a, fn)
    assert isinstance(a.type, Array) and isinstance(fill_value.type, Scalar)
    wanted = dtype_of(dtype, a.type.dtype)
    return _with_dtype(b, np.full, [shape_argument(b.dims(a)), fill_value], wanted, fill_value.type.dtype)


@canonical(np.arange, takes="start stop step dtype | device like")
def _arange(b: Builder, fn: Any, start: Typed, stop: Typed | None, step: Typed | None, dtype: Typed | None) -> Typed:
    if stop is None:
        start, stop = constant(0), start
    call = b.call(np.arange, start, stop, step or constant(1))
    assert isinstance(call.type, Array) and isinstance(call.expr, Call)
    parts = (start, stop, step or constant(1))
    return _with_dtype(b, np.arange, parts, dtype_of(dtype, call.type.dtype), call.type.dtype)


@canonical(np.linspace, takes="start stop num endpoint | retstep dtype axis device")
def _linspace(b: Builder, fn: Any, start: Typed, stop: Typed, num: Typed | None, endpoint: Typed | None) -> Typed:
    number = constant(50) if num is None else require_integer(num, "`num`")
    if endpoint is None or value_of(endpoint, "endpoint"):
        return b.call(np.linspace, start, stop, number)
    return b.call(np.linspace, start, stop, number, endpoint=Const(False))


@canonical(np.eye, takes="N M k dtype | order device like")
def _eye(b: Builder, fn: Any, N: Typed, M: Typed | None, k: Typed | None, dtype: Typed | None) -> Typed:
    wanted = dtype_of(dtype, "float64")
    if k is not None and k.expr != Const(0):
        return cast(b, b.written(rearranged.eye, N, M or N, k), wanted)
    kwargs: dict[str, Expr] = {} if wanted == "float64" else {"dtype": dtype_constant(wanted)}
    return b.call(np.eye, require_integer(N, "`N`"), require_integer(M or N, "`M`"), **kwargs)


@canonical(np.identity, takes="n dtype | like")
def _identity(b: Builder, fn: Any, n: Typed, dtype: Typed | None) -> Typed:
    return _eye(b, fn, n, None, None, dtype)


_ARRAYS = (np.array, np.asarray, np.asanyarray)


@canonical(*_ARRAYS, takes="object dtype copy | order subok ndmin device like")
def _array(b: Builder, fn: Any, object: Typed, dtype: Typed | None, copy: Typed | None) -> Typed:
    if object.is_tuple:
        if object.items and any(map(_holds_arrays, object.items)):
            rows = [_array(b, np.asarray, row, None, None) if row.is_tuple else row for row in object.items]
            result = FORMS[np.stack](b, np.stack, [tuple_of(rows)], {})
        else:
            result = b.call(np.array, object)
    elif isinstance(object.type, Scalar):  # an array without axes is the number itself
        return cast(b, object, dtype_of(dtype, object.type.dtype))
    elif not object.is_array:
        raise refuse("unsupported-array", f"an array of {described(object.type)} is not supported")
    else:
        same = fn in (np.asarray, np.asanyarray) or (copy is not None and value_of(copy, "copy") is False)
        result = object if same else b.call(ops.copy, object)
    assert isinstance(result.type, Array)
    wanted = dtype_of(dtype, result.type.dtype)
    if wanted == result.type.dtype:
        return result
    source = object if object.is_array else result
    return b.call(np.dtype(wanted).type, source)


def _holds_arrays(x: Typed) -> bool:
    return x.is_array or (x.is_tuple and any(map(_holds_arrays, x.items)))


@canonical(np.copy, takes="a | order subok")
def _copy(b: Builder, fn: Any, a: Typed) -> Typed:
    return b.call(ops.copy, array_of(b, a, fn))


@canonical(np.ascontiguousarray, np.asfortranarray, takes="a dtype | like")
def _contiguous(b: Builder, fn: Any, a: Typed, dtype: Typed | None) -> Typed:
    made = _array(b, np.array, a, dtype, None)
    if not made.is_array:
        return b.call(np.array, tuple_of([made]))
    if a.is_array:
        made = b.defined(b.spare("contiguous"), made) if not b.is_lazy else made
        if not isinstance(made.expr, Name):
            what = f"`{name_of(fn)}` takes statements, where it may not be evaluated"
            raise refuse("takes-statements", what, hint="give it a name in a statement of its own")
        b.copies.append(Copied(made.expr.id, frozenset(names(a.expr)), name_of(fn), b.span))
    return made


# ------------------------------------------------------------------------------------------ shapes asked
@canonical(builtins.len, takes="obj")
def _len(b: Builder, fn: Any, obj: Typed) -> Typed:
    if not obj.is_array or (told := literal_lengths(obj.expr, obj.ndim, b.types, b.lengths)[0]) is None:
        return constant(len(obj.items)) if obj.is_tuple else b.dim(array_of(b, obj, fn), 0)
    return constant(told)


@canonical(np.shape, takes="a")
def _shape(b: Builder, fn: Any, a: Typed) -> Typed:
    return tuple_of(b.dims(a)) if a.is_array else tuple_of(())


@canonical(np.ndim, takes="a")
def _ndim(b: Builder, fn: Any, a: Typed) -> Typed:
    return constant(a.ndim)


@canonical(np.size, takes="a axis")
def _size(b: Builder, fn: Any, a: Typed, axis: Typed | None) -> Typed:
    return b.size(a) if axis is None else b.dim(a, one_axis(axis, a.ndim))


# ------------------------------------------------------------------------------------------ other shapes
@canonical(np.transpose, takes="a axes")
def _transpose(b: Builder, fn: Any, a: Typed, axes: Typed | None) -> Typed:
    a = array_of(b, a, fn)
    order = value_of(axes, "axes")
    return permuted(b, a, tuple(reversed(range(a.ndim))) if order is None else tuple(order))


def permuted(b: Builder, a: Typed, order: tuple[int, ...]) -> Typed:
    """`a` with its axes in another order."""
    order = tuple(axis % a.ndim for axis in order)
    if sorted(order) != list(range(a.ndim)):
        raise refuse("no-type", f"axes {order} of an array of {a.ndim} axes")
    if order == tuple(range(a.ndim)):
        return a
    if order == tuple(reversed(range(a.ndim))):
        return b.call(np.transpose, a)
    return b.call(np.transpose, a, tuple_of([constant(axis) for axis in order]))


@canonical(np.swapaxes, takes="a axis1 axis2")
def _swapaxes(b: Builder, fn: Any, a: Typed, axis1: Typed, axis2: Typed) -> Typed:
    order = list(range(a.ndim))
    first, second = one_axis(axis1, a.ndim), one_axis(axis2, a.ndim)
    order[first], order[second] = order[second], order[first]
    return permuted(b, a, tuple(order))


@canonical(np.moveaxis, takes="a source destination")
def _moveaxis(b: Builder, fn: Any, a: Typed, source: Typed, destination: Typed) -> Typed:
    start, end = one_axis(source, a.ndim), one_axis(destination, a.ndim)
    order = [axis for axis in range(a.ndim) if axis != start]
    order.insert(end, start)
    return permuted(b, a, tuple(order))


@canonical(np.reshape, takes="a shape | order copy")
def _reshape(b: Builder, fn: Any, a: Typed, shape: Typed) -> Typed:
    if isinstance(a.type, Scalar) and shape.is_tuple and not shape.items:
        return a
    lengths = shape_of(shape)
    shape_argument(lengths)
    return reshaped(b, array_of(b, a, fn), lengths)


@canonical(np.ravel, takes="a | order")
def _raveled(b: Builder, fn: Any, a: Typed) -> Typed:
    if isinstance(a.type, Scalar):
        return b.call(np.array, tuple_of([a]))
    return reshaped(b, array_of(b, a, fn), [constant(-1)])  # of one axis too: a strided vector is copied


def raveled(b: Builder, fn: Any, a: Typed) -> Typed:
    """The elements as a vector, to be read."""
    a = array_of(b, a, fn)
    return a if a.ndim == 1 else reshaped(b, a, [constant(-1)])


def flattened(b: Builder, a: Typed) -> Typed:
    """`a.flatten()`: a copy, of one axis."""
    flat = raveled(b, np.ravel, a)
    return b.call(ops.copy, flat) if is_view(flat.expr) or flat is a else flat


@canonical(np.broadcast_to, takes="array shape | subok")
def _broadcast_to(b: Builder, fn: Any, array: Typed, shape: Typed) -> Typed:
    lengths = shape_of(shape)
    if not array.is_array:
        return _full(b, np.full, shape, array, None)
    shape_argument(lengths)
    return b.call(np.broadcast_to, array, tuple_of(lengths))


@canonical(np.expand_dims, takes="a axis")
def with_axis(b: Builder, fn: Any, a: Typed, axis: Typed) -> Typed:
    if isinstance(a.type, Scalar):
        return b.call(np.array, tuple_of([a]))
    a = array_of(b, a, fn)
    place = one_axis(axis, a.ndim + 1)
    items = [Typed(EVERYTHING, Static(slice))] * a.ndim
    return b.index(a, [*items[:place], constant(None), *items[place:]])


@canonical(np.squeeze, takes="a axis")
def _squeeze(b: Builder, fn: Any, a: Typed, axis: Typed | None) -> Typed:
    if isinstance(a.type, Scalar):
        return a
    a = array_of(b, a, fn)
    if axis is None:
        a, gone = b.shared(a), _of_length_one(b, a)
        return b.index(a, [constant(0) if k in gone else Typed(EVERYTHING, Static(slice)) for k in range(a.ndim)])
    gone = axes_of(axis, a.ndim) or tuple(range(a.ndim))
    return b.index(a, [constant(0) if k in gone else Typed(EVERYTHING, Static(slice)) for k in range(a.ndim)])


def _of_length_one(b: Builder, a: Typed) -> tuple[int, ...]:
    """The axes that have length one by the array's form; others are checked to have another in the run."""
    known = literal_lengths(a.expr, a.ndim, b.types, b.lengths)
    unknown = [axis for axis in range(a.ndim) if known[axis] is None]
    if unknown and b.is_lazy:
        what = "`np.squeeze` without an axis takes statements, where it may not be evaluated"
        raise refuse("takes-statements", what, hint="give it a name in a statement of its own")
    for axis in unknown:
        text = f"np.squeeze would drop axis {axis}, whose length the derivative was not made for: say which axis"
        wrong = Effect(Call(ops.fail, (Const(ValueError), Const(None), Const(text))), span=b.span)
        b.out.append(If(b.call(np.equal, b.dim(a, axis), constant(1)).expr, (wrong,), (), span=b.span))
    return tuple(axis for axis in range(a.ndim) if known[axis] == 1)


@canonical(np.flip, takes="m axis")
def _flip(b: Builder, fn: Any, m: Typed, axis: Typed | None) -> Typed:
    m = array_of(b, m, fn)
    axes = axes_of(axis, m.ndim) or tuple(range(m.ndim))
    backwards = Typed(Slice(Const(None), Const(None), Const(-1)), Static(slice))
    return b.index(m, [backwards if k in axes else Typed(EVERYTHING, Static(slice)) for k in range(m.ndim)])


@canonical(np.flipud, takes="m")
def _flipud(b: Builder, fn: Any, m: Typed) -> Typed:
    return _flip(b, fn, m, constant(0))


@canonical(np.fliplr, takes="m")
def _fliplr(b: Builder, fn: Any, m: Typed) -> Typed:
    return _flip(b, fn, m, constant(1))


@canonical(np.roll, takes="a shift axis")
def _roll(b: Builder, fn: Any, a: Typed, shift: Typed, axis: Typed | None) -> Typed:
    a = array_of(b, a, fn)
    if axis is None and a.ndim > 1:
        return b.written(rearranged.roll, a, require_integer(shift, "`shift`"))
    return b.call(np.roll, a, require_integer(shift, "`shift`"), axis=Const(one_axis(axis, a.ndim)))


@canonical(np.diff, takes="a n axis | prepend append")
def _diff(b: Builder, fn: Any, a: Typed, n: Typed | None, axis: Typed | None) -> Typed:
    a = array_of(b, a, fn)
    along = one_axis(axis, a.ndim)
    for _ in range(1 if n is None else value_of(n, "n")):
        a = b.shared(a)
        index = [Typed(EVERYTHING, Static(slice))] * a.ndim
        index[along] = Typed(Slice(Const(1), Const(None), Const(None)), Static(slice))
        later = b.index(a, index)
        index[along] = Typed(Slice(Const(None), Const(-1), Const(None)), Static(slice))
        a = b.call(np.subtract, later, b.index(a, index))
    return a


# ------------------------------------------------------------------------------------------ diagonals
_OFF_THE_DIAGONAL = {np.diag: rearranged.diag, np.tril: rearranged.tril, np.triu: rearranged.triu}


@canonical(np.diag, np.tril, np.triu, takes="v k")
def _diag(b: Builder, fn: Any, v: Typed, k: Typed | None) -> Typed:
    v = array_of(b, v, fn)
    return b.call(fn, v) if k is None else b.written(_OFF_THE_DIAGONAL[fn], v, require_integer(k, "`k`"))


@canonical(np.diagonal, takes="a offset | axis1 axis2")
def _diagonal(b: Builder, fn: Any, a: Typed, offset: Typed | None) -> Typed:
    if (a := array_of(b, a, fn)).ndim != 2:
        raise refuse("no-type", "`np.diagonal` needs a matrix")
    return b.call(fn, a) if offset is None else b.written(rearranged.diagonal, a, offset)
