"""Arrays of zeros that a loop fills: every element has its value, whether or not the loop runs."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile import value_and_grad
from tests.optimise.test_neighbours import by_steps


def inside(x):
    y = np.zeros(x.shape[0])
    for i in range(1, x.shape[0] - 1):
        y[i] = x[i] ** 2
    return np.sum(np.cos(y) * x)


def downward(x):
    y = np.zeros(x.shape[0] + 2)
    for i in range(x.shape[0] - 1, -1, -1):
        y[i + 1] = x[i] ** 2
        y[i + 1] += np.sin(y[i + 1])
    return np.sum((y + 1.0) ** 2)


def part(x, n=3):
    y = np.zeros(x.shape[0] + 3)
    for i in range(n):
        y[i] = x[0] * i if x.shape[0] > 0 else 1.0
    return np.sum(np.cos(y))


def added_first(x):
    y = np.zeros(x.shape[0])
    for i in range(1, x.shape[0]):
        y[i] += x[i] ** 2
        y[i] = y[i] * x[i]
    return np.sum(np.cos(y))


FILLED = [inside, downward, part, added_first]


def read_before(x):
    y = np.zeros(x.shape[0])
    for i in range(1, x.shape[0]):
        y[i] = x[i] + np.cos(y[i - 1])
    return np.sum(y**2)


def round_the_end(x):
    y = np.zeros(x.shape[0])
    for i in range(-1, x.shape[0] - 1):
        y[i] = x[i] ** 2
    return np.sum(np.cos(y))


def in_a_branch(x):
    y = np.zeros(x.shape[0])
    for i in range(1, x.shape[0]):
        if x[i] > 0.5:
            y[i] = x[i] ** 2
    return np.sum(np.cos(y))


def every_other(x):
    y = np.zeros(x.shape[0])
    for i in range(0, x.shape[0], 2):
        y[i] = x[i] ** 2
    return np.sum(np.cos(y))


def elsewhere(x):
    y = np.zeros(x.shape[0])
    z = y[1:]
    for i in range(1, x.shape[0]):
        y[i] = x[i] ** 2 + z[0]
    return np.sum(np.cos(y))


NOT_FILLED = [read_before, round_the_end, in_a_branch, every_other, elsewhere]


@pytest.mark.parametrize("function", [*FILLED, *NOT_FILLED])
def test_every_length(function, monkeypatch):
    """Memory that nobody has filled shows."""
    derivative = value_and_grad(function, jit=False)
    monkeypatch.setattr(np, "empty", lambda *args, **kwargs: np.full(*args[:1], 1e3, *args[1:], **kwargs))
    monkeypatch.setattr(np, "empty_like", lambda x, *args, **kwargs: np.full_like(x, 1e3, *args, **kwargs))
    for n in (0, 1, 2, 3, 4, 7):
        x = 0.4 + 0.6 * np.cos(np.arange(n))
        try:
            expected = function(x)
        except IndexError:
            continue
        value, gradient = derivative(x)
        np.testing.assert_allclose(value, expected, rtol=1e-13)
        np.testing.assert_allclose(gradient, by_steps(function, x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("function", [*FILLED, *NOT_FILLED])
def test_what_is_filled(function):
    """Each of these shows what the others are for: otherwise, they would test nothing."""
    text = value_and_grad(function, jit=False).source_for(np.ones(9))
    assert ("y = np.empty(" in text) == (function in FILLED), text
