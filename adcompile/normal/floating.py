"""Floating-point errors that are exceptions: under `np.errstate(divide="raise")`, or where warnings are made errors.

Goal: for an elementwise function of NumPy the condition that it meets one of the errors, told by arguments and result
as IEEE 754 has it.  What is not elementwise is refused there, and so are calls of functions.  Python's own numbers
raise exceptions of their own (`failures`).  Non-goals: underflow; the text of the exception.

>>> fn = Flagged(np.log, frozenset(("divide",)))
>>> is_flagged(np.log), is_flagged(np.less), is_silent(np.where), is_silent(np.sum)
(True, False, True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.types import FLOAT, element, kind
from adcompile.normal.building import Builder, Typed, constant

_QUIET_UFUNCS = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isnan, np.isinf, np.isfinite,
    np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.bitwise_and, np.bitwise_or,
    np.bitwise_xor, np.invert, np.negative, np.positive, np.absolute, np.fabs, np.sign, np.copysign, np.maximum,
    np.minimum, np.fmax, np.fmin, np.floor, np.ceil, np.trunc, np.rint, np.conjugate, np.arctan2, np.arctan, np.tanh,
    np.arcsinh,
)  # fmt: skip
_QUIET = (
    np.asarray, np.asanyarray, np.array, np.copy, np.where, np.zeros, np.ones, np.empty, np.full, np.zeros_like,
    np.ones_like, np.empty_like, np.full_like, np.any, np.all, np.shape, np.size, np.ndim, np.squeeze, np.reshape,
    np.broadcast_to, np.broadcast_arrays, np.atleast_1d, isinstance, hasattr, callable, len, float, bool, abs, type,
    range, ops.copy, ops.attribute, ops.raises, ops.fail, ops.negated, ops.contains, ops.text,
)  # fmt: skip
_QUIET_METHODS = ("any", "all", "copy", "squeeze", "reshape", "item", "ravel", "flatten", "fill", "conjugate")
_REFUSED = (np.floor_divide, np.remainder, np.fmod, np.power, np.float_power, np.reciprocal)

Test = Callable[..., Typed]
Tests = Mapping[str, Test]


@dataclass(frozen=True)
class Flagged:
    """A function, and the errors of it that are exceptions."""

    fn: Any
    flags: frozenset[str]


def is_flagged(fn: Any) -> bool:
    """Whether a function is elementwise and may meet an error."""
    if _among(fn, (*_QUIET_UFUNCS, *_REFUSED)):
        return False
    return fn is ops.power or (isinstance(fn, np.ufunc) and fn.signature is None)


def is_silent(fn: Any) -> bool:
    """Whether a call meets none of the errors."""
    return _among(fn, _QUIET_UFUNCS) or _among(fn, _QUIET)


def _among(fn: Any, group: tuple[Any, ...]) -> bool:
    return any(fn is one for one in group)


def require_silent(fn: Any, name: str, span: Span | None, inside: str) -> None:
    """Refuses a call whose errors are exceptions, but cannot be told."""
    if not is_silent(fn) and not (fn is ops.method and name in _QUIET_METHODS):
        message = f"`{name}` is called where floating-point errors are exceptions"
        hint = "call it before the `with`, or check the numbers instead"
        raise refuse("unsupported-statement", message, span, hint, inside)


def raised(b: Builder, flagged: Flagged, args: list[Typed]) -> Typed:
    """Whether a call on numbers or arrays meets one of the errors at some element."""
    types = [arg.type for arg in args]
    real = all(kind(type_) in "fiub" for type_ in types) and any(kind(type_) == "f" for type_ in types)
    known = _TESTS.get(flagged.fn) if real else None
    if known is None or (flagged.fn in _LARGEST and any(element(type_) != FLOAT for type_ in types)):
        known = _of_result(flagged.fn)
    found = [test for flag in sorted(flagged.flags) if (test := known.get(flag)) is not None]
    tests = [test(b, *args) for test in found]
    if not tests:
        return constant(False)
    whole = _joined(b, np.logical_or, tests)
    return b.call(np.any, whole) if whole.is_array else whole


def _joined(b: Builder, fn: Any, tests: Sequence[Typed]) -> Typed:
    return reduce(lambda one, other: b.call(fn, one, other), tests)


def _all(b: Builder, *tests: Typed) -> Typed:
    return _joined(b, np.logical_and, tests)


def _of_result(fn: Any) -> Tests:
    """What the result tells: it is no number, or infinite, where the arguments were not."""

    def floats(args: tuple[Typed, ...]) -> list[Typed]:
        return [arg for arg in args if kind(arg.type) in "fc"]

    def infinite(b: Builder, *args: Typed) -> Typed:
        result = b.call(fn, *args)
        if kind(result.type) not in "fc":
            return constant(False)
        return _all(b, b.call(np.isinf, result), *(b.call(np.isfinite, arg) for arg in floats(args)))

    def no_number(b: Builder, *args: Typed) -> Typed:
        result = b.call(fn, *args)
        if kind(result.type) not in "fc":
            return constant(False)
        known = (b.call(np.logical_not, b.call(np.isnan, arg)) for arg in floats(args))
        return _all(b, b.call(np.isnan, result), *known)

    return {"over": infinite, "invalid": no_number}


# ------------------------------------------------------------------------------------------ what arguments tell
def _is(fn: Any, limit: float, of: Any = None) -> Test:
    """A comparison of the argument, or of its size, with a limit."""
    return lambda b, x: b.call(fn, x if of is None else b.call(of, x), constant(limit))


def _too_large(limit: float, of: Any = None) -> Test:
    return lambda b, x: _all(b, _is(np.greater, limit, of)(b, x), b.call(np.isfinite, x))


def _infinite(b: Builder, x: Typed) -> Typed:
    return b.call(np.isinf, x)


def _zero(b: Builder, x: Typed) -> Typed:
    return b.call(np.equal, x, constant(0.0))


def _by_zero(b: Builder, left: Typed, right: Typed) -> Typed:
    return _all(b, _zero(b, right), b.call(np.not_equal, left, constant(0.0)), b.call(np.isfinite, left))


def _indeterminate(b: Builder, left: Typed, right: Typed) -> Typed:
    zeros, infinities = (_all(b, test(b, left), test(b, right)) for test in (_zero, _infinite))
    return b.call(np.logical_or, zeros, infinities)


def _quotient_too_large(b: Builder, left: Typed, right: Typed) -> Typed:
    sizes = [b.call(np.absolute, x) for x in (left, right)]
    largest = constant(float(np.finfo(np.result_type(left.type.dtype, right.type.dtype)).max))  # type: ignore[union-attr]
    small = [b.call(np.isfinite, left), b.call(np.greater, sizes[1], constant(0.0)),
             b.call(np.less, sizes[1], constant(1.0))]  # fmt: skip
    return _all(b, *small, b.call(np.greater, sizes[0], b.call(np.multiply, sizes[1], largest)))


def _power_by_zero(b: Builder, base: Typed, exponent: Typed) -> Typed:
    negative = _all(b, b.call(np.less, exponent, constant(0.0)), b.call(np.isfinite, exponent))
    return _all(b, _zero(b, base), negative)


def _no_root(b: Builder, base: Typed, exponent: Typed) -> Typed:
    whole = b.call(np.equal, b.call(np.floor, exponent), exponent)
    return _all(b, b.call(np.less, base, constant(0.0)), b.call(np.logical_not, whole), b.call(np.isfinite, base))


def _power_too_large(b: Builder, base: Typed, exponent: Typed) -> Typed:
    size = b.call(np.maximum, b.call(np.absolute, base), constant(float(np.finfo(np.float64).smallest_subnormal)))
    exponents = b.call(np.multiply, exponent, b.call(np.log, size))
    has_root = b.call(np.logical_not, _no_root(b, base, exponent))
    tests = (
        has_root,
        b.call(np.isfinite, base),
        b.call(np.not_equal, base, constant(0.0)),
        b.call(np.isfinite, exponent),
    )
    return _all(b, *tests, b.call(np.greater, exponents, constant(_LARGEST[np.exp])))


_LARGEST = {np.exp: 709.782712893384, np.expm1: 709.782712893384, np.sinh: 710.4758600739439,
            np.cosh: 710.4758600739439, np.exp2: 1024.0, ops.power: 0.0}  # fmt: skip
"""Up to where they have no overflow, for numbers of eight bytes."""

_TESTS: Mapping[Any, Tests] = {
    np.sqrt: {"invalid": _is(np.less, 0.0)},
    **{fn: {"invalid": _is(np.less, 0.0), "divide": _is(np.equal, 0.0)} for fn in (np.log, np.log2, np.log10)},
    np.log1p: {"invalid": _is(np.less, -1.0), "divide": _is(np.equal, -1.0)},
    **{fn: {"invalid": _is(np.greater, 1.0, np.absolute)} for fn in (np.arcsin, np.arccos)},
    np.arctanh: {"invalid": _is(np.greater, 1.0, np.absolute), "divide": _is(np.equal, 1.0, np.absolute)},
    np.arccosh: {"invalid": _is(np.less, 1.0)},
    **{fn: {"invalid": _infinite} for fn in (np.sin, np.cos, np.tan)},
    **{fn: {"over": _too_large(_LARGEST[fn])} for fn in (np.exp, np.expm1)},
    np.exp2: {"over": lambda b, x: _all(b, _is(np.greater_equal, 1024.0)(b, x), b.call(np.isfinite, x))},
    **{fn: {"over": _too_large(_LARGEST[fn], np.absolute)} for fn in (np.sinh, np.cosh)},
    np.divide: {"divide": _by_zero, "invalid": _indeterminate, "over": _quotient_too_large},
    ops.power: {"divide": _power_by_zero, "invalid": _no_root, "over": _power_too_large},
}
