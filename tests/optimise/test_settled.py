"""Lengths that a check leaves no choice for."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile import value_and_grad


def stepped(u, h, steps):
    x = u.copy()
    k = np.empty(2)
    for _ in range(steps):
        k[0] = x[1]
        k[1] = -np.sin(x[0])
        v = x + h * k
        x += h * v
    return np.sum(x**2)


def test_nobody_asks_again():
    text = value_and_grad(stepped, jit=False).source_for(np.ones(2), 0.1, 5)
    assert "check_length(u.shape[0], 2)" in text
    assert "== 1" not in text


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_what_is_checked_is_still_checked(steps):
    derivative = value_and_grad(stepped, jit=False)
    u, h = np.array([0.3, -0.4]), 1e-6
    value, gradient = derivative(u, 0.1, steps)
    assert value == pytest.approx(stepped(u, 0.1, steps), rel=1e-14)
    expected = [(stepped(u + e, 0.1, steps) - stepped(u - e, 0.1, steps)) / (2 * h) for e in h * np.eye(2)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-7)
    for wrong in (np.ones(1), np.ones(3)):
        if steps:
            with pytest.raises((ValueError, IndexError)):
                stepped(wrong, 0.1, steps)
            with pytest.raises(ValueError, match="broadcast"):
                derivative(wrong, 0.1, steps)
        else:
            np.testing.assert_allclose(derivative(wrong, 0.1, steps)[1], 2.0 * wrong)
