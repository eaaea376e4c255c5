"""Arrays that loops make shorter or longer: derivatives of both modes against differences, at orders one and two."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from adcompile import grad, hessian, jvp, vjp

X = np.random.default_rng(1).uniform(0.8, 1.2, 8)


def binomial_tree(p, steps):
    spot, strike, rate, sigma, years = p
    dt = years / steps
    up = np.exp(sigma * np.sqrt(dt))
    down = 1 / up
    q = (np.exp(rate * dt) - down) / (up - down)
    j = np.arange(steps + 1)
    value = np.maximum(strike - spot * up**j * down ** (steps - j), 0.0)
    for i in range(steps - 1, -1, -1):
        j = np.arange(i + 1)
        now = spot * up**j * down ** (i - j)
        value = np.maximum(np.exp(-rate * dt) * (q * value[1:] + (1 - q) * value[:-1]), strike - now)
    return value[0]


def pairs(x, n):
    for _ in range(n):
        x = 0.5 * x[1:] + 0.6 * x[:-1] * x[:-1]
    return x.sum() * x[-1]


def halved(x, n):
    x = x[: 2**n]
    while len(x) > 1:
        x = np.sin(x[::2]) * x[1::2]
    return x[0]


def views(x, n):
    for _ in range(n):
        x = x[1:]
    return x[0] * x[-1]


def in_place(x, n):
    v = x.copy()
    for _ in range(n):
        v[0] *= v[-1]
        v = v[:-1] * v[1:]
        v[-1] += 1.0
    return v.sum()


def two_axes(x, n):
    v = np.outer(x, x)
    for _ in range(n):
        v = v[1:, 1:] + v[:-1, :-1] * v[1:, :-1]
    return v.sum()


def one_axis(x, n):
    v = np.outer(x, x[:3])
    for _ in range(n):
        v = v[1:] * v[:-1, :1]
    return v.sum()


def appended(x, n):
    p = x[:1] * 2
    for k in range(n):
        p = np.append(p, p[-1] * x[k])
    return np.sum(p * p)


def powers(x, n):
    p = np.array([1.0])
    for _ in range(n):
        p = np.convolve(p, x[:3])
    return p[len(p) // 2] + p[-1] * p[0]


def longer_by_the_count(x, n):
    v = x[:1]
    for k in range(n):
        w = np.empty(k + 2)
        w[: k + 1] = v * x[k]
        w[k + 1] = v[k]
        v = w
    return (v * v).sum()


def kept_for_later(x, n):
    old, new = x * 1.0, x * 2.0
    for _ in range(n):
        old = new
        new = new[1:] * new[:-1]
    return (old * old).sum() + new.sum()


def crossed(x, n):
    v, w = x * 1.0, x[::-1] * 2.0
    for _ in range(n):
        v, w = w[1:], v[:-1] * w[0]
    return (v * v).sum() + w[0]


def traded(x, n):
    v, w = x * 1.0, x[1:] * 2.0
    for _ in range(n):
        v = v[2:] * v[0]
        v, w = w, v
    return (v * v).sum() + w.sum()


def loop_in_loop(x, n):
    total = 0.0
    for m in range(n):
        v = x * (m + 1)
        for _ in range(m):
            v = v[1:] * v[:-1]
            total += v[0]
    return total


def carried_out(x, n):
    v = x * 1.0
    for _ in range(n):
        for _ in range(2):
            v = v[1:] * v[:-1]
    return v.sum()


def chosen(x, n):
    v = x * 1.0
    for _ in range(n):
        v = v[1:] if v[0] > 0.9 else v[:-1] * 1.5
    return v.sum() + v[0] * v[-1]


def sometimes(x, n):
    v = x * 1.0
    for _ in range(n):
        if v.sum() > 1.0:
            v = v[1:] * v[:-1]
    return v.sum()


def step(v):
    return 0.25 * v[:-2] + 0.5 * v[1:-1] * v[1:-1] + 0.25 * v[2:]


def by_a_callee(x, n):
    for _ in range(n):
        x = step(x)
    return x.sum()


def left_early(x, n):
    for k in range(5):
        if k == n:
            break
        x = np.diff(x) * x[1:] + x[0]
    return x.sum()


CASES = (
    pairs, halved, views, in_place, two_axes, one_axis, appended, powers, longer_by_the_count, kept_for_later, crossed,
    traded, loop_in_loop, carried_out, chosen, sometimes, by_a_callee, left_early,
)  # fmt: skip


def central(f, x, h):
    steps = h * np.eye(len(x))
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps])


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("fn", CASES)
def test_both_modes(fn, n):
    if fn is carried_out and n == 3:
        n = 2
    expected = central(lambda x: fn(x, n), X, 1e-5)
    np.testing.assert_allclose(grad(fn, jit=False)(X, n), expected, rtol=1e-8, atol=1e-8)
    direction = np.cos(np.arange(len(X)))
    value, slope = jvp(fn, wrt="x", jit=False)((X, n), (direction,))
    assert value == pytest.approx(fn(X, n), rel=1e-14)
    assert slope == pytest.approx(expected @ direction, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("fn", [pairs, powers, crossed])
def test_second_derivatives(fn):
    slopes = grad(fn, jit=False)
    expected = central(lambda x: slopes(x, 2), X, 1e-6)
    np.testing.assert_allclose(hessian(fn, jit=False)(X, 2), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("jit", [False, True])
def test_an_option_by_a_tree(jit):
    p = np.array([100.0, 101.3, 0.03, 0.25, 1.1])
    greeks = grad(binomial_tree, jit=jit)
    for n in (1, 2, 25):
        slopes = central(partial(binomial_tree, steps=n), p, 1e-5)
        np.testing.assert_allclose(greeks(p, n), slopes, rtol=1e-7, atol=1e-7)


def test_arrays_of_the_last_length_are_results():
    value, pullback = vjp(lambda x: by_a_callee_as_it_is(x, 2), jit=False)(X)
    assert value.shape == (4,)
    np.testing.assert_allclose(pullback(np.ones(4)), central(lambda x: by_a_callee(x, 2), X, 1e-5), rtol=1e-8)


def by_a_callee_as_it_is(x, n):
    for _ in range(n):
        x = step(x)
    return x


def test_single_precision_and_whole_numbers_stay_what_they_are():
    assert grad(carried_out, jit=False)(X.astype(np.float32), 2).dtype == np.float32

    def counted(x, n):
        k = np.arange(len(x))
        for _ in range(n):
            k = k[1:] + k[:-1]
        return x[0] ** k[0] * x[1]

    expected = central(lambda x: counted(x, 2), X, 1e-6)
    np.testing.assert_allclose(grad(counted, jit=False)(X, 2), expected, rtol=1e-8)


def test_where_only_values_tell_how_long_the_run_refuses():
    def until(x):
        while x.sum() < 20.0:
            x = np.append(x, 2.0 * x[-1])
        return x[-1]

    with pytest.raises(ValueError, match="longer than the first"):
        grad(until, jit=False)(X)
