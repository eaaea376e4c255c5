"""The type of every expression, from the types of its names: what stage `ssa` decides by.

Goal: dtype and rank as Numba has them for the lowered code (`int / int` is float64, `float32 * int64` is float64 for
scalars, a float32 array times a whole number stays float32, a truth value counts as an integer in arithmetic).

Non-goals: sizes of axes, memory order, and calls whose arguments are not yet in the canonical form of
`normal.array_calls` (axes as keywords, shapes as tuples).

>>> from adcompile.ir.nodes import Call, Const, Name
>>> from adcompile.ir.types import Array, Scalar
>>> type_of(Call(np.divide, (Name("n"), Const(2))), {"n": Scalar("int64")})
Scalar(dtype='float64')
>>> type_of(Call(np.multiply, (Name("a"), Name("b"))), {"a": Array("float32", 2), "b": Array("float64", 1)})
Array(dtype='float64', ndim=2)
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile import runtime, schedule
from adcompile.analysis.array_functions import ELEMENTWISE, RESULTS
from adcompile.errors import refuse
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name, Slice, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, Static, TupleType, Type, kind, ndim
from adcompile.lapack import FOUND
from adcompile.rules.registry import complex_rule_for, is_constant, rule_for

_ARITHMETIC = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.positive, np.floor_divide, np.remainder, np.absolute,
     np.maximum, np.minimum, np.sign, np.square)
)  # fmt: skip
_MATH_INTEGERS = frozenset((math.floor, math.ceil, math.trunc, math.gcd, math.lcm, math.comb, math.perm,
                            math.factorial, math.isqrt))  # fmt: skip
_MATH_TRUTHS = frozenset((math.isnan, math.isinf, math.isfinite, math.isclose))
_MATH_NOT_SCALAR = frozenset((math.fsum, math.prod, math.dist, math.frexp, math.modf))
_PYTHON_CASTS: Mapping[Any, str] = {
    builtins.float: "float64", builtins.int: "int64", builtins.bool: "bool", builtins.complex: "complex128",
}  # fmt: skip
_PARTS = (np.real, np.imag, np.angle)
_OF_COMPLEX = (
    np.equal, np.not_equal, np.isnan, np.isinf, np.isfinite, np.logical_not, builtins.bool, runtime.stop_gradient,
)  # fmt: skip
"""What may be asked of a complex number, beside the functions that have a rule for it."""
_TRUTHS = frozenset((ops.both, ops.either, ops.negated))
ORDERED = frozenset((np.less, np.less_equal, np.greater, np.greater_equal, np.maximum, np.minimum, np.fmax, np.fmin,
                     np.max, np.min, np.argmax, np.argmin, np.sort, builtins.max, builtins.min))  # fmt: skip
"""What needs an order of numbers."""


# ------------------------------------------------------------------------------------------ values and joins
def type_of_value(value: object) -> Type:
    """The type of a Python object known before the run."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, float):
        return FLOAT
    if isinstance(value, complex):
        return Scalar("complex128")
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return Scalar(value.dtype.name)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return Array(value.dtype.name, value.ndim)
    return Static(value)


def joined(left: Type, right: Type) -> Type | None:
    """The one type that a variable has when it may hold either: numbers promote, anything else must agree."""
    if left == right:
        return left
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return Scalar(promoted(left.dtype, right.dtype))
    return None


def promoted(left: str, right: str) -> str:
    """NumPy's common dtype of two."""
    return np.promote_types(left, right).name


def of_rank(dtype: str, rank: int) -> Scalar | Array:
    """A scalar for rank zero, else an array."""
    return Array(dtype, rank) if rank else Scalar(dtype)


def described(type_: Type) -> str:
    """A type as a message names it."""
    match type_:
        case Scalar(dtype):
            return dtype
        case Array(dtype, rank, listed):
            return f"list of {dtype}" if listed else f"{rank}-d array of {dtype}"
        case TupleType(items):
            return f"tuple of {len(items)}"
        case Static(value):
            return repr(value)


# ------------------------------------------------------------------------------------------ expressions
def type_of(expr: Expr, types: Mapping[str, Type], known: dict[Expr, Type] | None = None) -> Type:
    """The type of an expression; raises `Unsupported` (`no-type`, `no-rule`) where there is none.

    `known` keeps the types of calls, for whoever asks again while the names have the types that they had."""
    match expr:
        case Const(value):
            return type_of_value(value)
        case Name(name):
            found = types.get(name)
            if found is None:
                raise refuse("no-type", f"the type of `{name}` is not known")
            return found
        case Tuple(items):
            return TupleType(tuple(type_of(item, types, known) for item in items))
        case Slice():
            return Static(slice)
        case Index(array, index):
            return type_of_index(type_of(array, types, known), index, [type_of(item, types, known) for item in index])
        case Call():
            found = known.get(expr) if known is not None else None
            if found is None:
                found = type_of_call(expr, [type_of(arg, types, known) for arg in expr.args])
                if known is not None:
                    known[expr] = found
            return found
    raise refuse("no-type", f"not an expression: {expr!r}")


def type_of_index(base: Type, index: Sequence[Expr], types: Sequence[Type]) -> Type:
    """The type of `base[index]`, given the types of the index's items."""
    if isinstance(base, TupleType):
        return _item_of_tuple(base, index)
    if not isinstance(base, Array):
        raise refuse("no-type", f"a value that is not an array ({described(base)}) is indexed")
    rank, used, gathered = 0, 0, 0
    for item, type_ in zip(index, types, strict=True):
        match item, type_:
            case Slice(), _:
                rank, used = rank + 1, used + 1
            case Const(None), _:
                rank += 1
            case Const(value), _ if value is Ellipsis:
                pass
            case _, Scalar() if kind(type_) in "iu":
                used += 1
            case _, Array() if kind(type_) in "iu":
                used, gathered = used + 1, max(gathered, type_.ndim)
            case _, Array("bool"):
                raise refuse(
                    "boolean-mask",
                    "an array is indexed by an array of truth values, so the size of the result depends on the data",
                    hint="use np.where, or a loop with a condition",
                )
            case _:
                raise refuse("no-type", f"an index must be an integer or a slice, not {described(type_)}")
    if used > base.ndim:
        raise refuse("no-type", f"{used} indices into a {described(base)}")
    return of_rank(base.dtype, rank + gathered + base.ndim - used)


def _item_of_tuple(base: TupleType, index: Sequence[Expr]) -> Type:
    match index:
        case (Const(int() as number),) if -len(base.items) <= number < len(base.items):
            return base.items[number]
        case (Const(int() as number),):
            raise refuse("no-type", f"item {number} of a {described(base)}")
    raise refuse("dynamic-tuple-index", "a tuple is indexed by a number known only at run time", hint="use an array")


# ------------------------------------------------------------------------------------------ calls
_LENGTHS = (
    ops.dim, runtime.slice_bound, runtime.broadcast_length, schedule.checkpoints, schedule.next_checkpoint,
    runtime.share, runtime.thread_count,
)  # fmt: skip


def type_of_call(call: Call, args: Sequence[Type]) -> Type:
    """The type of a call in canonical form, given the types of its positional arguments."""
    fn = call.fn
    if isinstance(fn, Opaque):
        return fn.result(tuple(args))
    if fn in (ops.item, ops.residual):
        assert isinstance(args[0], TupleType)
        return args[0].items[call.args[1].value]  # type: ignore[union-attr]
    if fn in _LENGTHS:
        return INT
    if fn in runtime.PRODUCTS:
        return args[0]
    if fn in FOUND and isinstance(args[0], Array):
        return Array(args[0].dtype, FOUND[fn])
    if fn in (ops.copy, *runtime.GROWING, *TRANSFORMS):
        return args[0]
    if fn in _TRUTHS:
        return BOOL
    if fn is ops.select:
        return _of_select(args)
    if (result := RESULTS.get(fn)) is not None:
        if fn in ORDERED and any(kind(type_) == "c" for type_ in args):
            _refuse_complex(fn)
        return result(call, args)
    for type_ in args:
        if not isinstance(type_, (Scalar, Array)):
            raise refuse("no-rule" if not _known(fn) else "no-type", f"`{name_of(fn)}` is given {described(type_)}")
    if fn in (runtime.stop_gradient, runtime.detached):
        return args[0]
    dtype = _dtype_of_elementwise(call, args)
    return of_rank(dtype, max((ndim(type_) for type_ in args), default=0))


def name_of(fn: Callable[..., Any]) -> str:
    """A function as a message names it: `np.sin`, `math.exp`, `package.module.name`."""
    name = getattr(fn, "__name__", None) or repr(fn)
    if getattr(np, name, None) is fn:
        return f"np.{name}"
    module = getattr(fn, "__module__", None)
    return name if module in (None, "builtins", "__main__") else f"{module}.{name}"


def _known(fn: Callable[..., Any]) -> bool:
    return (
        isinstance(fn, np.ufunc)
        or fn in _PYTHON_CASTS
        or fn in RESULTS
        or fn in ELEMENTWISE
        or _is_math(fn)
        or is_constant(fn)
    )


def _is_math(fn: Callable[..., Any]) -> bool:
    return getattr(math, getattr(fn, "__name__", ""), None) is fn


def _is_users(fn: Callable[..., Any]) -> bool:
    """Whether a function is neither Python's nor NumPy's, whose results are what our tables say or nothing."""
    return (getattr(fn, "__module__", None) or "builtins").partition(".")[0] not in ("builtins", "numpy", "math")


def _of_select(args: Sequence[Type]) -> Type:
    result = joined(args[1], args[2])
    if result is None:
        raise refuse(
            "conflicting-types", f"a conditional is {described(args[1])} on one side, {described(args[2])} on the other"
        )
    return result


def _dtype_of_elementwise(call: Call, args: Sequence[Type]) -> str:
    fn, dtypes = call.fn, _operand_dtypes(args)
    if fn in _PYTHON_CASTS or fn in (builtins.abs, builtins.min, builtins.max, builtins.round) or _is_math(fn):
        for type_ in args:
            if ndim(type_):
                raise refuse("no-type", f"`{name_of(fn)}` takes numbers, not a {described(type_)}")
    if any(kind(type_) == "c" for type_ in args) and complex_rule_for(fn) is None and fn not in _OF_COMPLEX:
        _refuse_complex(fn)
    if fn in _PYTHON_CASTS:
        return _PYTHON_CASTS[fn]
    if fn in _PARTS:
        return np.empty(0, _floating(dtypes)).real.dtype.name
    if isinstance(fn, type) and issubclass(fn, np.generic):
        return np.dtype(fn).name
    if fn is ops.power:
        return _of_power(dtypes)
    if fn is builtins.abs and np.dtype(dtypes[0]).kind == "c":
        return np.empty(0, dtypes[0]).real.dtype.name
    if fn in (builtins.abs, builtins.min, builtins.max):
        return _number(dtypes)
    if fn is builtins.round:
        return "int64" if len(dtypes) == 1 else _number(dtypes[:1])
    if isinstance(fn, np.ufunc):
        return _of_ufunc(fn, dtypes, args)
    if _is_math(fn):
        return _of_math(fn, dtypes)
    if fn in ELEMENTWISE:
        return ELEMENTWISE[fn] or _floating(dtypes[:1])
    if rule_for(fn) is not None or (is_constant(fn) and _is_users(fn) and not any(ndim(type_) for type_ in args)):
        return _floating(dtypes)
    raise refuse(
        "no-rule",
        f"`{name_of(fn)}` has no differentiation rule and its source cannot be read",
        hint="register a rule for it, or write it in Python",
    )


def _refuse_complex(fn: Callable[..., Any]) -> None:
    if fn in (builtins.float, np.float64, np.float32, builtins.int):
        raise refuse("complex-number", f"`{name_of(fn)}` of a complex number", hint="take z.real, or abs(z)")
    hint = "complex numbers have no order: compare z.real, z.imag or abs(z)" if fn in ORDERED else ""
    raise refuse("complex-number", f"`{name_of(fn)}` of a complex number is not supported", hint=hint)


def _operand_dtypes(args: Sequence[Type]) -> list[str]:
    """The operands' dtypes; beside a floating-point array a whole number takes the array's (as Numba and NumPy do)."""
    arrays = [type_.dtype for type_ in args if isinstance(type_, Array) and kind(type_) in "fc"]
    result = []
    for type_ in args:
        assert isinstance(type_, (Scalar, Array)), type_
        weak = isinstance(type_, Scalar) and kind(type_) in "biu" and arrays
        result.append(arrays[0] if weak else type_.dtype)
    return result


def _common(dtypes: Sequence[str]) -> str:
    result = dtypes[0]
    for dtype in dtypes[1:]:
        result = promoted(result, dtype)
    return result


def _number(dtypes: Sequence[str]) -> str:
    """The common dtype, where small integers and truth values count as int64."""
    common = _common(dtypes)
    return "int64" if np.dtype(common).kind in "bi" else common


def _floating(dtypes: Sequence[str]) -> str:
    common = _common(dtypes) if dtypes else "float64"
    return common if np.dtype(common).kind in "fc" else "float64"


def _of_power(dtypes: Sequence[str]) -> str:
    base, exponent = dtypes
    if np.dtype(base).kind in "fc" and np.dtype(exponent).kind in "biu":
        return base
    return _number(dtypes)


def _of_math(fn: Callable[..., Any], dtypes: Sequence[str]) -> str:
    if fn in _MATH_TRUTHS:
        return "bool"
    if fn in _MATH_INTEGERS:
        return "int64"
    if fn in _MATH_NOT_SCALAR:
        raise refuse("no-rule", f"`{name_of(fn)}` has no differentiation rule", hint="write a loop")
    return _floating(dtypes)


def _of_ufunc(fn: np.ufunc, dtypes: list[str], args: Sequence[Type]) -> str:
    if fn.nout != 1 or fn.signature is not None:
        raise refuse("no-rule", f"`{name_of(fn)}` has no differentiation rule")
    if len(dtypes) != fn.nin:
        raise refuse("no-type", f"`{name_of(fn)}` takes {fn.nin} arguments, {len(dtypes)} given")
    scalars = not any(ndim(type_) for type_ in args)
    if fn in _ARITHMETIC and all(dtype == "bool" for dtype in dtypes):
        if not scalars:
            raise refuse(
                "boolean-arithmetic",
                f"`{name_of(fn)}` on arrays of truth values",
                hint="convert one with .astype(np.int64), or use & and |",
            )
        dtypes = ["int64"] * len(dtypes)
    try:
        resolved = fn.resolve_dtypes((*(np.dtype(dtype) for dtype in dtypes), None))[-1]
    except TypeError as error:
        raise refuse(
            "no-type", f"`{name_of(fn)}` does not take {' and '.join(described(type_) for type_ in args)}"
        ) from error
    if resolved.kind == "f" and all(np.dtype(dtype).kind in "biu" for dtype in dtypes):
        return "float64"
    return "int64" if scalars and resolved.kind == "i" else resolved.name
