"""What kind of number an expression is, as far as it can be told without inference.

`dtype_of` never guesses: an empty answer means "not known", and whoever asks leaves the expression as it is.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from functools import reduce
from typing import cast

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name
from adcompile.ir.types import Array, Scalar, Type

COMPARISONS = frozenset((np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal))
_TRUTHS = COMPARISONS | {ops.both, ops.either, ops.negated, builtins.bool, np.isnan, np.isfinite, np.isinf}
_ARITHMETIC = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.positive, np.floor_divide, np.remainder,
     builtins.abs, builtins.min, builtins.max, np.minimum, np.maximum, np.absolute)
)  # fmt: skip
_CASTS = {builtins.float: "float64", np.float64: "float64", np.float32: "float32", builtins.int: "int64",
          np.int64: "int64", ops.dim: "int64", builtins.len: "int64", runtime.share: "int64",
          runtime.thread_count: "int64", builtins.complex: "complex128", np.complex128: "complex128",
          np.complex64: "complex64"}  # fmt: skip
_REAL = frozenset((np.real, np.imag, np.angle, np.absolute, builtins.abs))
"""What is real of complex numbers too."""


def _joined(left: str, right: str) -> str:
    if left == right:
        return left
    if _complex(left) or _complex(right):
        return np.promote_types(left, right).name if left and right else "complex128"
    pair = {left, right}
    if pair <= {"int64", "bool"}:
        return "int64"
    if "" in pair or not pair <= {"int64", "bool", "float32", "float64"}:
        return ""
    return "float64"


def _of_const(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if type(value) is int:
        return "int64" if -(2**63) <= value < 2**63 else ""
    if type(value) is complex or isinstance(value, np.complexfloating):
        return np.dtype(type(value)).name
    return "float64" if type(value) is float else ""


def _complex(dtype: str) -> bool:
    return dtype.startswith("complex")


def _of_call(call: Call, types: Mapping[str, Type], known: dict[Expr, str] | None) -> str:
    fn, args = call.fn, call.args
    if fn is ops.fail:
        return ""
    if fn in _CASTS:
        return _CASTS[fn]
    if fn in _TRUTHS:
        return "bool"
    if fn is ops.select:
        then, orelse = (dtype_of(a, types, known) for a in args[1:])
        return then if then == orelse else _joined(then, orelse)
    parts = [dtype_of(a, types, known) for a in args]
    if any(map(_complex, parts)):
        joined = reduce(_joined, parts)
        return {"complex128": "float64", "complex64": "float32"}[joined] if fn in _REAL else joined
    if fn in (np.real, np.imag, np.angle):
        return parts[0] if parts[0].startswith("float") else ""
    if fn in _ARITHMETIC:
        result = parts[0]
        for part in parts[1:]:
            result = _joined(result, part)
        return "int64" if result == "bool" else result
    if fn is ops.power:
        if parts[0] == parts[1] == "int64":
            return "int64" if isinstance(args[1], Const) and args[1].value >= 0 else ""
        return _joined(*parts)
    if isinstance(fn, np.ufunc) or getattr(fn, "__module__", "") == "math":
        if "" in parts and isinstance(fn, np.ufunc):
            return ""
        if "float64" in parts or set(parts) == {"int64"}:
            return "float64"
        return "float32" if set(parts) == {"float32"} and isinstance(fn, np.ufunc) else ""
    return ""


def dtype_of(expr: Expr, types: Mapping[str, Type], known: dict[Expr, str] | None = None) -> str:
    """NumPy's name for the dtype of a scalar expression, or empty where it is not known.

    `known` keeps the answers for calls, for whoever asks again while the types are the same.

    >>> dtype_of(Call(np.add, (Name("i"), Const(1))), {"i": Scalar("int64")})
    'int64'
    >>> dtype_of(Call(np.add, (Name("x"), Const(1))), {})
    ''
    """
    kind = type(expr)  # asked more often than anything else: a `match` takes three times as long
    if kind is Name:
        type_ = types.get(cast(Name, expr).id)
        return type_.dtype if isinstance(type_, Scalar) else ""
    if kind is Const:
        return _of_const(cast(Const, expr).value)
    if isinstance(expr, Index):
        type_ = types.get(expr.array.id) if isinstance(expr.array, Name) else None
        return type_.dtype if isinstance(type_, Array) else ""
    if not isinstance(expr, Call):
        return ""
    if known is None:
        return _of_call(expr, types, None)
    found = known.get(expr)
    if found is None:
        found = known[expr] = _of_call(expr, types, known)
    return found


def is_complex(expr: Expr, types: Mapping[str, Type]) -> bool:
    """Whether a scalar expression of names with types is a complex number.

    >>> z = Name("z")
    >>> [is_complex(e, {"z": Scalar("complex128")}) for e in (z, Call(np.absolute, (z,)), Call(np.exp, (z,)))]
    [True, False, True]
    """
    return _complex(dtype_of(expr, types))
