"""Which exceptions Python raises for which arguments: what `try` goes by, where compiled code would go on.

Goal: for each operation on numbers that Python answers with an exception, the condition on its arguments.  A number
counts as Python's own, as in Numba: NumPy's would warn and go on.  Non-goals: what the function raises itself, which is
said where it stands; exceptions of memory, of the stack, of shapes that do not fit (those end the run).

>>> kinds_of(math.log, (Name("x"),)), kinds_of(np.divide, (Name("x"), Const(2.0)))
((<class 'ValueError'>,), ())
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Const, Expr, Name, Slice, Tuple  # noqa: F401  (Name is used in the example)
from adcompile.ir.types import BOOL, Array, Scalar, Static, TupleType, kind
from adcompile.normal.building import Builder, Typed, constant
from adcompile.normal.floating import Flagged, raised
from adcompile.normal.number_classes import ARRAY, COMPLEMENT, NUMBER, PYTHON, Classes
from adcompile.normal.questions import answer

Condition = Callable[..., Typed]
_LARGEST = {math.exp: 709.782712893384, math.expm1: 709.782712893384, math.sinh: 710.4758600739439,
            math.cosh: 710.4758600739439}  # fmt: skip


def kinds_of(fn: Any, args: Sequence[Expr]) -> tuple[type[Exception], ...]:
    """The exceptions that a call may raise, of those that are known of here."""
    found = _RISKS.get(fn, {}) if _hashable(fn) else {}
    if fn in _DIVISIONS and isinstance(args[-1], Const) and args[-1].value:
        return ()
    if fn is ops.power and isinstance(args[-1], Const) and args[-1].value in (0, 1):
        return ()
    if any(isinstance(arg, Slice) for arg in args):
        return tuple(kind for kind in found if kind is TypeError)
    return tuple(found)


def condition(b: Builder, kind: Any, fn: Any, args: Sequence[Typed], classes: Classes) -> Typed:
    """Whether a call raises an exception of this kind, if its first argument (for floating-point errors its result) is
    of these classes where it is a number."""
    if isinstance(fn, Flagged):
        numbers = all(isinstance(arg.type, Scalar) for arg in args)
        return constant(False) if numbers and PYTHON in classes else raised(b, fn, list(args))
    if isinstance(args[0].type, Scalar) and fn in _OF_CLASSES:
        return constant(_OF_CLASSES[fn](kind, args[0], args[1:], classes))
    return _RISKS[fn][kind](b, *args)


def _hashable(fn: Any) -> bool:
    return getattr(type(fn), "__hash__", None) is not None


def _of_numbers(test: Condition) -> Condition:
    """A condition on numbers, which arrays do not raise for."""

    def condition(b: Builder, *args: Typed) -> Typed:
        return test(b, *args) if all(isinstance(arg.type, Scalar) for arg in args) else constant(False)

    return condition


# ------------------------------------------------------------------------------------------ numbers
def _any(b: Builder, *tests: Typed) -> Typed:
    return _joined(b, ops.either, tests)


def _all(b: Builder, *tests: Typed) -> Typed:
    return _joined(b, ops.both, tests)


def _joined(b: Builder, fn: Any, tests: Sequence[Typed]) -> Typed:
    decides = fn is ops.either
    left = [test for test in tests if not isinstance(test.expr, Const)]
    if any(isinstance(test.expr, Const) and bool(test.expr.value) is decides for test in tests):
        return constant(decides)
    return reduce(lambda one, two: b.call(fn, one, two), left) if left else constant(not decides)


def _is_float(x: Typed) -> bool:
    return isinstance(x.type, Scalar) and kind(x.type) == "f"


def _asked(b: Builder, fn: Any, x: Typed) -> Typed:
    """`np.isnan` and the like, of a number of any type."""
    return b.call(fn, x) if _is_float(x) else constant(fn is np.isfinite)


def _below(limit: float, or_equal: bool = False) -> Condition:
    return _of_numbers(lambda b, x: b.call(np.less_equal if or_equal else np.less, x, constant(limit)))


def _beyond(limit: float, or_equal: bool = False) -> Condition:
    """Whether a number is farther from zero."""
    fns = (np.greater_equal, np.less_equal) if or_equal else (np.greater, np.less)

    def test(b: Builder, x: Typed) -> Typed:
        return _any(b, b.call(fns[0], x, constant(limit)), b.call(fns[1], x, constant(-limit)))

    return _of_numbers(test)


def _too_large(limit: float, both: bool) -> Condition:
    def test(b: Builder, x: Typed) -> Typed:
        above = b.call(np.greater, x, constant(limit))
        return _all(
            b, _any(b, above, b.call(np.less, x, constant(-limit))) if both else above, _asked(b, np.isfinite, x)
        )

    return _of_numbers(test)


def _zero(b: Builder, left: Typed, right: Typed) -> Typed:
    return b.call(np.equal, right, constant(0))


def _power_of_zero(b: Builder, base: Typed, exponent: Typed) -> Typed:
    return _all(b, b.call(np.equal, base, constant(0)), b.call(np.less, exponent, constant(0)))


def _power_too_large(b: Builder, base: Typed, exponent: Typed) -> Typed:
    """By logarithms, since the power itself would raise in plain Python."""
    if not (_is_float(base) or _is_float(exponent)):
        return constant(False)
    asked = [_asked(b, np.isfinite, x) for x in (base, exponent)]
    nonzero = b.call(np.not_equal, base, constant(0))
    size = b.call(np.multiply, exponent, b.call(np.log, b.call(abs, base)))
    return _all(b, *asked, nonzero, b.call(np.greater, size, constant(_LARGEST[math.exp])))


def _no_root(b: Builder, base: Typed, exponent: Typed) -> Typed:
    """`math.pow` outside its domain."""
    whole = b.call(np.equal, b.call(np.floor, exponent), exponent)
    fraction = _all(b, b.call(np.less, base, constant(0)), b.call(ops.negated, whole), _asked(b, np.isfinite, exponent))
    return _any(b, fraction, _power_of_zero(b, base, exponent))


_NAN = _of_numbers(lambda b, x: _asked(b, np.isnan, x))
_INFINITE = _of_numbers(lambda b, x: _asked(b, np.isinf, x))


# ------------------------------------------------------------------------------------------ items and attributes
def _no_items(b: Builder, x: Typed, *rest: Typed) -> Typed:
    """Whether a value has no items: numbers and `None` have none."""
    return constant(isinstance(x.type, Scalar) or (isinstance(x.type, Static) and x.type.value is None))


def _outside(b: Builder, x: Typed, *index: Typed) -> Typed:
    """Whether an index is beyond its axis."""
    if isinstance(x.type, TupleType) and len(index) == 1 and isinstance(index[0].expr, Const):
        place = index[0].expr.value
        return constant(isinstance(place, int) and not -len(x.items) <= place < len(x.items))
    if not isinstance(x.type, Array) or len(index) > x.type.ndim:
        return constant(False)
    tests: list[Typed] = []
    for item, length in zip(index, b.dims(x), strict=False):
        if isinstance(item.type, Scalar) and kind(item.type) in "iu":
            tests.append(b.call(np.greater_equal, item, length))
            tests.append(b.call(np.less, item, b.call(np.negative, length)))
    return _any(b, *tests)


def _no_attribute(b: Builder, x: Typed, name: Typed, *rest: Typed) -> Typed:
    assert isinstance(name.expr, Const)
    return constant(not answer(hasattr, x, name.expr.value))


def _no_attribute_of_number(kind: Any, x: Typed, rest: Sequence[Typed], classes: Classes) -> bool:
    assert isinstance(rest[0].expr, Const)
    return not answer(hasattr, x, rest[0].expr.value, classes)


def _item_of_number(kind: Any, x: Typed, index: Sequence[Typed], classes: Classes) -> bool:
    """Whether reading an item of a number raises this: NumPy's have one item, at `()`, `...`, `None` and masks."""
    if classes == NUMBER or classes <= {PYTHON, COMPLEMENT}:  # what may be Python's own counts as that
        return kind is TypeError
    fits = all(item.type == BOOL or item.expr in _OF_NO_AXES for item in index)
    return _told(
        x, {kind is TypeError if one in (PYTHON, COMPLEMENT) else not fits and kind is IndexError for one in classes}
    )


def _item_assigned(kind: Any, x: Typed, index: Sequence[Typed], classes: Classes) -> bool:
    """Whether assigning to an item of a number raises this: an array without axes has one item."""
    fits = all(item.type == BOOL or item.expr in _OF_NO_AXES for item in index)
    return _told(x, {not fits and kind is IndexError if one == ARRAY else kind is TypeError for one in classes})


def _told(x: Typed, answers: set[bool]) -> bool:
    if len(answers) == 1:
        return answers.pop()
    message = f"whether this {described(x.type)} is an array without axes or a number cannot be told"
    raise refuse("unknown-type", message, hint="make it an array in any case: np.array(x)")


def _fixed_attributes(b: Builder, x: Typed, *rest: Typed) -> Typed:
    """Whether a value takes no new attributes: numbers and arrays take none."""
    return constant(isinstance(x.type, (Scalar, Array, TupleType)))


_OF_NO_AXES = (Const(Ellipsis), Const(None), Tuple(()))
_OF_CLASSES: Mapping[Any, Callable[..., bool]] = {
    operator.getitem: _item_of_number, operator.setitem: _item_assigned,
    ops.attribute: _no_attribute_of_number, ops.method: _no_attribute_of_number,
}  # fmt: skip
_DIVISIONS = (np.divide, np.floor_divide, np.remainder)
_DIVISION: dict[Any, Condition] = {ZeroDivisionError: _of_numbers(_zero)}


def _each(fns: Sequence[Any], conditions: Mapping[Any, Condition]) -> dict[Any, Mapping[Any, Condition]]:
    return dict.fromkeys(fns, conditions)


_RISKS: Mapping[Any, Mapping[Any, Condition]] = {
    **_each(_DIVISIONS, _DIVISION),
    ops.power: {ZeroDivisionError: _of_numbers(_power_of_zero), OverflowError: _of_numbers(_power_too_large)},
    math.pow: {ValueError: _of_numbers(_no_root), OverflowError: _of_numbers(_power_too_large)},
    **_each((math.log, math.log2, math.log10), {ValueError: _below(0.0, or_equal=True)}),
    math.log1p: {ValueError: _below(-1.0, or_equal=True)},
    math.sqrt: {ValueError: _below(0.0)},
    **_each((math.asin, math.acos), {ValueError: _beyond(1.0)}),
    math.acosh: {ValueError: _below(1.0)},
    math.atanh: {ValueError: _beyond(1.0, or_equal=True)},
    **_each((math.sin, math.cos, math.tan), {ValueError: _INFINITE}),
    **{fn: {OverflowError: _too_large(limit, fn in (math.sinh, math.cosh))} for fn, limit in _LARGEST.items()},
    math.fmod: {ValueError: _of_numbers(lambda b, x, y: _any(b, _zero(b, x, y), _asked(b, np.isinf, x)))},
    **_each((int, math.floor, math.ceil, math.trunc), {ValueError: _NAN, OverflowError: _INFINITE}),
    **_each((operator.getitem, operator.setitem), {TypeError: _no_items, IndexError: _outside}),
    **_each((len, iter), {TypeError: _no_items}),
    **_each((ops.attribute, ops.method), {AttributeError: _no_attribute}),
    setattr: {AttributeError: _fixed_attributes},
}  # fmt: skip
