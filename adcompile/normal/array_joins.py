"""Canonical forms of functions that join arrays: of a tuple of them, or of a list of arrays of one shape.

Goal: `np.concatenate` of a literal tuple, or a list of arrays with its axes in another order.  Non-goals: lists of
arrays of several shapes, which there are not.

    np.vstack((a, b))               becomes     np.concatenate((a[None, :], b[None, :]), axis=0)
    np.concatenate(rows, axis=1)                np.reshape(np.transpose(rows, (1, 0, 2)), (len(rows[0]), -1))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import name_of
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Effect, If
from adcompile.ir.types import Array, Scalar
from adcompile.normal.array_calls import canonical, one_axis, reshaped
from adcompile.normal.array_shapes import permuted, with_axis
from adcompile.normal.building import Builder, Typed, constant, tuple_of


def _parts(b: Builder, x: Typed, fn: Any, numbers: bool = True) -> list[Typed]:
    if not x.is_tuple or not x.items:
        raise refuse("unsupported-call", f"`{name_of(fn)}` needs a tuple of arrays, or a list of them")
    if not numbers and any(isinstance(item.type, Scalar) for item in x.items):
        raise refuse("no-type", f"`{name_of(fn)}` joins no numbers to arrays", hint="write `[number]`")
    items = [tuple_of([item]) if isinstance(item.type, Scalar) else item for item in x.items]
    return [b.call(np.array, item) if item.is_tuple else item for item in items]


def _concatenated(b: Builder, parts: Sequence[Typed], axis: int) -> Typed:
    return b.call(np.concatenate, tuple_of(parts), axis=Const(axis))


# ------------------------------------------------------------------------------------------ lists of arrays
def _rows(b: Builder, x: Typed, fn: Any) -> Typed | None:
    """A list of arrays, or an array as the sequence of its rows; one without any is an error, as in NumPy."""
    if not isinstance(x.type, Array) or (x.ndim == 1 and fn in (np.concatenate, np.column_stack)):
        return None
    if b.is_lazy:
        what = f"`{name_of(fn)}` of a list takes statements, where it may not be evaluated"
        raise refuse("takes-statements", what, hint="give it a name in a statement of its own")
    x = b.shared(x, "rows")
    why = (Const(ValueError), Const(None), Const("need at least one array to join"))
    none = b.call(np.equal, b.dim(x, 0), constant(0)).expr
    b.out.append(If(none, (Effect(Call(ops.fail, why), span=b.span),), (), span=b.span))
    return x


def _joined(b: Builder, rows: Typed, axis: int) -> Typed:
    """The arrays of a list one behind the other, along one of their axes."""
    order = list(range(1, rows.ndim))
    order.insert(axis, 0)
    turned = b.shared(b.call(ops.copy, permuted(b, rows, tuple(order))), "turned")
    lengths = b.dims(turned)
    whole = b.call(np.multiply, lengths[axis], lengths[axis + 1])
    return reshaped(b, turned, [*lengths[:axis], whole, *lengths[axis + 2 :]])


# ------------------------------------------------------------------------------------------ functions
@canonical(np.concatenate, takes="arrays axis | out dtype casting")
def _concatenate(b: Builder, fn: Any, arrays: Typed, axis: Typed | None) -> Typed:
    if (rows := _rows(b, arrays, fn)) is not None:
        return _joined(b, rows, one_axis(axis, rows.ndim - 1, 0))
    parts = _parts(b, arrays, fn, numbers=False)
    return _concatenated(b, parts, one_axis(axis, parts[0].ndim, 0))


@canonical(np.stack, takes="arrays axis | out dtype casting")
def _stack(b: Builder, fn: Any, arrays: Typed, axis: Typed | None) -> Typed:
    if (rows := _rows(b, arrays, fn)) is not None:
        order = list(range(1, rows.ndim))
        order.insert(one_axis(axis, rows.ndim, 0), 0)
        return b.call(ops.copy, permuted(b, rows, tuple(order)))
    if arrays.is_tuple and arrays.items and all(isinstance(item.type, Scalar) for item in arrays.items):
        one_axis(axis, 1, 0)
        return b.call(np.array, arrays)
    parts = _parts(b, arrays, fn, numbers=False)
    place = one_axis(axis, parts[0].ndim + 1, 0)
    return _concatenated(b, [with_axis(b, fn, part, constant(place)) for part in parts], place)


@canonical(np.hstack, takes="tup | dtype casting")
def _hstack(b: Builder, fn: Any, tup: Typed) -> Typed:
    if (rows := _rows(b, tup, fn)) is not None:
        return b.call(ops.copy, rows) if rows.ndim == 1 else _joined(b, rows, 0 if rows.ndim == 2 else 1)
    parts = _parts(b, tup, fn)
    return _concatenated(b, parts, 0 if parts[0].ndim == 1 else 1)


@canonical(np.vstack, getattr(np, "row_stack", np.vstack), takes="tup | dtype casting")
def _vstack(b: Builder, fn: Any, tup: Typed) -> Typed:
    if (found := _rows(b, tup, fn)) is not None:
        if found.ndim == 1:
            return b.call(ops.copy, with_axis(b, fn, found, constant(1)))
        return b.call(ops.copy, found) if found.ndim == 2 else _joined(b, found, 0)
    rows = [with_axis(b, fn, part, constant(0)) if part.ndim == 1 else part for part in _parts(b, tup, fn)]
    return _concatenated(b, rows, 0)


@canonical(np.column_stack, takes="tup")
def _column_stack(b: Builder, fn: Any, tup: Typed) -> Typed:
    if (rows := _rows(b, tup, fn)) is not None:
        return b.call(ops.copy, permuted(b, rows, (1, 0))) if rows.ndim == 2 else _joined(b, rows, 1)
    columns = [with_axis(b, fn, part, constant(1)) if part.ndim == 1 else part for part in _parts(b, tup, fn)]
    return _concatenated(b, columns, 1)
