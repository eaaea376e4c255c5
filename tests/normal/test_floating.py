"""Floating-point errors as exceptions: raised where NumPy raises them."""

import itertools
import warnings

import numpy as np
import pytest

from adcompile import Unsupported, grad, value_and_grad
from adcompile.ir import ops
from adcompile.normal.floating import _TESTS

NUMBERS = (-np.inf, -1e308, -800.0, -2.0, -1.0, -0.5, -0.0, 0.0, 1e-320, 0.5, 1.0, 1.5, 709.0, 712.0, 1e308, np.inf)


def errors_of_one(fn):
    """Which errors `fn(x)` meets: a number made of 1, 2 and 4."""

    def errors(x, y):
        a = np.asarray(x)
        found = 0.0 * y
        try:
            with np.errstate(divide="raise", over="ignore", invalid="ignore"):
                b = fn(a)
        except FloatingPointError:
            found += 1.0
        try:
            with np.errstate(over="raise", divide="ignore", invalid="ignore"):
                b = fn(a)
        except FloatingPointError:
            found += 2.0
        try:
            with np.errstate(invalid="raise", divide="ignore", over="ignore"):
                b = fn(a)  # noqa: F841
        except FloatingPointError:
            found += 4.0
        return found

    return errors


@pytest.mark.parametrize("fn", [fn for fn in _TESTS if fn is not ops.power and fn is not np.divide], ids=str)
def test_of_each_function(fn):
    errors = errors_of_one(fn)
    ours = value_and_grad(errors, wrt="y", jit=False)
    for x in NUMBERS:
        assert ours(x, 1.0)[0] == errors(x, 1.0), x


@pytest.mark.parametrize("operator", ["/", "**", "+", "*"])
def test_of_operators(operator):
    scope = {}
    exec(f"def fn(pair):\n    return pair[0] {operator} pair[1]", scope)

    def python(x, y):
        found = 0.0
        for k, flag in enumerate(("divide", "over", "invalid")):
            with np.errstate(all="ignore", **{flag: "raise"}):
                try:
                    scope["fn"]((np.float64(x), np.float64(y)))
                except FloatingPointError:
                    found += 2.0**k
        return found

    ours = value_and_grad(OPERATORS[operator], wrt="z", jit=False)
    for x, y in itertools.product(NUMBERS, NUMBERS):
        with np.errstate(all="ignore"):
            assert ours(np.array([x, y]), 1.0)[0] == python(x, y), (x, y)


def divided(pair, z):
    a, b = np.asarray(pair[0]), np.asarray(pair[1])
    found = 0.0 * z
    try:
        with np.errstate(divide="raise"):
            c = a / b
    except FloatingPointError:
        found += 1.0
    try:
        with np.errstate(over="raise"):
            c = a / b
    except FloatingPointError:
        found += 2.0
    try:
        with np.errstate(invalid="raise"):
            c = a / b  # noqa: F841
    except FloatingPointError:
        found += 4.0
    return found


def raised_to(pair, z):
    a, b = np.asarray(pair[0]), np.asarray(pair[1])
    found = 0.0 * z
    try:
        with np.errstate(divide="raise"):
            c = a**b
    except FloatingPointError:
        found += 1.0
    try:
        with np.errstate(over="raise"):
            c = a**b
    except FloatingPointError:
        found += 2.0
    try:
        with np.errstate(invalid="raise"):
            c = a**b  # noqa: F841
    except FloatingPointError:
        found += 4.0
    return found


def added(pair, z):
    a, b = np.asarray(pair[0]), np.asarray(pair[1])
    found = 0.0 * z
    try:
        with np.errstate(over="raise"):
            c = a + b
    except FloatingPointError:
        found += 2.0
    try:
        with np.errstate(invalid="raise"):
            c = a + b  # noqa: F841
    except FloatingPointError:
        found += 4.0
    return found


def multiplied(pair, z):
    a, b = np.asarray(pair[0]), np.asarray(pair[1])
    found = 0.0 * z
    try:
        with np.errstate(over="raise"):
            c = a * b
    except FloatingPointError:
        found += 2.0
    try:
        with np.errstate(invalid="raise"):
            c = a * b  # noqa: F841
    except FloatingPointError:
        found += 4.0
    return found


OPERATORS = {"/": divided, "**": raised_to, "+": added, "*": multiplied}


# ------------------------------------------------------------------------------------------ programs
def warned(v):
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("error")
            y = np.log(v) * np.sqrt(v)
    except (ArithmeticError, RuntimeWarning):
        y = 3.0 * v * v
    return np.sum(y)


def not_caught(x):
    with np.errstate(over="raise"):
        return np.exp(x) * x


def pythons_own(x):
    try:
        with np.errstate(divide="raise"):
            y = 1.0 / x
    except ZeroDivisionError:
        y = 5.0 * x
    return y


@pytest.mark.parametrize("jit", [False, True])
def test_programs(jit):
    of_warned = grad(warned, jit=jit)
    assert np.allclose(of_warned(np.array([1.0, -2.0])), [6.0, -12.0])
    assert np.allclose(of_warned(np.array([1.0, 4.0])), [1.0, (np.log(2.0) + 1.0) / 2.0])
    own = grad(pythons_own, jit=jit)
    assert own(0.0) == 5.0 and own(2.0) == -0.25
    exponential = grad(not_caught, jit=jit)
    assert np.isclose(exponential(2.0), 3.0 * np.exp(2.0))
    with pytest.raises(FloatingPointError), np.errstate(over="ignore"):
        exponential(1000.0)


# ------------------------------------------------------------------------------------------ what is refused
def helper(x):
    return x / 2.0


def calls_a_function(x):
    with np.errstate(divide="raise"):
        return helper(x)


def sums(x):
    with np.errstate(over="raise"):
        return np.sum(x)


def underflows(x):
    with np.errstate(all="raise"):
        return x * x


def filters_later(x):
    with warnings.catch_warnings():
        y = 2.0 * x
        warnings.simplefilter("error")
        return y * y


def remainders(x):
    with np.errstate(divide="raise"):
        return x % 2.0


@pytest.mark.parametrize("f", [calls_a_function, sums, underflows, filters_later, remainders])
def test_refused(f):
    with pytest.raises(Unsupported):
        grad(f, jit=False)(1.3)
