"""Tangents for numbers beside adjoints for arrays: the same derivative, without a tape."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile import grad, hvp, jvp, value_and_grad


def diffused(u, k, steps):
    c = u.copy()
    new = u.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            new[i] = c[i] + k * (c[i - 1] - 2.0 * c[i] + c[i + 1])
        c, new = new, c
    return np.sum(c**2)


def forced(u, k, force, steps):
    for _ in range(steps):
        for i in range(u.shape[0]):
            u[i] = 0.9 * u[i] + force * np.cos(k) * u[i - 1]
    s = 0.0
    for i in range(u.shape[0]):
        s += u[i] ** 2
    return s


def switched(u, k, b, steps):
    c = u.copy()
    for t in range(steps):
        for i in range(u.shape[0]):
            if i % 2 == t % 2:
                c[i] = k * c[i] + b[i]
            else:
                c[i] = c[i] - k * k * b[i]
    return np.sum(c) ** 2


def unused(u, k, steps):
    c = u.copy()
    for _ in range(steps):
        for i in range(u.shape[0]):
            c[i] = 0.5 * c[i] + u[i]
    return np.sum(c * c)


def nonlinear(u, k, steps):
    c = u.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            c[i] = c[i] + k * np.sin(c[i]) * c[i - 1]
    return np.sum(c**2)


CASES = [
    (diffused, ("u", "k"), (0.1, 3), True),
    (diffused, ("k", "u"), (0.1, 0), True),
    (diffused, ("k",), (0.1, 3), False),
    (diffused, ("u",), (0.1, 3), False),
    (forced, ("force", "u", "k"), (0.3, 0.7, 3), True),
    (switched, ("u", "k", "b"), (0.8, np.linspace(0.1, 0.9, 6), 4), True),
    (unused, ("u", "k"), (0.1, 3), False),
    (nonlinear, ("u", "k"), (0.1, 3), False),
]


def arguments(rest, n=6):
    return (0.4 + 0.6 * np.cos(np.arange(float(n))), *rest)


def fresh(args):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in args]


@pytest.mark.parametrize(("function", "wrt", "rest", "chosen"), CASES)
def test_both_modes_agree(function, wrt, rest, chosen):
    args = arguments(rest)
    derivative = value_and_grad(function, wrt=wrt, jit=False)
    value, gradient = derivative(*fresh(args))
    assert value == pytest.approx(function(*fresh(args)), rel=1e-14)
    names = function.__code__.co_varnames
    for param, bar in zip(wrt, gradient, strict=True):
        given = args[names.index(param)]
        assert np.shape(bar) == np.shape(given)
        for place in np.ndindex(np.shape(given)):
            dot = np.zeros(np.shape(given))
            dot[place] = 1.0
            tangent = jvp(function, wrt=param, jit=False)(tuple(fresh(args)), (dot if place else 1.0,))[1]
            assert np.asarray(bar)[place] == pytest.approx(tangent, rel=1e-12, abs=1e-14)
    text = derivative.source_for(*args)
    assert (("_dot" in text) and "_tape" not in text) == chosen


@pytest.mark.parametrize(("function", "wrt", "rest", "chosen"), [CASES[0], CASES[4]])
def test_compiled(function, wrt, rest, chosen):
    args = arguments(rest)
    for one, other in zip(
        grad(function, wrt=wrt)(*fresh(args)), grad(function, wrt=wrt, jit=False)(*fresh(args)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_second_order():
    args = arguments((0.1, 3))
    dots = (np.sin(np.arange(6.0)), 0.7)
    product = hvp(diffused, wrt=("u", "k"), jit=False)(*args, dots)
    gradient = grad(diffused, wrt=("u", "k"), jit=False)
    h = 1e-6
    ahead, behind = (gradient(args[0] + s * dots[0], args[1] + s * dots[1], 3) for s in (h, -h))
    for found, one, other in zip(product, ahead, behind, strict=True):
        np.testing.assert_allclose(found, (one - other) / (2.0 * h), rtol=1e-6, atol=1e-7)


def test_what_asks_for_a_bound_has_it():
    args = arguments((0.1, 9))
    bounded = grad(diffused, wrt=("u", "k"), checkpoint=2, jit=False)
    for one, other in zip(bounded(*args), grad(diffused, wrt=("u", "k"), jit=False)(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert "_dot" not in bounded.source_for(*args)
