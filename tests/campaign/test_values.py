"""Values at the edges of what floats and arrays may be: the derivative is what the formula says there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from adcompile import grad, jvp, value_and_grad
from tests import oracle

JIT = pytest.mark.parametrize("jit", [False, True], ids=["python", "compiled"])


def smooth(x, k):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.sin(x[i]) * k * x[i - 1]
    return s


def of_two(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * y[i] * y[i]
    return s


def writing(x, y):
    u = x.copy()
    for i in range(u.shape[0]):
        u[i] = u[i] * y[i]
    return np.sum(u * u)


def whole(x, y):
    return np.sum(np.sin(x) * y) + np.mean(x * x)


def table(m):
    s = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            s += np.sin(m[i, j]) * m[i, j - 1]
    return s


def counted(x, n):
    k = n
    for _ in range(3):
        k = k * 3 + 1
    return x * k


def long_sum(x, n):
    s = 0.0
    for i in range(n):
        s += x * (i % 3)
    return s


def long_power(x, n):
    s = x
    for _ in range(n):
        s = np.sin(s) + 0.001
    return s


def scaled_twice(x, n):
    return x * n * n


def from_the_left(x, n):
    return n * (n * x)


def in_two_lines(x, n):
    y = x * n
    return y * n


def in_a_loop(x, n):
    s = 0.0
    for i in range(1, 4):
        s += x * n * n * i
    return s


def on_a_branch(x, n):
    return -(x * n) * n if x > 0 else x * n


def chosen(x, n):
    return np.where(x > 0, x * n, 0.0) * n


def in_an_array(x, n):
    u = np.ones(3) * x
    for i in range(3):
        u[i] = u[i] * n
    return np.sum(u * n)


SCALED = (scaled_twice, from_the_left, in_two_lines, in_a_loop, on_a_branch, chosen, in_an_array)


@JIT
def test_overlapping_arguments(jit: bool) -> None:
    """`f(x, x)` has the derivative by each of its parameters; the caller adds them."""
    x = np.linspace(0.5, 1.5, 6)
    for function in (of_two, writing, whole):
        gradient = grad(function, wrt=("x", "y"), jit=jit)
        for a, b in ((x, x), (x[1:], x[:-1]), (x[:-1], x[1:]), (x[::-1], x), (x[::2], x[1::2])):
            found, apart = gradient(a, b), gradient(a.copy(), b.copy())
            assert oracle.unchanged(found, apart)
            along = (np.cos(a), np.sin(b))
            exact = oracle.by_complex_step(lambda p, q, f=function: f(p, q), (a.copy(), b.copy()), along)
            if exact is not None:
                np.testing.assert_allclose(oracle.dot(found, along), exact[0], rtol=1e-12)
            tangent = jvp(function, wrt=("x", "y"), jit=jit)((a, b), along)[1]
            np.testing.assert_allclose(tangent, oracle.dot(found, along), rtol=1e-12)


@JIT
def test_a_seed_that_is_the_argument(jit: bool) -> None:
    x = np.linspace(0.5, 1.5, 6)
    tangent = jvp(writing, wrt=("x", "y"), jit=jit)((x, x), (x, x))[1]
    assert tangent == jvp(writing, wrt=("x", "y"), jit=jit)((x.copy(), x.copy()), (x.copy(), x.copy()))[1]


@JIT
def test_read_only_and_strided(jit: bool) -> None:
    base = np.linspace(0.1, 1.2, 12)
    gradient = grad(smooth, jit=jit)
    for x in (base[::-1], base[::2], base[::-3], base.astype(np.float32), np.broadcast_to(0.5, (4,))):
        held = x.copy()
        held.flags.writeable = False
        assert oracle.distance(gradient(x, 2.0), gradient(x.copy(), 2.0)) == 0.0
        assert oracle.distance(gradient(held, 2.0), gradient(x.copy(), 2.0)) == 0.0


@JIT
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (1, 4), (4, 1)])
def test_empty_and_single_axes(jit: bool, shape: tuple[int, int]) -> None:
    m = np.linspace(-1.0, 1.0, shape[0] * shape[1]).reshape(shape)
    gradient = grad(table, jit=jit)
    for one in (m, np.asfortranarray(m), m.T.copy().T, m[::-1, ::-1]):
        found = gradient(one)
        assert found.shape == shape
        np.testing.assert_allclose(found, np.cos(one) * np.roll(one, 1, 1) + np.roll(np.sin(one), -1, 1), rtol=1e-12)


@JIT
def test_nothing_at_all(jit: bool) -> None:
    value, gradient = value_and_grad(smooth, jit=jit)(np.zeros(0), 2.0)
    assert value == 0.0
    assert gradient.shape == (0,)


@JIT
def test_nan_and_infinities_stay_where_they_are(jit: bool) -> None:
    """A gradient is not finite where its formula is not, and is nowhere else."""
    for bad in (np.nan, np.inf, -np.inf):
        x, y = np.linspace(0.5, 1.5, 6), np.ones(6)
        x[3] = bad
        with np.errstate(invalid="ignore"):
            found = grad(whole, wrt=("x", "y"), jit=jit)(x, y)
            np.testing.assert_array_equal(found[0], np.cos(x) * y + 2.0 * x / 6.0)
            np.testing.assert_array_equal(found[1], np.sin(x))


@JIT
def test_subnormal_and_huge(jit: bool) -> None:
    tiny, huge = 5e-324, 1e308
    assert grad(lambda x, y: x * y, jit=jit)(1.0, tiny) == tiny
    assert grad(lambda x, y: x * y, jit=jit)(tiny, huge) == huge
    with np.errstate(over="ignore"):
        assert grad(lambda x: np.exp(x), jit=jit)(800.0) == np.inf
    assert grad(lambda x: np.exp(x), jit=jit)(-800.0) == 0.0
    assert grad(lambda x: np.exp(x), jit=jit)(-740.0) == np.exp(-740.0) > 0.0


@JIT
def test_signed_zeros(jit: bool) -> None:
    slope = grad(lambda x: np.arctan2(x, 1.0) + x * abs(x), jit=jit)
    assert slope(0.0) == slope(-0.0) == 1.0


def test_integers_wrap_in_the_derivative_as_in_the_compiled_function() -> None:
    n = 2**61
    value, slope = value_and_grad(counted, jit=True)(2.0, n)
    assert (value, slope) == (njit(counted)(2.0, n), njit(counted)(1.0, n))


@JIT
@pytest.mark.parametrize("function", SCALED, ids=lambda function: function.__name__)
def test_products_of_integers_that_no_integer_holds(function: Callable[..., Any], jit: bool) -> None:
    """`x * n * n` is computed in floats: its derivative must not be an integer that has wrapped."""
    n, step = 2**40, 2.0**-20
    exact = (function(1.0 + step, n) - function(1.0 - step, n)) / (2.0 * step)
    slope = grad(function, jit=jit)(1.0, n)
    assert isinstance(slope, float)
    np.testing.assert_allclose(slope, exact, rtol=1e-9)
    np.testing.assert_allclose(jvp(function, wrt="x", jit=jit)((1.0, n), (1.0,))[1], exact, rtol=1e-9)


def test_a_huge_trip_count_that_needs_no_tape() -> None:
    n = 3_000_000
    assert grad(long_sum)(2.0, n) == sum(range(3)) * (n // 3)


@pytest.mark.campaign
def test_a_hundred_million_trips_in_bounded_memory() -> None:
    import resource

    gradient: Any = grad(long_power, checkpoint=200)
    gradient(0.5, 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n = 100_000_000
    found = gradient(0.5, n)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert np.isfinite(found)
    assert after - before < 50_000  # kilobytes
