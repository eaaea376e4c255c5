"""Types by our own table, where it has all that a function calls: a tenth of the time that inference takes.

Goal: for a core function of floats, integers and truth values whose calls are all of the table, the types that Numba's
inference gives its names.  `None` for any other function: then Numba is asked (`analysis.typing`), which also says what
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

import numpy as np

from adcompile import runtime
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

# Of floats and integers, floats where one of them is.
_ARITHMETIC = frozenset(
    (np.add, np.subtract, np.multiply, np.negative, np.floor_divide, np.remainder, builtins.abs, builtins.min,
     builtins.max, ops.power)
)  # fmt: skip
# Of floats and integers, always a float.
_FLOATS = frozenset(
    (np.divide, np.sqrt, np.exp, np.log, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh,
     np.tanh, np.log1p, np.expm1, np.arctan2, math.sqrt, math.exp, math.log, math.sin, math.cos, math.tan, math.asin,
     math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.log1p, math.expm1, math.atan2, math.erf, math.erfc,
     math.gamma, math.lgamma, math.pow, math.hypot)
)  # fmt: skip
# Of floats, a float.
_OF_FLOATS = frozenset((np.absolute, np.minimum, np.maximum, np.sign, np.square, np.floor, np.ceil, np.hypot,
                        runtime.multiply_no_nan))  # fmt: skip
_TRUTHS = frozenset((ops.both, ops.either, ops.negated))
_CASTS = {builtins.float: FLOAT, np.float64: FLOAT, builtins.int: INT, np.int64: INT, builtins.bool: BOOL}
_LENGTHS = frozenset((runtime.broadcast_length, runtime.slice_bound))
_CHECKS = frozenset((runtime.check_length, runtime.check_equal, runtime.check_nonempty))
_NOTHING = Static(None)
_NUMBERS = (FLOAT, INT)
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
            case Effect(call):
                yield "", call
            case _:
                raise _Unknown


def _joined(old: Type, new: Type) -> Type:
    if old == new:
        return old
    if {old, new} == {FLOAT, INT}:
        return FLOAT
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
    if type_ in (FLOAT, INT, BOOL):
        return type_
    raise _Unknown


def _of_call(fn: Callable[..., object], args: tuple[Expr, ...], types: Mapping[str, Type]) -> Type:
    if fn is ops.fail:
        raise _Unknown
    given = [_of(arg, types) for arg in args]
    first = given[0] if given else _NOTHING
    match fn:
        case ops.dim if isinstance(first, Array):
            return INT
        case ops.copy | np.zeros_like | np.empty_like if isinstance(first, Array) and len(given) == 1:
            return first
        case np.zeros | np.empty if len(given) == 1:
            lengths = first.items if isinstance(first, TupleType) else (first,)
            if lengths and all(length == INT for length in lengths):
                return Array("float64", len(lengths))
        case ops.select if first == BOOL:
            return _number(_joined(given[1], given[2]))
        case builtins.range | builtins.len if set(given) == {INT}:
            return INT
    if all(type_ in _NUMBERS for type_ in given):
        floats = FLOAT in given
        if fn in _ARITHMETIC and (fn is not ops.power or floats or _is_natural(args[1])):
            return FLOAT if floats else INT
        if fn in _FLOATS or (fn in _OF_FLOATS and set(given) == {FLOAT}):
            return FLOAT
        if fn in COMPARISONS:
            return BOOL
        if fn in _CASTS:
            return _CASTS[fn]
        if not floats and fn in _LENGTHS:
            return INT
        if not floats and fn in _CHECKS:
            return _NOTHING
    if fn in _TRUTHS and set(given) == {BOOL}:
        return BOOL
    if fn in runtime.PRODUCTS and given == [_MATRIX, _MATRIX]:
        return _MATRIX
    raise _Unknown


def _is_natural(exponent: Expr) -> bool:
    return isinstance(exponent, Const) and type(exponent.value) is int and exponent.value >= 0
