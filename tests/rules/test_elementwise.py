"""Every rule against differences of its function, with no compiler involved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy import special

from adcompile.ir import ops
from adcompile.ir.nodes import Const, Name
from adcompile.rules.registry import UNKNOWN, Elementwise, all_rules, is_constant, is_dear, rule_for

rule_for(special.gamma)  # makes the rules of SciPy known
_STEP = 1e-3


def difference(fn: Callable[..., Any], point: tuple[Any, ...], position: int) -> float:
    """The derivative of `fn` by one argument: central differences of order six."""

    def at(shift: float) -> float:
        moved = list(point)
        moved[position] = moved[position] + shift * _STEP
        return float(fn(*moved))

    return (45.0 * (at(1) - at(-1)) - 9.0 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60.0 * _STEP)


def cases() -> Iterator[Any]:
    for rule in all_rules():
        for fn in (rule.fn, *rule.same):
            for position, partial in enumerate(rule.partials):
                if partial is not None and partial is not UNKNOWN:
                    module = getattr(fn, "__module__", None) or "numpy"
                    yield pytest.param(rule, fn, position, id=f"{module}.{fn.__name__}-{position}")


@pytest.mark.parametrize("rule, fn, position", list(cases()))
def test_partials_agree_with_differences(rule: Elementwise, fn: Callable[..., Any], position: int) -> None:
    assert rule.samples
    partial = rule.partials[position]
    assert partial is not None
    tolerance = 1e-6 if fn is np.float32 else 1e-9
    for point in rule.samples:
        if fn is np.float32:
            expected = 1.0
        else:
            expected = difference(fn, point, position)
        assert float(partial(*point, fn(*point))) == pytest.approx(expected, rel=tolerance, abs=tolerance), point


def by_the_rules(fn: Callable[..., Any], position: int) -> Callable[..., Any]:
    rule = rule_for(fn)
    assert rule is not None
    partial = rule.partials[position]
    assert partial is not None
    return lambda *point: partial(*point, rule.fn(*point))


@pytest.mark.parametrize("rule, fn, position", [case for case in cases() if case.values[0].fn is case.values[1]])
def test_second_derivatives(rule: Elementwise, fn: Callable[..., Any], position: int) -> None:
    """What the rules give for a partial agrees with differences of it: the rules that a rule's own text leads to."""
    for point in rule.samples:
        for other, by in enumerate(rule.partials):
            if by is None or by is UNKNOWN:
                continue
            tape = Traced.of(point, other)
            out = rule.partials[position](*tape, traced(fn, tape))  # type: ignore[misc]
            slope = out.slope if isinstance(out, Traced) else 0.0
            expected = difference(by_the_rules(fn, position), point, other)
            assert slope == pytest.approx(expected, rel=1e-7, abs=1e-7), (point, other)


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A number and its tangent, moved on by the registered rules."""

    seen: ClassVar[set[Any]] = set()

    def __init__(self, value: Any, slope: float) -> None:
        self.value, self.slope = value, slope

    @staticmethod
    def of(point: tuple[Any, ...], position: int) -> list[Any]:
        return [Traced(x, float(i == position)) if isinstance(x, float) else x for i, x in enumerate(point)]

    def __bool__(self) -> bool:
        return bool(self.value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        assert method == "__call__" and not kwargs
        return traced(ufunc, inputs)

    def __array_function__(self, fn: Any, types: Any, args: Any, kwargs: Any) -> Any:
        assert not kwargs
        return traced(fn, args)


def traced(fn: Any, args: Any) -> Any:
    Traced.seen.add(fn)
    values = [arg.value if isinstance(arg, Traced) else arg for arg in args]
    if fn is np.where:
        return args[1] if values[0] else args[2]
    result = fn(*values)
    if is_constant(fn):
        return Traced(result, 0.0)
    rule = rule_for(fn)
    assert rule is not None, f"{fn} is used by a rule and has none"
    slope = 0.0
    for arg, partial in zip(args, rule.partials, strict=True):
        if isinstance(arg, Traced) and arg.slope != 0.0:
            assert partial is not None, fn
            slope += float(partial(*values, result)) * arg.slope
    return Traced(result, slope)


def test_rules_mention_only_functions_that_have_rules() -> None:
    for rule in all_rules():
        for point in rule.samples:
            operands = [Traced(x, 0.0) for x in point]
            result = Traced(rule.fn(*point), 0.0)
            for partial in rule.partials:
                if partial is not None and partial is not UNKNOWN:
                    partial(*operands, result)  # `traced` asserts that each function has a rule
    assert {np.where, np.cos, np.divide, np.sign} <= Traced.seen


def test_registrations_are_consistent() -> None:
    for rule in all_rules():
        for fn in (rule.fn, *rule.same):
            assert rule_for(fn) is rule and not is_constant(fn)
    assert is_dear(np.exp) and is_dear(math.tanh) and not is_dear(np.sin) and not is_dear(np.floor)
    assert is_dear(ops.power) and is_dear(ops.power, (Name("x"), Name("p")))
    assert not is_dear(ops.power, (Name("x"), Const(2))) and not is_dear(ops.power, (Name("x"), Const(2.0)))
    assert rule_for([]) is None and not is_constant([]) and not is_dear({})


@pytest.mark.parametrize(
    "fn, point, expected",
    [
        (abs, (0.0,), (0.0,)),
        (np.maximum, (1.5, 1.5), (0.5, 0.5)),
        (np.minimum, (1.5, 1.5), (0.5, 0.5)),
        (max, (1.5, 1.5), (1.0, 0.0)),
        (min, (1.5, 1.5), (1.0, 0.0)),
        (ops.power, (0.0, 0), (0.0, 0.0)),
        (ops.power, (0.0, 1), (1.0, 0.0)),
        (ops.power, (0.0, 2), (0.0, 0.0)),
        (ops.power, (-2.0, 3), (12.0, 0.0)),
        (np.sqrt, (0.0,), (math.inf,)),
        (np.hypot, (0.0, 0.0), (0.0, 0.0)),
        (np.sinc, (0.0,), (0.0,)),
        (np.clip, (1.0, 1.0, 2.0), (1.0, 0.0, 0.0)),
        (np.copysign, (0.0, -1.0), (0.0, None)),
    ],
)
def test_conventions_at_corners(fn: Any, point: tuple[Any, ...], expected: tuple[float | None, ...]) -> None:
    rule = rule_for(fn)
    assert rule is not None
    arguments = [np.float64(x) if isinstance(x, float) else x for x in point]
    with np.errstate(divide="ignore", invalid="ignore"):  # both sides of `np.where` run here; the compiler runs one
        result = np.float64(fn(*arguments))
        found = tuple(None if p is None else float(p(*arguments, result)) for p in rule.partials)
    assert found == expected


def test_accuracy_where_differences_cancel() -> None:
    arcsin, sinc = rule_for(np.arcsin), rule_for(np.sinc)
    assert arcsin is not None and sinc is not None
    x = 1.0 - 2.0**-40
    exact = 1.0 / math.sqrt(2.0**-40 * (2.0 - 2.0**-40))
    assert arcsin.partials[0](x, np.arcsin(x)) == pytest.approx(exact, rel=1e-15)  # type: ignore[misc]
    for x in (1e-9, 0.0299999, 0.0300001):
        t = math.pi * x
        series = sum((-1) ** k * 2 * k * t ** (2 * k - 1) / math.factorial(2 * k + 1) for k in range(1, 9)) * math.pi
        assert sinc.partials[0](x, np.sinc(x)) == pytest.approx(series, rel=2e-13)  # type: ignore[misc]
