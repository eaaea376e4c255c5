"""Points by coordinates: short loops written out, rows turned into columns, sums held, equal lengths settled."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile import hvp, jvp, value_and_grad


def pairs(x, h, steps):
    x = x.copy()
    v = np.zeros_like(x)
    a = np.zeros_like(x)
    for _ in range(steps):
        for i in range(x.shape[0]):
            for k in range(3):
                a[i, k] = 0.1 * x[i, k]
        for i in range(x.shape[0]):
            for j in range(i):
                r2 = 0.5
                for k in range(3):
                    d = x[i, k] - x[j, k]
                    r2 += d * d
                for k in range(3):
                    d = x[i, k] - x[j, k]
                    a[i, k] -= d / r2
                    a[j, k] += d / r2
        v += h * a
        x += h * v
    return np.sum(x * x * v)


def behind(x, h, steps):
    """The elements that are held lie before the loop's start."""
    y = x * 1.0
    for _ in range(steps):
        for i in range(y.shape[0]):
            for j in range(i + 1, y.shape[0]):
                y[i, 0] += h * y[j, 0] * y[j, 1]
                y[i, 1] -= h * y[j, 2] * y[i, 0]
                y[j, 2] *= 1.0 - h * y[i, 1]
    return np.sum(y**2)


def downwards(x, h, steps):
    y = x * 1.0
    for _ in range(steps):
        for i in range(y.shape[0]):
            for j in range(i - 1, -1, -1):
                y[i, 0] += h * y[j, 0] * y[j, 1]
                y[j, 1] -= h * y[i, 2] * y[i, 0]
    return np.sum(y**2)


def meets(x, h, steps):
    """The place that moves comes to the one that does not."""
    y = x * 1.0
    for _ in range(steps):
        for i in range(1, y.shape[0]):
            for j in range(i):
                y[i, 0] += h * y[j + 1, 1]
                y[j + 1, 0] *= 1.0 - h * y[i, 0]
    return np.sum(y**2)


def from_the_end(x, h, steps):
    """Negative subscripts: rows counted from the end, and the last column."""
    y = x * 1.0
    n = y.shape[0]
    for _ in range(steps):
        for i in range(n):
            for j in range(-1, i):
                y[i, 0] += h * y[j, 0] * y[j, 1]
                y[j, -1] *= 1.0 - h * y[i, 0]
    return np.sum(y**2)


def stays_in_rows(x, h, steps):
    y = x * 1.0
    order = np.array([1, 0, 1])
    for _ in range(steps):
        for i in range(y.shape[0]):
            for j in range(min(3, y.shape[0])):
                s = 0.2
                for k in range(3):
                    s += y[order[j] % y.shape[0], k] * y[i, k]
                y[i, 0] -= h * s * y[i, 1]
    return np.sum(y**2)


def trades(x, h, steps):
    """Arrays with two names each."""
    u, new = x.copy(), np.zeros_like(x)
    for _ in range(steps):
        for i in range(u.shape[0]):
            for j in range(u.shape[0]):
                s = u[i, 0] * u[j, 1]
                for k in range(3):
                    s += u[j, k]
                for k in range(3):
                    new[j, k] = u[j, k] + h * s * u[i, k]
        u, new = new, u
    return np.sum(u**2)


def seen_outside(x, h, steps):
    """An array that is used whole stays as it is."""
    y = x.copy()
    for _ in range(steps):
        for i in range(y.shape[0]):
            for j in range(i):
                r = 1.0
                for k in range(3):
                    r += (y[i, k] - y[j, k]) ** 2
                y[i, 2] += h / r
        y = y @ np.eye(3) * 0.9
    return np.sum(y**2)


def numbers(x, h, steps):
    """Trips that are used as numbers, loops down, carried integers, a sum that starts from an integer."""
    y = x.copy()
    for _ in range(steps):
        for i in range(y.shape[0]):
            for j in range(i):
                s = 0
                count = 0
                for k in range(2, -1, -1):
                    s += y[j, k] * k / (k + 1) + 0.5 ** (-k)
                    count += k
                for k in range(0):
                    s += 100.0 * k
                for k in range(1, 3):
                    y[i, k] -= h * s / (s + k + count) * y[j, 0]
    return np.sum(y**2)


def blocks(x, h, steps):
    """Three axes: the last two are exchanged, the lengths that are asked with them."""
    y = np.zeros((2, x.shape[0], x.shape[1]))
    for b in range(2):
        for i in range(y.shape[1]):
            for k in range(y.shape[2]):
                y[b, i, k] = x[i, k] * (b + 1)
    for _ in range(steps):
        for i in range(y.shape[1]):
            for j in range(i):
                s = 0.0
                for k in range(3):
                    s += y[0, i, k] * y[1, j, k]
                for k in range(3):
                    y[0, i, k] -= h * s
                    y[1, j, k] += h * y[0, j, k]
    t = 0.0
    for b in range(2):
        for i in range(y.shape[1]):
            t += y[b, i, 0] * y[b, i, 2] + y.shape[2] * y[b, i, 1]
    return t


PROGRAMS = [pairs, behind, downwards, meets, from_the_end, stays_in_rows, trades, seen_outside, numbers, blocks]
TURNED = [pairs, meets, from_the_end, trades, numbers]


def points(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-1.0, 1.0, (n, 3))


def by_steps(function, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    found = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        each = np.zeros_like(x)
        each[place] = step
        found[place] = (function(x + each) - function(x - each)) / (2.0 * step)
    return found


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_the_same_derivatives_at_every_length(function):
    derivative = value_and_grad(function, jit=False)
    for n, steps in ((0, 2), (1, 2), (2, 0), (2, 1), (4, 3)):
        x = points(n)
        value, found = derivative(x, 0.1, steps)
        assert np.allclose(value, function(x.copy(), 0.1, steps), rtol=1e-13)
        expected = by_steps(lambda at: function(at, 0.1, steps), x)  # noqa: B023
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-7)
    assert ("((x.shape[1], x.shape[0]))" in derivative.source) == (function in TURNED)


@pytest.mark.parametrize("function", [blocks], ids=lambda f: f.__name__)
def test_forward_and_again(function):
    x, along = points(3), np.sin(np.arange(9.0)).reshape(3, 3)
    gradient = value_and_grad(function, jit=False)
    forward = jvp(function, wrt=("x",), jit=False)
    slope = np.sum(gradient(x, 0.1, 2)[1] * along)
    assert np.allclose(forward((x, 0.1, 2), (along,))[1], slope, rtol=1e-11, atol=1e-12)
    expected = (gradient(x + 1e-6 * along, 0.1, 2)[1] - gradient(x - 1e-6 * along, 0.1, 2)[1]) / 2e-6
    assert np.allclose(hvp(function, jit=False)(x, 0.1, 2, along), expected, rtol=1e-6, atol=1e-7)


def test_compiled_for_arrays_of_any_order():
    x = points(5)
    plain, derivative = value_and_grad(pairs, jit=False), value_and_grad(pairs)
    wide = np.zeros((10, 6))
    wide[::2, ::2] = x
    for given in (x, np.asfortranarray(x), wide[::2, ::2]):
        for found, expected in zip(derivative(given, 0.1, 3), plain(x, 0.1, 3), strict=True):
            assert np.allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_single_precision():
    x = points(4).astype(np.float32)
    _, found = value_and_grad(pairs, jit=False)(x, np.float32(0.1), 2)
    assert found.dtype == np.float32
    assert np.allclose(found, value_and_grad(pairs, jit=False)(points(4), 0.1, 2)[1], rtol=1e-3, atol=1e-4)


def drift(x, v, h, steps):
    x = x.copy()
    v = v.copy()
    for _ in range(steps):
        v += h * x
        x += h * v
    return np.sum(x)


def test_lengths_that_fit_into_each_other_are_equal():
    derivative = value_and_grad(drift, wrt=("x", "v"), jit=False)
    x = points(3)
    assert np.allclose(
        derivative(x, x[::-1], 0.1, 2)[1][1], by_steps(lambda v: drift(x, v, 0.1, 2), x[::-1]), rtol=1e-6
    )
    assert "== 1 else" not in derivative.source
    for one, other in ((x, x[:1]), (x[:1], x)):
        with pytest.raises(ValueError, match="broadcast"):
            derivative(one, other, 0.1, 2)
        assert derivative(one, other, 0.1, 0)[0] == np.sum(one)  # nothing is checked where nothing runs


def few(x, h, steps):
    y = x * 1.0
    for _ in range(steps):
        h = 0.9 * h
        for i in range(6):
            d = y[i, 0] - y[i, 1]
            y[i, 0] += h * d * y[i, 2]
            y[i, 1] -= h * d * y[i, 2]
    return np.sum(y * y)


def many(x, h, steps):
    y = x * 1.0
    for _ in range(steps):
        h = 0.9 * h
        for i in range(60):
            d = y[i, 0] - y[i, 1]
            y[i, 0] += h * d * y[i, 2]
            y[i, 1] -= h * d * y[i, 2]
    return np.sum(y * y)


@pytest.mark.parametrize(("function", "turned"), [(few, False), (many, True)])
def test_few_rows_stay_rows(function, turned):
    derivative = value_and_grad(function, jit=False)
    derivative(np.ones((60, 3)), 0.1, 2)
    assert ("y[0, i]" in derivative.source) == turned


def test_a_number_over_its_root_is_the_root():
    def forces(x):
        total = 0.0
        for i in range(x.shape[0]):
            r = x[i] * x[i]
            total += 1.0 / (1.0 + r * np.sqrt(r))
        return total

    derivative = value_and_grad(forces, jit=False)
    x = np.array([0.3, -1.2, 0.0, 2.0])
    slope = derivative(x)[1]
    assert "/ r_part" not in derivative.source and "multiply_no_nan" in derivative.source
    np.testing.assert_allclose(slope, -3.0 * x * abs(x) / (1.0 + abs(x) ** 3) ** 2, rtol=1e-14)
