"""Algebra on one expression: constants computed, ones and zeros dropped, signs gathered.

Goal: an expression as a careful person writes it, with the same value.  By default only what floating point keeps is
done: constants are computed where the result is exact or correctly rounded, sums are never re-associated, `0.0 * x`
stays.  (The one liberty is the sign of zero: `0.0 + x` is `x`.)  With `derivative=True` the conventions of
differentiation are added: a zero factor wins over any other, constant factors gather on the left, and products with
quotients become quotients.  `types` says which names are integers; without it a name is of unknown type by default, and
a floating-point number in derivative code.

Non-goals: finding common factors, expanding products, evaluating `sin` of constants (libraries differ in the last bit).

>>> from adcompile.ir.nodes import Name
>>> x = Name("x")
>>> fold(Call(np.multiply, (x, Const(-1.0))), derivative=True)
Call(fn=<ufunc 'negative'>, args=(Name(id='x'),), kwargs=())
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.ir.affine import shortened
from adcompile.ir.dtypes import COMPARISONS, dtype_of
from adcompile.ir.nodes import Call, Const, Expr
from adcompile.ir.types import Type
from adcompile.ir.walk import mapped

_EXACT: dict[Any, Callable[..., Any]] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.negative: operator.neg,
    np.divide: operator.truediv, np.floor_divide: operator.floordiv, np.remainder: operator.mod,
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne, float: float, np.float64: float, min: min, max: max,
    complex: complex,
}  # fmt: skip
_FLOATING = (np.add, np.subtract, np.multiply, np.divide)
_ALGEBRA = (*_FLOATING, np.negative, ops.power)
_LITERAL_POWERS = (0, 1, 2, -1)  # of floats: correctly rounded whoever computes them


def folded(expr: Expr, types: Mapping[str, Type] | None = None, *, derivative: bool = False) -> Expr:
    """`fold` at every node, innermost first."""
    folder = _Folder({} if types is None else types, types is None, derivative)
    return mapped(expr, lambda node: folder.root(node) if isinstance(node, Call) and not node.kwargs else node)


def fold(expr: Expr, types: Mapping[str, Type] | None = None, *, derivative: bool = False) -> Expr:
    """The root of an expression simplified, given simplified operands."""
    if not isinstance(expr, Call) or expr.kwargs:
        return expr
    return _Folder({} if types is None else types, types is None, derivative).root(expr)


def _is(expr: Expr, *values: float) -> bool:
    return isinstance(expr, Const) and type(expr.value) in (int, float) and expr.value in values


def _number(expr: Expr) -> bool:
    return isinstance(expr, Const) and type(expr.value) in (int, float)


def _negation(expr: Expr) -> Expr | None:
    """What an expression is the negation of, if it is one."""
    return expr.args[0] if isinstance(expr, Call) and expr.fn is np.negative else None


def _call(expr: Expr, fn: object) -> tuple[Expr, ...] | None:
    return expr.args if isinstance(expr, Call) and expr.fn is fn else None


def _computed(call: Call) -> Const | None:
    """The value of a call of constants, where every implementation of it must agree."""
    values = [part.value for part in call.args if isinstance(part, Const) and type(part.value) in (int, float, bool)]
    if len(values) != len(call.args) or not values:
        return None
    if call.fn is ops.power:
        base, exponent = values
        whole = type(base) is int and type(exponent) is int and exponent >= 0
        if not whole and not (type(base) is float and exponent in _LITERAL_POWERS):
            return None
        function: Callable[..., Any] = operator.pow
    elif call.fn in _EXACT:
        function = _EXACT[call.fn]
    else:
        return None
    if any(type(value) is bool for value in values) and call.fn not in COMPARISONS:
        return None
    if call.fn in (min, max) and len({type(value) for value in values}) > 1:
        return None
    try:
        result = function(*values)
    except (ZeroDivisionError, OverflowError):
        return None
    if type(result) is float and not math.isfinite(result) and all(map(math.isfinite, values)):
        return None
    if type(result) is int and not -(2**63) <= result < 2**63:
        return None
    return Const(result)


class _Folder:
    def __init__(self, types: Mapping[str, Type], untyped: bool, derivative: bool) -> None:
        self.types = types
        self.untyped = untyped
        self.derivative = derivative
        self._dtypes: dict[Expr, str] = {}

    # ------------------------------------------------------------------ types
    def dtype(self, expr: Expr) -> str:
        found = dtype_of(expr, self.types, self._dtypes)
        return "float64" if not found and self.derivative and self.untyped else found

    def keeps_type(self, kept: Expr, *dropped: Expr) -> bool:
        """Whether an operation of `kept` and constants has the type of `kept` (so that the constants may go)."""
        dtype = self.dtype(kept)
        if dtype == "float64":
            return True
        if dtype == "int64":
            return all(self.dtype(part) == "int64" for part in dropped)
        return dtype in ("float32", "complex128", "complex64") and self.derivative

    def zero(self, call: Call) -> Const:
        return Const(0) if self.dtype(call) == "int64" else Const(0.0)

    # ------------------------------------------------------------------ building
    def make(self, fn: Callable[..., Any], *args: Expr) -> Expr:
        return self.root(Call(fn, args))

    def negative(self, expr: Expr) -> Expr:
        return self.make(np.negative, expr)

    # ------------------------------------------------------------------ the root
    def root(self, call: Call) -> Expr:
        computed = _computed(call)
        if computed is not None:
            return computed
        if self.derivative and call.fn in _FLOATING:
            call = self.with_float_constants(call)
        if not self.derivative and call.fn in _ALGEBRA and self.dtype(call).startswith("complex"):
            return call  # the sign of a zero decides on which side of a branch cut a number lies
        rule = _RULES.get(call.fn)
        result = rule(self, *call.args) if rule is not None else None
        if result is not None:
            return result
        if call.fn not in (np.add, np.subtract, np.multiply, np.negative):
            return call
        if dtype_of(call, self.types, self._dtypes) != "int64":
            return call
        short = shortened(call, self.types)
        return self.root(short) if isinstance(short, Call) and short is not call else short

    def with_float_constants(self, call: Call) -> Call:
        """`2 * x` as `2.0 * x` where `x` is a floating-point number."""
        left, right = call.args
        if _number(left) and self.dtype(left) == "int64" and self.dtype(right) == "float64":
            return Call(call.fn, (Const(float(left.value)), right))  # type: ignore[union-attr]
        if _number(right) and self.dtype(right) == "int64" and self.dtype(left) == "float64":
            return Call(call.fn, (left, Const(float(right.value))))  # type: ignore[union-attr]
        return call

    def add(self, left: Expr, right: Expr) -> Expr | None:
        if _is(left, 0) and self.keeps_type(right, left):
            return right
        if _is(right, 0) and self.keeps_type(left, right) and (self.derivative or self.dtype(left) == "int64"):
            return left
        if (part := _negation(right)) is not None:
            return self.make(np.subtract, left, part)
        if (part := _negation(left)) is not None:
            return self.make(np.subtract, right, part)
        if self.derivative and _number(right) and right.value < 0:  # type: ignore[union-attr]
            return self.make(np.subtract, left, self.negative(right))
        return None

    def subtract(self, left: Expr, right: Expr) -> Expr | None:
        if _is(right, 0) and self.keeps_type(left, right):
            return left
        if _is(left, 0) and self.keeps_type(right, left):
            return self.negative(right)
        if (part := _negation(right)) is not None:
            return self.make(np.add, left, part)
        if self.derivative and (part := _negation(left)) is not None:
            return self.negative(self.make(np.add, part, right))
        if self.derivative and _number(right) and right.value < 0:  # type: ignore[union-attr]
            return self.make(np.add, left, self.negative(right))
        return None

    def negate(self, part: Expr) -> Expr | None:
        inner = _negation(part)
        if inner is not None and self.dtype(inner) != "bool":
            return inner
        product = _call(part, np.multiply)
        if self.derivative and product is not None and _number(product[0]) and product[0].value < 0:  # type: ignore[union-attr]
            return self.make(np.multiply, self.negative(product[0]), product[1])
        return None

    def multiply(self, left: Expr, right: Expr) -> Expr | None:
        for one, other in ((left, right), (right, left)):
            if _is(one, 1) and self.keeps_type(other, one):
                return other
            if _is(one, -1) and self.keeps_type(other, one):
                return self.negative(other)
        if (part := _negation(left)) is not None:
            return self.negative(self.make(np.multiply, part, right))
        if (part := _negation(right)) is not None:
            return self.negative(self.make(np.multiply, left, part))
        return self.derivative_product(left, right) if self.derivative else self.scaled(left, right)

    def multiply_no_nan(self, left: Expr, right: Expr) -> Expr | None:
        if _is(right, 0) and self.derivative:
            return self.zero(Call(np.multiply, (left, right)))
        return self.make(np.multiply, left, right) if _number(left) or _number(right) else None

    def scaled(self, left: Expr, right: Expr) -> Expr | None:
        """Two constant factors made one where that is exact: one of them is a power of two."""
        for one, other in ((left, right), (right, left)):
            product = _call(other, np.multiply)
            if not _number(one) or product is None:
                continue
            for inner, rest in (product, product[::-1]):
                if not _number(inner) or self.dtype(one) != self.dtype(inner) or _number(rest):
                    continue
                factor = _computed(Call(np.multiply, (one, inner)))
                if factor is not None and (self.dtype(rest) == "int64" or _exact_factors(one, inner)):
                    return self.make(np.multiply, factor, rest)
        return None

    def derivative_product(self, left: Expr, right: Expr) -> Expr | None:
        call = Call(np.multiply, (left, right))
        if _is(left, 0) or _is(right, 0):
            return self.zero(call)
        for one, other in ((left, right), (right, left)):
            if (choice := _call(other, ops.select)) and any(_is(side, 0, 1) for side in choice[1:]):
                sides = (self.make(np.multiply, one, side) for side in choice[1:])
                return self.make(ops.select, choice[0], *sides)
            if (quotient := _call(other, np.divide)) and _number(quotient[0]):
                return self.make(np.divide, self.make(np.multiply, quotient[0], one), quotient[1])
        return self.gathered(call)

    def gathered(self, call: Call) -> Expr | None:
        """A product of products as one chain from the left, its constants made one and put first."""
        factors = list(_factors(call))
        numbers = [factor for factor in factors if _number(factor)]
        chain = [factor for factor in factors if not _number(factor)]
        if numbers:
            constant: Expr = numbers[0]
            for number in numbers[1:]:
                product = _computed(Call(np.multiply, (constant, number)))
                if product is None:
                    return None
                constant = product
            if self.dtype(constant) == "int64" and self.dtype(call) == "float64":
                constant = Const(float(constant.value))  # type: ignore[union-attr]
            if _is(constant, 1) and chain and self.keeps_type(chain[0], constant):
                numbers = []
            elif _is(constant, -1) and chain and self.keeps_type(chain[0], constant):
                return self.negative(_product(chain))
            elif constant.value < 0:  # type: ignore[union-attr]
                return self.negative(self.make(np.multiply, self.negative(constant), _product(chain)))
            else:
                chain.insert(0, constant)
        if [self.dtype(factor) for factor in chain[:2]] == ["int64", "int64"]:  # whose product may overflow
            chain.sort(key=lambda factor: self.dtype(factor) == "int64")
        result = _product(chain)
        return None if result == call else result

    def divide(self, left: Expr, right: Expr) -> Expr | None:
        if _is(right, 1) and self.dtype(left) != "int64" and self.keeps_type(left, right):
            return left
        if (part := _negation(left)) is not None:
            return self.negative(self.make(np.divide, part, right))
        if (part := _negation(right)) is not None:
            return self.negative(self.make(np.divide, left, part))
        if self.derivative and _is(left, 0):
            return Const(0.0)
        return None

    def power(self, base: Expr, exponent: Expr) -> Expr | None:
        if _is(exponent, 1) and self.keeps_type(base, exponent):
            return base
        if _is(exponent, 0) and self.keeps_type(base, exponent):
            return Const(1) if self.dtype(base) == "int64" else Const(1.0)
        return None

    def broadcast(self, left: Expr, right: Expr) -> Expr | None:
        return left if left == right else None

    # ------------------------------------------------------------------ choices and truth values
    def select(self, condition: Expr, then: Expr, orelse: Expr) -> Expr | None:
        same_type = self.dtype(then) == self.dtype(orelse)
        if isinstance(condition, Const) and same_type:
            return then if condition.value else orelse
        if then == orelse:
            return then
        if (inner := _call(condition, ops.negated)) is not None:
            return self.make(ops.select, inner[0], orelse, then)
        return None

    def both(self, left: Expr, right: Expr) -> Expr | None:
        return self.truth(left, right, deciding=False)

    def either(self, left: Expr, right: Expr) -> Expr | None:
        return self.truth(left, right, deciding=True)

    def bitwise_and(self, left: Expr, right: Expr) -> Expr | None:
        truths = self.dtype(left) == "bool" and self.dtype(right) == "bool"
        return self.truth(left, right, deciding=False) if truths else None

    def truth(self, left: Expr, right: Expr, deciding: bool) -> Expr | None:
        for one, other in ((left, right), (right, left)):
            if one == Const(not deciding) and self.dtype(other) == "bool":
                return other
            if one == Const(deciding) and (one is left or self.dtype(other) == "bool"):
                return one
        return left if left == right else None

    def negated(self, part: Expr) -> Expr | None:
        if isinstance(part, Const) and isinstance(part.value, (bool, int, float)):
            return Const(not part.value)
        inner = _call(part, ops.negated)
        return inner[0] if inner is not None and dtype_of(inner[0], self.types, self._dtypes) == "bool" else None

    def to_float(self, part: Expr) -> Expr | None:
        return part if dtype_of(part, self.types, self._dtypes) == "float64" else None

    def to_complex(self, real: Expr, imaginary: Expr | None = None) -> Expr | None:
        return real if imaginary is None and dtype_of(real, self.types) == "complex128" else None

    def real(self, part: Expr) -> Expr | None:
        return part if self.is_real(part) else None

    def imag(self, part: Expr) -> Expr | None:
        return Const(0.0) if dtype_of(part, self.types) == "float64" else None

    def conjugate(self, part: Expr) -> Expr | None:
        inner = _call(part, np.conjugate)
        return inner[0] if inner is not None else self.real(part)

    def is_real(self, part: Expr) -> bool:
        return dtype_of(part, self.types) in ("float64", "float32", "int64")

    def to_int(self, part: Expr) -> Expr | None:
        return part if dtype_of(part, self.types, self._dtypes) == "int64" else None


def _factors(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Call) and expr.fn is np.multiply:
        for part in expr.args:
            yield from _factors(part)
    else:
        yield expr


def _product(factors: list[Expr]) -> Expr:
    result = factors[0]
    for factor in factors[1:]:
        result = Call(np.multiply, (result, factor))
    return result


def _exact_factors(*factors: Expr) -> bool:
    """Whether a factor is a power of two: scaling by it rounds nothing, far from overflow."""
    return any(
        isinstance(factor, Const) and 1e-30 < abs(factor.value) < 1e30 and abs(math.frexp(factor.value)[0]) == 0.5
        for factor in factors
    )


_RULES: dict[Any, Callable[..., Expr | None]] = {
    np.add: _Folder.add, np.subtract: _Folder.subtract, np.negative: _Folder.negate, np.multiply: _Folder.multiply,
    np.divide: _Folder.divide, ops.power: _Folder.power, ops.select: _Folder.select, ops.both: _Folder.both,
    np.bitwise_and: _Folder.bitwise_and,
    ops.either: _Folder.either, ops.negated: _Folder.negated, float: _Folder.to_float, np.float64: _Folder.to_float,
    int: _Folder.to_int, runtime.broadcast_length: _Folder.broadcast,
    runtime.multiply_no_nan: _Folder.multiply_no_nan, complex: _Folder.to_complex,
    np.real: _Folder.real, np.imag: _Folder.imag, np.conjugate: _Folder.conjugate,
}  # fmt: skip
