"""The chain rule: the only module that turns a rule of `adcompile.rules` into derivative expressions.

A rule is ordinary NumPy code.  Its lambdas are called here on `Operand`s, which answer NumPy's protocols by building
expressions instead of numbers; what they build serves forward mode (`partial * tangent`) and reverse mode
(`partial * adjoint`) alike.

>>> from adcompile.ir.nodes import Call, Name
>>> partial(Call(np.sin, (Name("x"),)), 0)
Call(fn=<ufunc 'cos'>, args=(Name(id='x'),), kwargs=())

Complex numbers: the adjoint of `z` is the number `z_bar` for which a change `dz` changes the result by the real part of
`z_bar * dz`, not conjugated, as JAX has it.  What a complex tangent or adjoint gives to a real number is its real part
(`matched`), and that is all that is special about them, but for `np.conjugate`.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from adcompile import runtime
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of, is_complex
from adcompile.ir.fold import fold
from adcompile.ir.nodes import Call, Const, Expr, Name
from adcompile.ir.types import Type
from adcompile.ir.walk import nodes
from adcompile.rules.registry import UNKNOWN, Elementwise, complex_rule_for, is_constant, rule_for
from adcompile.runtime import multiply_no_nan

ZERO = Const(0.0)
ONE = Const(1.0)
_UNTYPED: Mapping[str, Type] = MappingProxyType({})


def _expression(value: Any) -> Expr:
    if isinstance(value, Operand):
        return value.expr
    return Const(value.item() if isinstance(value, np.generic) else value)


class Operand(np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for an expression inside a rule; functions of it build expressions."""

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        fn = ops.power if ufunc is np.power else ufunc
        return Operand(fold(Call(fn, tuple(map(_expression, inputs))), derivative=True))

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if kwargs:
            return NotImplemented
        fn = ops.select if fn is np.where else fn
        return Operand(fold(Call(fn, tuple(map(_expression, args))), derivative=True))


def partial(call: Call, position: int, result: Expr | None = None, types: Mapping[str, Type] = _UNTYPED) -> Expr:
    """The derivative of a call's result by one of its arguments, as an expression of its arguments and its `result`
    (the call itself, where its value has no name); without `types`, of real numbers.

    Raises `Unsupported` where no rule is registered for the function or for that argument.
    """
    if call.fn is ops.select:
        return fold(Call(ops.select, (call.args[0], *((ONE, ZERO) if position == 1 else (ZERO, ONE)))), derivative=True)
    if call.fn is np.divide and call.args[0] == ONE and position == 1:  # a product costs less than a quotient
        return partial(Call(np.reciprocal, call.args[1:]), 0, call if result is None else result, types)
    rule = _rule(call, types)
    name = getattr(call.fn, "__name__", repr(call.fn))
    if rule is None:
        raise refuse("no-rule", f"no derivative rule for {name}", hint="register one with adcompile.rules.elementwise")
    one = rule.partials[position] if position < len(rule.partials) else None
    if one is None or one is UNKNOWN:
        hint = "stop_gradient holds it constant" if one is UNKNOWN else ""
        raise refuse("no-rule", f"{name} has no derivative by its argument {position + 1}", hint=hint)
    return _expression(one(*map(Operand, call.args), Operand(call if result is None else result)))


def differentiable(call: Call) -> Iterator[int]:
    """The positions of the arguments that a call's result depends on smoothly."""
    if call.fn is ops.select:
        yield from (1, 2)
    elif not is_constant(call.fn):
        rule = rule_for(call.fn) or complex_rule_for(call.fn)
        for position in range(len(call.args)):
            if rule is None or position >= len(rule.partials) or rule.partials[position] is not None:
                yield position


def _rule(call: Call, types: Mapping[str, Type]) -> Elementwise | None:
    """The rule of a call: that of complex numbers where one stands in it."""
    if call.fn is complex or any(is_complex(arg, types) for arg in call.args):
        return complex_rule_for(call.fn)
    return rule_for(call.fn) or complex_rule_for(call.fn)


def reads_result(call: Call, types: Mapping[str, Type]) -> bool:
    """Whether the rule of a call wants the call's own value again."""
    marker = Call(ops.undefined, ())
    rule = _rule(call, types)
    if rule is None:
        return False
    for one, _ in zip(rule.partials, call.args, strict=False):  # an argument may be left out: complex(x)
        if (
            one is not None
            and one is not UNKNOWN
            and marker in nodes(_expression(one(*map(Operand, call.args), Operand(marker))))
        ):
            return True
    return False


def singular(call: Call, position: int, types: Mapping[str, Type]) -> bool:
    """Whether a call's derivative by one of its arguments may be infinite, or NaN, where the call's value is finite."""
    rule = _rule(call, types)
    if rule is None or position not in rule.singular:
        return False
    if rule not in (rule_for(ops.power), complex_rule_for(ops.power)):
        return True
    exponent = call.args[1]
    whole = dtype_of(exponent, types) in ("int64", "bool")
    return not whole and not (isinstance(exponent, Const) and not 0 < exponent.value.real < 1)


def contribution(
    call: Call, position: int, partial_: Expr, seed: Expr, types: Mapping[str, Type], infinite: bool = False
) -> Expr:
    """`partial * seed`, the partial being that of a call by one of its arguments.

    A seed that is exactly zero, since a choice downstream (in forward mode, upstream) took a side that does not vary,
    gives zero also where the slope is infinite: `np.sqrt(max(x, 0.0))` has the derivative 0 at -1, in both modes.
    `infinite` says that the call itself is part of such a slope.
    """
    if _starts_with_count(seed, types):
        partial_ = as_float(partial_, types)
    if call.fn is np.conjugate:  # the one function that is linear in the conjugate
        return fold(Call(np.conjugate, (seed,)), types, derivative=True)
    if call.fn is multiply_no_nan and position == 0:
        return no_nan(seed, partial_)
    return no_nan(partial_, seed) if infinite or singular(call, position, types) else times(partial_, seed)


def as_float(expr: Expr, types: Mapping[str, Type]) -> Expr:
    """A factor of a tangent or an adjoint: an integer as a floating-point number.

    `x * n * m` is computed in floating-point numbers, so its derivative is too: `n * m` may be more than an integer
    holds.
    """
    return Call(float, (expr,)) if _is_count(expr, types) else expr


def _is_count(expr: Expr, types: Mapping[str, Type]) -> bool:
    return not isinstance(expr, Const) and dtype_of(expr, types) == "int64"


def _starts_with_count(seed: Expr, types: Mapping[str, Type]) -> bool:
    """Whether the factors of a seed, or of one that it may be, are multiplied from an integer on."""
    if isinstance(seed, Call) and seed.fn in (np.multiply, np.negative):
        return _starts_with_count(seed.args[0], types)
    if isinstance(seed, Call) and seed.fn is ops.select:
        return any(_starts_with_count(side, types) for side in seed.args[1:])
    return _is_count(seed, types)


def matched(value: Expr, of: Expr, types: Mapping[str, Type]) -> Expr:
    """A tangent or an adjoint of the expression `of`: of a real one, the real part of a complex `value`.

    In forward mode `of` is a call and `value` is a partial derivative times a tangent; in reverse mode `of` is what the
    adjoint `value` is of.
    """
    return value if is_complex(of, types) else real_part(value, types)


def real_part(expr: Expr, types: Mapping[str, Type], imaginary: bool = False) -> Expr:
    """The real part of a number, or the imaginary one, with as few complex products as may be."""

    def part(inner: Expr, other: bool = False) -> Expr:
        return real_part(inner, types, imaginary is not other)

    def made(fn: Any, *args: Expr) -> Expr:
        return fold(Call(fn, args), types, derivative=True)

    if not is_complex(expr, types):
        return ZERO if imaginary else expr
    match expr:
        case Const(value):
            return Const(float(value.imag if imaginary else value.real))
        case Call(np.negative, (inner,)):
            return made(np.negative, part(inner))
        case Call(np.add | np.subtract as fn, (left, right)):
            return made(fn, part(left), part(right))
        case Call(ops.select, (condition, then, orelse)):
            return made(ops.select, condition, part(then), part(orelse))
        case Call(np.conjugate, (inner,)):
            return made(np.negative, part(inner)) if imaginary else part(inner)
        case Call(builtins.complex, (left, right)):
            return right if imaginary else left
        case Call(np.multiply | runtime.multiply_no_nan as fn, (left, right)):
            if not is_complex(left, types):
                return made(fn, left, part(right))
            if not is_complex(right, types):
                return made(fn, part(left), right)
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Const) and one.value.real == 0 and fn is np.multiply:  # 1j * z
                    turned = made(np.multiply, Const(one.value.imag), part(other, other=True))
                    return turned if imaginary else made(np.negative, turned)
        case Call(np.divide, (left, right)) if not is_complex(right, types):
            return made(np.divide, part(left), right)
    return Call(np.imag if imaginary else np.real, (expr,))


def no_nan(partial_: Expr, seed: Expr) -> Expr:
    """`partial * seed`, and zero where the seed is, whatever the partial."""
    if isinstance(partial_, Call):
        if partial_.fn is ops.select:
            condition, *sides = partial_.args
            return fold(Call(ops.select, (condition, *(no_nan(side, seed) for side in sides))), derivative=True)
        if partial_.fn is np.negative:
            return fold(Call(np.negative, (no_nan(partial_.args[0], seed),)), derivative=True)
    if isinstance(seed, Call) and seed.fn is np.negative:
        return fold(Call(np.negative, (no_nan(partial_, seed.args[0]),)), derivative=True)
    return fold(Call(multiply_no_nan, (partial_, seed)), derivative=True)


def times(partial_: Expr, seed: Expr) -> Expr:
    """`partial * seed`; a product with a choice goes into its sides, so that one not taken gives nothing."""
    if isinstance(partial_, Call) and partial_.fn is ops.select:
        condition, then, orelse = partial_.args
        return fold(Call(ops.select, (condition, times(then, seed), times(orelse, seed))), derivative=True)
    if isinstance(seed, Call) and seed.fn is np.negative:
        return fold(Call(np.negative, (times(partial_, seed.args[0]),)), derivative=True)
    if isinstance(seed, Call) and seed.fn is np.multiply and isinstance(seed.args[1], Name):
        return times(_product(seed.args[0], partial_), seed.args[1])
    if isinstance(partial_, Call) and partial_.fn is np.negative:
        return fold(Call(np.negative, (times(partial_.args[0], seed),)), derivative=True)
    if isinstance(partial_, Call) and partial_.fn is np.divide:  # both operands of `a / b` want `seed / b`
        quotient = fold(Call(np.divide, (seed, partial_.args[1])), derivative=True)
        return fold(Call(np.multiply, (partial_.args[0], quotient)), derivative=True)
    return fold(Call(np.multiply, (partial_, seed)), derivative=True)


def _product(left: Expr, right: Expr) -> Expr:
    """`left * right`, as a chain of factors from the left."""
    if isinstance(right, Call) and right.fn is np.negative:
        return fold(Call(np.negative, (_product(left, right.args[0]),)), derivative=True)
    if isinstance(right, Call) and right.fn is np.multiply:
        return _product(_product(left, right.args[0]), right.args[1])
    return fold(Call(np.multiply, (left, right)), derivative=True)


def plus(left: Expr, right: Expr) -> Expr:
    """`left + right`."""
    return fold(Call(np.add, (left, right)), derivative=True)
