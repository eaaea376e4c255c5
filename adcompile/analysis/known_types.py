"""Types by our own table, where it has all that a function calls: a tenth of the time that inference takes.

Goal: for a core function of numbers whose calls are all of the table, the types that Numba's inference gives its
names.  `None` for any other function: then Numba is asked (`analysis.typing`), which also says what
is wrong with it.  Non-goals: refusals; types that Numba does not have.

>>> from adcompile.ir.nodes import Assign, Const, Return
>>> half = Assign("a", Call(np.divide, (Index(Name("x"), (Const(0),)), Const(2))))
>>> known_types(Function("f", ("x",), (half, Return(Name("a"))), {"x": Array("float64", 1)}))
{'x': Array(dtype='float64', ndim=1), 'a': Scalar(dtype='float64')}
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator, Mapping
from functools import reduce

import numpy as np

from adcompile import lapack, runtime
from adcompile.ir import ops
from adcompile.ir.dtypes import COMPARISONS
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Index,
    Name,
    Return,
    Store,
    Tuple,
    While,
)
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, Static, TupleType, Type

# Of numbers, what NumPy promotes their types to.
_ARITHMETIC = frozenset((np.add, np.subtract, np.multiply, np.negative, ops.power))
# The same, but of real numbers.
_REAL = frozenset((np.floor_divide, np.remainder, builtins.abs, builtins.min, builtins.max))
# Of floats and integers, always a float.
_FLOATS = frozenset(
    (np.divide, np.sqrt, np.exp, np.log, np.log2, np.log10, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan,
     np.sinh, np.cosh, np.tanh, np.log1p, np.expm1, np.arctan2, math.sqrt, math.exp, math.log, math.sin, math.cos,
     math.tan, math.asin,
     math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.log1p, math.expm1, math.atan2, math.erf, math.erfc,
     math.gamma, math.lgamma, math.pow, math.hypot)
)  # fmt: skip
# Of complex numbers, a complex number.
_OF_COMPLEX = frozenset((np.divide, np.sqrt, np.exp, np.log, np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh,
                         np.conjugate))  # fmt: skip
# Of a complex number, its part's kind of float.
_PARTS = frozenset((np.real, np.imag, np.angle, np.absolute, builtins.abs))
# Of floats, a float.
_OF_FLOATS = frozenset((np.absolute, np.minimum, np.maximum, np.sign, np.square, np.floor, np.ceil, np.hypot, np.fmod,
                        np.round, runtime.multiply_no_nan))  # fmt: skip
# Which of Numba's rules hold for single precision is for Numba to say.
_ODD_IN_SINGLE = frozenset((ops.power, np.arctan2, math.atan2, math.pow, math.hypot, np.round, np.angle))
_TESTS = frozenset((np.isfinite, np.isnan, np.isinf, np.isposinf, np.isneginf))
_TRUTHS = frozenset((ops.both, ops.either, ops.negated, np.logical_and, np.logical_or, np.logical_not))
_CASTS = {builtins.float: FLOAT, np.float64: FLOAT, np.float32: Scalar("float32"), builtins.int: INT, np.int64: INT,
          builtins.bool: BOOL}  # fmt: skip
_TO_COMPLEX = {builtins.complex: Scalar("complex128"), np.complex128: Scalar("complex128")}
_LENGTHS = frozenset((runtime.broadcast_length, runtime.slice_bound))
_CHECKS = frozenset((runtime.check_length, runtime.check_equal, runtime.check_nonempty))
_NOTHING = Static(None)
_NUMBERS = frozenset(map(Scalar, ("float64", "int64", "float32", "complex128", "complex64")))
_MATRIX = Array("float64", 2)


class _Unknown(Exception):
    """Something is not in the table."""


def known_types(function: Function) -> dict[str, Type] | None:
    """The type of every name of a core function, or nothing where the table does not have them all."""
    types = {param: function.types[param] for param in function.params}
    lines = list(_lines(function.body))
    changed = True
    try:
        while changed:  # what a loop carries may be an integer before it and a float after
            changed = False
            for target, value in lines:
                new = _of(value, types)
                if target:
                    old = types.get(target, new)
                    types[target] = joined = _joined(old, new)
                    changed = changed or joined != old
    except _Unknown:
        return None
    return types


def _lines(block: Block) -> Iterator[tuple[str, Expr]]:
    """What is assigned to which name, in program order; what is computed and assigned to none has the name ""."""
    for stmt in block:
        match stmt:
            case Assign(target, value):
                yield target, value
            case Store(array, index, value) | Accum(array, index, value):
                yield "", Index(Name(array), index)
                yield "", value
            case For() | While():
                for carry in stmt.carried:
                    yield carry.inner, carry.init
                if isinstance(stmt, For):
                    yield stmt.index, Call(range, (stmt.start, stmt.stop, stmt.step))
                else:
                    yield "", stmt.test
                yield from _lines(stmt.body)
                for carry in stmt.carried:
                    yield carry.inner, carry.yielded
                for carry in stmt.carried:
                    yield carry.result, Name(carry.inner)
            case If(test, then, orelse, merges):
                yield "", test
                for inner, atoms in ((then, [m.then for m in merges]), (orelse, [m.orelse for m in merges])):
                    yield from _lines(inner)
                    for merge, atom in zip(merges, atoms, strict=True):
                        yield merge.result, atom
            case Return(value):
                yield "", value
            case Effect(Call(ops.fail, (_, _, *values))):
                yield "", Tuple(tuple(value for value in values if not isinstance(value, Const)))
            case Effect(Call(ops.bisection)):
                pass
            case Effect(call):
                yield "", call
            case _:
                raise _Unknown


def _joined(old: Type, new: Type) -> Type:
    if old == new:
        return old
    if old in _NUMBERS and new in _NUMBERS:
        return Scalar(np.promote_types(old.dtype, new.dtype).name)
    raise _Unknown


def _of(expr: Expr, types: Mapping[str, Type]) -> Type:
    match expr:
        case Name(name):
            if name in types:
                return types[name]
        case Const(value):
            if isinstance(value, bool):
                return BOOL
            if type(value) is int and -(2**63) <= value < 2**63:
                return INT
            if type(value) is float:
                return FLOAT
            if type(value) is complex:
                return Scalar("complex128")
        case Index(base, index):
            match _of(base, types), index:
                case Array(dtype, ndim), _ if len(index) == ndim and all(_of(item, types) == INT for item in index):
                    return _number(Scalar(dtype))
                case TupleType(items), (Const(int() as number),) if 0 <= number < len(items):
                    return items[number]
        case Tuple(items):
            return TupleType(tuple(_of(item, types) for item in items))
        case Call(fn, args, ()):
            return _of_call(fn, args, types)
    raise _Unknown


def _number(type_: Type) -> Type:
    if type_ in _NUMBERS or type_ == BOOL:
        return type_
    raise _Unknown


def _of_call(fn: Callable[..., object], args: tuple[Expr, ...], types: Mapping[str, Type]) -> Type:
    if fn in (np.zeros, np.empty):
        return _made(args, types)
    if fn is ops.table and isinstance(args[0], Const) and isinstance(args[0].value, ops.Contents):
        return _array(args[0].value.array.dtype.name, args[0].value.array.ndim)
    given = [_of(arg, types) for arg in args]
    first = given[0] if given else _NOTHING
    match fn:
        case ops.dim if isinstance(first, Array):
            return INT
        case ops.copy | np.zeros_like | np.empty_like if isinstance(first, Array) and len(given) == 1:
            return first
        case runtime.grown | runtime.grown_rows if isinstance(first, Array) and all(each == INT for each in given[1:]):
            return first
        case runtime.stop_gradient if len(given) == 1:
            return first
        case runtime.check_rebound if isinstance(first, Array) and first == given[1]:
            return _NOTHING
        case runtime.check_overlap if all(isinstance(type_, Array) for type_ in given):
            return _NOTHING
        case runtime.check_same_shape if isinstance(first, Array) and isinstance(given[1], Array):
            return _NOTHING
        case ops.select if first == BOOL:
            return _number(_joined(given[1], given[2]))
        case builtins.range | builtins.len if set(given) == {INT}:
            return INT
    if fn in _TRUTHS and set(given) == {BOOL}:
        return BOOL
    if fn in runtime.PRODUCTS and given == [_MATRIX, _MATRIX]:
        return _MATRIX
    if fn in lapack.FOUND and given == [_MATRIX]:
        return Array("float64", lapack.FOUND[fn])
    numbers = [type_.dtype for type_ in given if isinstance(type_, Scalar) and type_ in _NUMBERS]
    if len(numbers) == len(given) > 0:
        return Scalar(_of_numbers(fn, args, numbers)) if fn not in _CHECKS else _nothing(numbers)
    raise _Unknown


def _made(args: tuple[Expr, ...], types: Mapping[str, Type]) -> Type:
    """The type of an array that is made of its shape, and perhaps of a type of its items."""
    shape = _of(args[0], types)
    lengths = shape.items if isinstance(shape, TupleType) else (shape,)
    match args[1:]:
        case ():
            dtype = "float64"
        case (Const(type() as made),) if issubclass(made, np.generic):
            dtype = np.dtype(made).name
        case _:
            raise _Unknown
    if lengths and all(length == INT for length in lengths):
        return _array(dtype, len(lengths))
    raise _Unknown


def _array(dtype: str, ndim: int) -> Array:
    _number(Scalar(dtype))
    return Array(dtype, ndim)


def _nothing(numbers: list[str]) -> Type:
    if set(numbers) == {"int64"}:
        return _NOTHING
    raise _Unknown


def _of_numbers(fn: Callable[..., object], args: tuple[Expr, ...], given: list[str]) -> str:
    """The kind of number that a function of numbers gives."""
    joined = reduce(lambda a, b: np.promote_types(a, b).name, given)
    kind = np.dtype(joined).kind
    if fn in _ODD_IN_SINGLE and not {"float32", "complex64"}.isdisjoint(given):
        raise _Unknown
    if fn in _ARITHMETIC and (fn is not ops.power or kind != "i" or _is_natural(args[1])):
        return joined
    if fn in _LENGTHS and kind == "i":
        return joined
    if fn is builtins.complex and kind != "c":
        return np.promote_types(joined, "complex64").name
    if fn in _TO_COMPLEX:
        return _TO_COMPLEX[fn].dtype
    if kind == "c":
        if fn in (np.equal, np.not_equal):
            return "bool"
        if fn in _OF_COMPLEX:
            return joined
        if fn in _PARTS:
            return {"complex64": "float32", "complex128": "float64"}[joined]
        raise _Unknown
    if fn in _REAL:
        return joined
    if fn in _FLOATS:
        return joined if kind == "f" else "float64"
    if fn in _OF_FLOATS and {np.dtype(each).kind for each in given} == {"f"}:
        return joined
    if fn in COMPARISONS or (fn in _TESTS and kind == "f"):
        return "bool"
    if fn in _CASTS:
        return joined if fn is builtins.float and kind == "f" else _CASTS[fn].dtype
    raise _Unknown


def _is_natural(exponent: Expr) -> bool:
    return isinstance(exponent, Const) and type(exponent.value) is int and exponent.value >= 0
