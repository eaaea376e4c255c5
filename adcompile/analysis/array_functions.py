"""Result types of the array functions that the compiler knows, in their canonical form (see `normal.array_calls`).

Goal: one line a function.  `RESULTS` maps a function to how its type follows from the call and its arguments' types;
`ELEMENTWISE` holds the functions that act on each element alone and are not ufuncs, with their dtype (empty: floating
as the argument).

>>> from adcompile.ir.nodes import Const, Name
>>> RESULTS[np.sum](Call(np.sum, (Name("x"),), (("axis", Const(0)),)), (Array("float64", 2),))
Array(dtype='float64', ndim=1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from adcompile.errors import refuse
from adcompile.ir.nodes import Call, Const, Expr, Tuple
from adcompile.ir.types import Array, Scalar, TupleType, Type, kind, ndim

Result: TypeAlias = Callable[[Call, Sequence[Type]], Type]

ELEMENTWISE: Mapping[Any, str] = {
    np.round: "", np.fix: "", np.sinc: "", np.nan_to_num: "", np.i0: "",
    np.isclose: "bool", np.isposinf: "bool", np.isneginf: "bool",
}  # fmt: skip


def keyword(call: Call, name: str) -> object:
    """The constant given for a keyword, `None` without one; axes in a tuple come as a tuple."""
    for key, value in call.kwargs:
        if key == name:
            return _constant(value)
    return None


def _constant(expr: Expr) -> object:
    if isinstance(expr, Tuple):
        return tuple(_constant(item) for item in expr.items)
    assert isinstance(expr, Const), expr
    return expr.value


def _ranked(dtype: str, rank: int) -> Type:
    return Array(dtype, rank) if rank else Scalar(dtype)


def _array(call: Call, type_: Type, *ranks: int) -> Array:
    if isinstance(type_, Array) and (not ranks or type_.ndim in ranks):
        return type_
    wanted = f" of rank {' or '.join(map(str, ranks))}" if ranks else ""
    raise refuse("no-type", f"`np.{call.fn.__name__}` needs an array{wanted}")


def _floating(dtype: str) -> str:
    return dtype if np.dtype(dtype).kind in "fc" else "float64"


# ------------------------------------------------------------------------------------------ allocations
def _rank_of_shape(shape: Type) -> int:
    return len(shape.items) if isinstance(shape, TupleType) else 1


def _dtype_argument(call: Call, position: int, default: str) -> str:
    given = _constant(call.args[position]) if len(call.args) > position else keyword(call, "dtype")
    return default if given is None else np.dtype(given).name  # type: ignore[call-overload]


def _allocation(call: Call, args: Sequence[Type]) -> Type:
    return Array(_dtype_argument(call, 1, "float64"), _rank_of_shape(args[0]))


def _full(call: Call, args: Sequence[Type]) -> Type:
    value = args[1]
    assert isinstance(value, Scalar), value
    return Array(_dtype_argument(call, 2, value.dtype), _rank_of_shape(args[0]))


def _like(call: Call, args: Sequence[Type]) -> Type:
    return args[0]


def _arange(call: Call, args: Sequence[Type]) -> Type:
    dtypes = [type_.dtype for type_ in args[:3] if isinstance(type_, Scalar)]
    default = "int64" if all(np.dtype(dtype).kind in "biu" for dtype in dtypes) else "float64"
    return Array(_dtype_argument(call, 3, default), 1)


def _vector(call: Call, args: Sequence[Type]) -> Type:
    return Array("float64", 1)


def _matrix(call: Call, args: Sequence[Type]) -> Type:
    return Array(_dtype_argument(call, 9, "float64"), 2)


def _of_tuple(call: Call, args: Sequence[Type]) -> Type:
    def leaf(type_: Type) -> tuple[str, int]:
        if isinstance(type_, TupleType):
            parts = [leaf(item) for item in type_.items]
            if len({rank for _, rank in parts}) != 1:
                raise refuse("no-type", "rows of different lengths in np.array")
            dtype = np.result_type(*(np.dtype(name) for name, _ in parts)).name
            return dtype, parts[0][1] + 1
        if not isinstance(type_, Scalar):
            raise refuse("no-type", "np.array of something that is not a number", hint="use np.stack for arrays")
        return type_.dtype, 0

    return Array(*leaf(args[0]))


# ------------------------------------------------------------------------------------------ reductions
def reduced_rank(call: Call, rank: int) -> int:
    """The rank left by a reduction with canonical `axis` and `keepdims`."""
    axis = keyword(call, "axis")
    if keyword(call, "keepdims"):
        return rank
    if axis is None:
        return 0
    return rank - (len(axis) if isinstance(axis, tuple) else 1)


def _reduction(dtype_of: Callable[[str], str]) -> Result:
    def result(call: Call, args: Sequence[Type]) -> Type:
        array = _array(call, args[0])
        return _ranked(dtype_of(array.dtype), reduced_rank(call, array.ndim))

    return result


def _summed(dtype: str) -> str:
    return "int64" if np.dtype(dtype).kind in "bi" else dtype


def _scan(call: Call, args: Sequence[Type]) -> Type:
    array = _array(call, args[0])
    return Array(_summed(array.dtype), array.ndim)


# ------------------------------------------------------------------------------------------ shapes
def _permuted(call: Call, args: Sequence[Type]) -> Type:
    return _array(call, args[0])


def _to_shape(call: Call, args: Sequence[Type]) -> Type:
    assert isinstance(args[0], (Scalar, Array)), args
    return Array(args[0].dtype, _rank_of_shape(args[1]))


def _joined_arrays(call: Call, args: Sequence[Type]) -> Type:
    assert isinstance(args[0], TupleType), args
    arrays = [_array(call, item) for item in args[0].items]
    if len({array.ndim for array in arrays}) != 1:
        raise refuse("no-type", "arrays of different ranks are joined")
    return Array(np.result_type(*(np.dtype(array.dtype) for array in arrays)).name, arrays[0].ndim)


def _where(call: Call, args: Sequence[Type]) -> Type:
    then, orelse = args[1:]
    if not (isinstance(then, (Scalar, Array)) and isinstance(orelse, (Scalar, Array))):
        raise refuse("no-type", "np.where of something that is not a number")
    for one, other in ((then, orelse), (orelse, then)):
        if isinstance(one, Array) and kind(one) == "f" and isinstance(other, Scalar) and kind(other) in "biu":
            return Array(one.dtype, max(ndim(type_) for type_ in args))
    return _ranked(np.promote_types(then.dtype, orelse.dtype).name, max(ndim(type_) for type_ in args))


def _diagonal(call: Call, args: Sequence[Type]) -> Type:
    array = _array(call, args[0], 1, 2)
    return Array(array.dtype, 3 - array.ndim)


# ------------------------------------------------------------------------------------------ linear algebra
def _product(call: Call, args: Sequence[Type]) -> Type:
    left, right = (_array(call, type_, 1, 2) for type_ in args)
    dtype = np.promote_types(left.dtype, right.dtype).name
    return _ranked(dtype, left.ndim + right.ndim - 2)


def _outer(call: Call, args: Sequence[Type]) -> Type:
    left, right = (_array(call, type_, 1) for type_ in args)
    return Array(np.promote_types(left.dtype, right.dtype).name, 2)


def _of_matrix(rank: int) -> Result:
    def result(call: Call, args: Sequence[Type]) -> Type:
        return _ranked(_floating(_array(call, args[0], 2).dtype), rank)

    return result


RESULTS: Mapping[Any, Result] = {
    np.zeros: _allocation, np.ones: _allocation, np.empty: _allocation, np.full: _full,
    np.zeros_like: _like, np.ones_like: _like, np.empty_like: _like,
    np.arange: _arange, np.linspace: _vector, np.eye: _matrix, np.array: _of_tuple,
    np.sum: _reduction(_summed), np.prod: _reduction(_summed), np.mean: _reduction(_floating),
    np.max: _reduction(str), np.min: _reduction(str),
    np.any: _reduction(lambda dtype: "bool"), np.all: _reduction(lambda dtype: "bool"),
    np.argmax: _reduction(lambda dtype: "int64"), np.argmin: _reduction(lambda dtype: "int64"),
    np.cumsum: _scan, np.cumprod: _scan,
    np.transpose: _permuted, np.roll: _permuted, np.tril: _permuted, np.triu: _permuted,
    np.reshape: _to_shape, np.broadcast_to: _to_shape, np.concatenate: _joined_arrays, np.where: _where,
    np.diag: _diagonal, np.diagonal: _diagonal,
    np.dot: _product, np.matmul: _product, np.outer: _outer, np.trace: _of_matrix(0),
}  # fmt: skip
