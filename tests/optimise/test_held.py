"""Elements held in names: the same derivative at every length, whether or not the loops run."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adcompile import grad, hvp, jvp, value_and_grad
from tests.optimise.test_neighbours import by_steps


def forward(x):
    y = np.zeros(x.shape[0] + 1)
    for i in range(x.shape[0]):
        y[i + 1] = np.sin(y[i]) + x[i] * y[i]
        y[i + 1] += x[i] ** 2
    return y[x.shape[0]]


def backward(x):
    y = x.copy()
    for i in range(x.shape[0] - 2, -1, -1):
        y[i] -= 0.5 * x[i] * y[i + 1]
    return np.sum(y**2)


def both_ways(x):
    n = x.shape[0]
    y = np.empty(n)
    if n > 0:
        y[0] = x[0]
    for i in range(1, n):
        y[i] = x[i] / (2.0 + 0.5 * y[i - 1])
    for i in range(n - 2, -1, -1):
        y[i] -= 0.3 * y[i] * y[i + 1]
    s = 0.0
    for i in range(n):
        s += y[i] ** 2
    return s


def in_place(x):
    u = np.zeros(x.shape[0] + 3)
    u[1] = 0.5
    for i in range(x.shape[0]):
        u[0] += 0.1 * u[1] * x[i]
        u[1] = u[1] - 0.1 * np.sin(u[0])
        u[2] = u[0] * u[1]
    return u[0] + u[1] + u[2]


def columns(x):
    n = x.shape[0]
    y = np.zeros((n, 3))
    for k in range(3):
        for i in range(1, n):
            y[i, k] = (0.5 + 0.1 * k) * y[i - 1, k] + x[i] * x[i - 1] * y[i - 1, k] + x[i]
    return np.sum(y**2)


def a_row(x):
    n = x.shape[0]
    y = np.zeros((n + 1, 2))
    for i in range(n):
        for j in range(n):
            y[i, 0] = y[i, 0] + x[j] * np.cos(y[i, 1])
            y[i, 1] += 0.1 * y[i, 0]
    return np.sum(y)


def scanned(x):
    y = x.copy()
    for _ in range(2):
        for i in range(y.shape[0] - 1):
            y[i + 1] += np.sin(y[i])
            y[i] = y[i] ** 2
    return np.sum(y)


def round_the_end(x):
    y = x.copy()
    for i in range(x.shape[0]):
        y[i] = y[i] + 0.5 * np.sin(y[i - 1])
    return np.sum(y**2)


def two_back(x):
    y = x.copy()
    for i in range(2, x.shape[0]):
        y[i] = y[i] * y[i - 1] - 0.5 * y[i - 2]
    return np.sum(y**2)


def in_a_branch(x):
    y = x.copy()
    for i in range(1, x.shape[0]):
        if x[i] > 0.5:
            y[i] = y[i] * y[i - 1]
    return np.sum(y**2)


def through_a_view(x):
    y = x.copy()
    if x.shape[0] > 2:
        z = y[1:]
        for i in range(1, x.shape[0] - 1):
            y[i] = y[i] * y[i - 1]
            z[i - 1] += x[i]
    return np.sum(y**2)


def either_place(x):
    u = np.zeros(x.shape[0] + 2)
    for i in range(x.shape[0]):
        u[0] = u[i % 2] + x[i]
        u[1] = 0.5 * u[0] ** 2
    return u[0] * u[1]


def from_the_end(x):
    u = np.ones(x.shape[0] + 2)
    for i in range(x.shape[0]):
        u[-1] = u[-1] * x[i] + u[0]
        u[1] = u[1] + x[i]
    return u[1] * u[-1]


HELD = [forward, backward, both_ways, in_place, columns, a_row, scanned]
NOT_HELD = [round_the_end, two_back, in_a_branch, through_a_view, either_place, from_the_end]


def points(function):
    """Arguments of every length that the function takes."""
    for n in (0, 1, 2, 3, 4, 7):
        x = 0.4 + 0.6 * np.cos(np.arange(n))
        try:
            function(x)
        except IndexError:
            continue
        yield x


@pytest.mark.parametrize("function", [*HELD, *NOT_HELD])
def test_every_length(function):
    reverse, forward_mode = value_and_grad(function, jit=False), jvp(function, jit=False)
    for x in points(function):
        value, gradient = reverse(x)
        np.testing.assert_allclose(value, function(x), rtol=1e-13)
        np.testing.assert_allclose(gradient, by_steps(function, x), rtol=1e-6, atol=1e-6)
        direction = np.sin(np.arange(x.shape[0]) + 1.0)
        tangent = forward_mode((x,), (direction,))[1]
        np.testing.assert_allclose(gradient @ direction, tangent, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("function", [both_ways, a_row, scanned, two_back])
def test_second_order(function):
    x = 0.4 + 0.6 * np.cos(np.arange(5.0))
    direction = np.sin(np.arange(5.0))
    gradient = grad(function, jit=False)
    expected = (gradient(x + 1e-6 * direction) - gradient(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(hvp(function, jit=False)(x, direction), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function", [both_ways, in_place])
def test_compiled(function):
    compiled, plain = grad(function), grad(function, jit=False)
    for n in (0, 1, 2, 5, 40):
        x = 0.4 + 0.6 * np.cos(np.arange(n))
        np.testing.assert_allclose(compiled(x), plain(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("function", [*HELD, *NOT_HELD])
def test_what_is_held(function):
    """Each of these shows what the others are for: otherwise, they would test nothing."""
    text = grad(function, jit=False).source_for(np.ones(9))
    assert bool(re.search(r"_bar_(now|\d)\b", text)) == (function in HELD)
