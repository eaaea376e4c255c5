"""Additions to neighbours are written once: the same derivative at every length, however few elements there are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from adcompile import grad, hvp, value_and_grad


def two(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        a = x[i + 1] - x[i] ** 2
        s += 100.0 * a**2 + (1.0 - x[i]) ** 2
    return s


def three(x):
    s = 0.0
    for i in range(1, x.shape[0] - 1):
        s += (x[i - 1] - 2.0 * x[i] + 3.0 * x[i + 1]) ** 2 * x[i]
    return s


def ahead(x):
    s = 0.0
    for i in range(x.shape[0] - 3):
        s += x[i + 1] * x[i + 2] ** 2 * x[i + 3]
    return s


def apart(x):
    s = 0.0
    for i in range(2, x.shape[0] - 2):
        s += (x[i - 2] + 2.0 * x[i] - x[i + 2]) ** 2
    return s


def round_the_end(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += x[i + 1] * x[i - 1] ** 2 * x[i - 2]
    return s


def two_arrays(x):
    s = 0.0
    y = np.zeros(x.shape[0] + 2)
    for i in range(x.shape[0]):
        y[i] = x[i] * x[i - 1]
    for i in range(x.shape[0] - 1):
        s += y[i] * y[i + 1] + x[i] * x[i + 1] + y[i + 2]
    return s


def steps(x):
    u = x.copy()
    v = x.copy()
    for _ in range(3):
        for i in range(1, x.shape[0] - 1):
            v[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
        u, v = v, u
    return np.sum(u**2)


def rows(x):
    n = x.shape[0]
    grid = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            grid[i, j] = x[i] * x[j] ** 2
    s = 0.0
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            s += (grid[i - 1, j] + grid[i + 1, j] + grid[i, j - 1] + grid[i, j + 1] - 4.0 * grid[i, j]) * grid[i, j]
    return s


def downward(x):
    s = 0.0
    t = 0.0
    for i in range(x.shape[0] - 1):
        s += x[i] * x[i + 1]
        t += s * x[i]
    return t


def given_bounds(x):
    s = 0.0
    for k in range(3):
        for i in range(k, x.shape[0] - 1 - k):
            s += x[i] * x[i + 1] * x[i - 1]
    return s


FUNCTIONS = [two, three, ahead, apart, round_the_end, two_arrays, steps, rows, downward, given_bounds]


def by_steps(function: Callable[..., float], x: np.ndarray) -> np.ndarray:
    step = 1e-6
    each = np.eye(x.shape[0]) * step
    return np.array([(function(x + e) - function(x - e)) / (2.0 * step) for e in each]).reshape(x.shape)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_length(function):
    derivative = value_and_grad(function, jit=False)
    for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20):
        x = 0.4 + 0.6 * np.cos(np.arange(n))
        try:
            expected = function(x)
        except IndexError:  # too short to count from the end
            continue
        value, gradient = derivative(x)
        np.testing.assert_allclose(value, expected, rtol=1e-13)
        np.testing.assert_allclose(gradient, by_steps(function, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("function", [two_arrays, rows, downward])
def test_compiled(function):
    compiled, plain = grad(function), grad(function, jit=False)
    for n in (0, 1, 2, 3, 4, 5, 8, 40):
        x = 0.4 + 0.6 * np.cos(np.arange(n))
        if n < 2 and function is two_arrays:
            continue
        np.testing.assert_allclose(compiled(x), plain(x), rtol=1e-12, atol=1e-12)
    strided = np.linspace(0.5, 1.0, 40)[::2]
    np.testing.assert_allclose(compiled(strided), plain(strided), rtol=1e-12)


@pytest.mark.parametrize("function", [two, round_the_end, steps, downward])
def test_second_order(function):
    x = 0.4 + 0.6 * np.cos(np.arange(7.0))
    direction = np.sin(np.arange(7.0))
    gradient = grad(function, jit=False)
    expected = (gradient(x + 1e-6 * direction) - gradient(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(hvp(function, jit=False)(x, direction), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_written_once(function):
    """Each of these shows what the others are for: otherwise, they would test nothing."""
    text = grad(function, jit=False).source_for(np.ones(9))
    assert ("_next" in text) == (function in (two, two_arrays, downward))
    assert "_next" in text or "min(" in text
