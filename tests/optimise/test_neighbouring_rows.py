"""Stencils in two dimensions, gathered by rows: the same derivative on every grid, however small."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adcompile import grad, hvp, jvp, value_and_grad


def five(x):
    n, m = x.shape
    s = 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            s += (x[i - 1, j] + 2.0 * x[i + 1, j] - x[i, j - 1] + 0.5 * x[i, j + 1] - 4.0 * x[i, j]) ** 2
    return s


def nine(x):
    n, m = x.shape
    y = np.zeros((n, m))
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            y[i, j] = x[i - 1, j - 1] * x[i + 1, j + 1] - x[i - 1, j + 1] * x[i + 1, j - 1] + x[i, j] ** 2
    return np.sum(y**2)


def one_sided(x):
    n, m = x.shape
    y = x.copy()
    z = np.zeros((n, m))
    for _ in range(2):
        for i in range(n - 2):
            for j in range(2, m):
                z[i, j] = 0.5 * y[i, j] - 0.3 * y[i + 2, j] + 0.25 * y[i + 1, j - 2]
        y, z = z, y
    return np.sum(y * y * x)


def no_home(x):
    n, m = x.shape
    y = np.ones((n + 4, m + 4))
    for i in range(n):
        for j in range(m):
            y[i + 3, j + 2] = x[i, j]
    s = 0.0
    for i in range(n):
        for j in range(m):
            s += (y[i + 1, j + 1] - y[i + 3, j + 2] + y[i + 4, j + 1]) ** 3
    return s


def sums_beside(x):
    n, m = x.shape
    k = 0.1
    u = x.copy()
    new = x.copy()
    for _ in range(3):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                new[i, j] = u[i, j] + k * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
                k = k + 0.01 * u[i, j]
        u, new = new, u
    return np.sum(u**2) * k


def round_the_end(x):
    n, m = x.shape
    s = 0.0
    for i in range(n - 1):
        for j in range(m - 1):
            s += (x[i - 1, j] - x[i + 1, j] + 3.0 * x[i, j + 1] - x[i, j - 1]) ** 2
    return s


def in_arrays(x):
    inner = x[1:-1, 1:-1] - x[2:, 1:-1] + x[1:-1, :-2]
    return np.sum(inner**2)


BY_ROWS = [five, nine, one_sided, no_home, round_the_end, in_arrays]


def triangle(x):
    n, m = x.shape
    s = 0.0
    for i in range(1, n - 1):
        for j in range(1, min(i, m - 1)):
            s += (x[i - 1, j] + x[i + 1, j] + x[i, j - 1] - x[i, j + 1]) ** 2
    return s


def in_place(x):
    n, m = x.shape
    y = x.copy()
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            y[i, j] = 0.5 * y[i, j] + 0.2 * (y[i - 1, j] + y[i + 1, j] - y[i, j - 1] + y[i, j + 1])
    return np.sum(y**2)


def downward(x):
    n, m = x.shape
    s = 0.0
    for i in range(n - 2, 0, -1):
        for j in range(1, m - 1):
            s += (x[i - 1, j] * x[i + 1, j] + x[i, j - 1] - x[i, j + 1]) * s + x[i, j]
    return s


def every_other(x):
    n, m = x.shape
    s = 0.0
    for i in range(1, n - 1, 2):
        for j in range(1, m - 1):
            s += (x[i - 1, j] + x[i + 1, j] - x[i, j - 1] + x[i, j + 1]) ** 2
    return s


AS_THEY_ARE = [sums_beside, triangle, in_place, downward, every_other]
SHAPES = [(0, 0), (0, 3), (1, 1), (4, 1), (2, 2), (2, 5), (3, 3), (3, 2), (4, 5), (5, 4), (7, 3), (3, 7), (8, 9)]


def argument(shape):
    return 0.4 + 0.6 * np.cos(np.arange(shape[0] * shape[1], dtype=float)).reshape(shape)


@pytest.mark.parametrize("function", [*BY_ROWS, *AS_THEY_ARE])
def test_every_shape(function):
    reverse, forward = value_and_grad(function, jit=False), jvp(function, jit=False)
    for shape in SHAPES:
        x = argument(shape)
        direction = np.sin(x * 7.0)
        try:
            expected = function(x)
        except (IndexError, ValueError):  # too short to count from the end
            continue
        value, gradient = reverse(x)
        np.testing.assert_allclose(value, expected, rtol=1e-13)
        tangent = forward((x,), (direction,))[1]
        np.testing.assert_allclose(np.sum(gradient * direction), tangent, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("function", [one_sided, no_home])
def test_each_element(function):
    x, h = argument((5, 6)), 1e-6
    gradient = grad(function, jit=False)(x)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        assert gradient[place] == pytest.approx((function(x + e) - function(x - e)) / (2 * h), rel=1e-6, abs=1e-6)


def test_second_order():
    function = five
    x = argument((5, 6))
    direction = np.sin(x * 7.0)
    gradient = grad(function, jit=False)
    expected = (gradient(x + 1e-6 * direction) - gradient(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(hvp(function, jit=False)(x, direction), expected, rtol=1e-5, atol=1e-6)


def test_compiled():
    compiled, plain = grad(no_home), grad(no_home, jit=False)
    for shape in ((2, 2), (3, 4), (9, 20)):
        np.testing.assert_allclose(compiled(argument(shape)), plain(argument(shape)), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("function", [*BY_ROWS, *AS_THEY_ARE])
def test_what_is_gathered(function):
    """Each of these shows what the others are for: otherwise, they would test nothing."""
    text = grad(function, jit=False).source_for(np.ones((9, 9)))
    assert bool(re.search(r"for i in .*min\(", text)) == (function in BY_ROWS)
