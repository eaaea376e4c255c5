"""What is known before the run: comparisons with `None`, of strings, of whole numbers; arithmetic on whole numbers.

Floating-point arithmetic is left as the user wrote it: `1.0 / 3.0` says more than its digits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Const, Expr, Name, Tuple

_COMPARISONS: Mapping[Any, Callable[[Any, Any], Any]] = {
    np.equal: operator.eq, np.not_equal: operator.ne, np.less: operator.lt, np.less_equal: operator.le,
    np.greater: operator.gt, np.greater_equal: operator.ge,
}  # fmt: skip
_IDENTITIES: Mapping[Any, bool] = {operator.is_: True, operator.is_not: False, np.equal: True, np.not_equal: False}
_WHOLE: Mapping[Any, Callable[..., Any]] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.floor_divide: operator.floordiv,
    np.remainder: operator.mod, np.negative: operator.neg, np.positive: operator.pos, abs: abs, min: min, max: max,
    np.bitwise_and: operator.and_, np.bitwise_or: operator.or_, np.bitwise_xor: operator.xor,
    np.left_shift: operator.lshift, np.right_shift: operator.rshift, np.invert: operator.invert,
    ops.power: operator.pow, int: int, bool: bool,
}  # fmt: skip
_LARGEST = 2**63


def known(fn: Any, args: Sequence[Expr]) -> Const | None:
    """The value of a call where it is known before the run.

    >>> known(np.equal, (Const("mean"), Const("sum"))), known(operator.is_, (Name("x"), Const(None)))
    (Const(value=False), Const(value=False))
    >>> known(np.less, (Const("C"), Const("X")))
    Const(value=True)
    >>> known(np.add, (Const(2), Const(3))), known(np.add, (Const(2.0), Const(3.0)))
    (Const(value=5), None)
    """
    if fn in _IDENTITIES and len(args) == 2 and any(_named_apart(arg) for arg in args):
        same = isinstance(args[0], Const) and isinstance(args[1], Const) and _same(args[0].value, args[1].value)
        return Const(same is _IDENTITIES[fn])
    values = [arg.value for arg in args if isinstance(arg, Const)]
    if fn is float and len(values) == 1 and isinstance(values[0], str):
        return _number(values[0])
    if fn in _COMPARISONS and len(args) == 2 and len(values) == 2 and all(isinstance(value, str) for value in values):
        return Const(bool(_COMPARISONS[fn](*values)))
    if (fn is np.finfo or fn is np.iinfo) and len(values) == len(args) == 1:
        return _limits(fn, values[0])
    if len(values) != len(args) or not all(isinstance(value, (bool, int, float)) for value in values):
        return None
    if fn in _COMPARISONS and len(values) == 2:
        return Const(bool(_COMPARISONS[fn](*values)))
    if fn is np.negative and isinstance(values[0], float):
        return Const(-values[0])
    if fn in _WHOLE and all(isinstance(value, int) for value in values):
        return _whole(_WHOLE[fn], values)
    return None


def _limits(fn: Callable[..., Any], of: Any) -> Const | None:
    """`np.finfo` and `np.iinfo` of a type of numbers."""
    try:
        return Const(fn(of)) if isinstance(of, (type, np.dtype, str)) else None
    except ValueError:
        return None


def _number(text: str) -> Const | None:
    try:
        return Const(float(text))
    except ValueError:
        return None


def _named_apart(arg: Expr) -> bool:
    """Whether a value is never equal to anything computed: `None`, a string, a dtype."""
    return isinstance(arg, Const) and not isinstance(arg.value, (bool, int, float, complex, np.ndarray))


def _same(left: object, right: object) -> bool:
    return left is right or bool(left == right)


def _whole(function: Callable[..., Any], values: Sequence[Any]) -> Const | None:
    if function is operator.pow and values[1] < 0:
        return None
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return None
    return Const(result) if isinstance(result, bool) or -_LARGEST <= result < _LARGEST else None


def constant_of(value: object) -> Const:
    """A literal for a Python object: NumPy's default numbers as Python's own."""
    if isinstance(value, (np.float64, np.int64, np.bool_)):
        return Const(value.item())
    return Const(value)


def is_atom(expr: Expr) -> bool:
    """Whether an expression is a name or a literal."""
    return isinstance(expr, (Const, Name))


def same(left: Expr, right: Expr) -> bool:
    """Whether two values of variables are one."""
    if isinstance(left, Tuple) and isinstance(right, Tuple):
        pairs = zip(left.items, right.items, strict=False)
        return len(left.items) == len(right.items) and all(same(a, b) for a, b in pairs)
    return left == right
