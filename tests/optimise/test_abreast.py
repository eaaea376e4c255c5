"""Iterations side by side give what they give one after the other, and the loops that may not stay as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import jvp, value_and_grad

SIZES = (0, 1, 5, 64, 131)  # of blocks that are empty, begun, full, and several


def newton(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = x[i]
        step = 1.0
        while abs(step) > 1e-9:
            step = (u + 0.5 * np.sin(u) - x[i]) / (1.0 + 0.5 * np.cos(u))
            u = u - step
        s += u * y[i]
    return s


def no_rounds_for_some(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = x[i]
        while u > 0.3:
            u = np.sin(u) * y[i] - 0.1
        s += u
    return s


def an_index_that_runs_out(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = x[i]
        k = i
        while k < x.shape[0] and k < i + 3:
            u = u * np.cos(x[k])
            k += 1
        s += u * y[i]
    return s


def below_the_diagonal(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = 1.0
        for k in range(i):
            u = np.sin(u + x[k] * y[i])
        s += u
    return s


def above_the_diagonal(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = 1.0
        for k in range(i + 1, x.shape[0]):
            u = np.sin(u * x[k] + y[i])
        for k in range(x.shape[0] - 1, i, -1):
            u = np.cos(u * x[k])
        s += u
    return s


def two_deep(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = x[i]
        for k in range(i % 4):
            w = u
            while w * w > 0.2:
                w = 0.5 * np.sin(w + y[k])
            u += w * y[i]
        s += u
    return s


def a_state_of_arrays(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        z = np.zeros(3)
        for _ in range(4):
            for k in range(3):
                z[k] = np.sin(z[k] + x[i] * (k + 1)) + 0.1 * z[(k + 1) % 3]
        s += z[0] * z[1] + z[2] * y[i]
    return s


def two_that_trade(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        a, b = x[i], y[i]
        for _ in range(7):
            a, b = b, np.sin(a) + 0.5 * b
        s += a - 2.0 * b
    return s


def branches(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    m = x.shape[0] // 2
    for i in range(x.shape[0]):
        u = x[i]
        for _ in range(5):
            if u > 0.5:
                u = u * np.exp(-u) * y[i]
            else:
                u = u + 0.2
            if m > 2:
                for k in range(2):
                    u = np.sin(u) + k
        s += u
    return s


def results_of_its_own(x, y):  # type: ignore[no-untyped-def]
    out = np.empty_like(x)
    for i in range(x.shape[0]):
        u = x[i]
        for t in range(6):
            u = np.tanh(u + y[i] * t)
        out[i] = u
    s = 0.0
    for i in range(x.shape[0]):
        s += out[i] * out[i]
    return s


def scattered(x, y):  # type: ignore[no-untyped-def]
    bins = np.zeros(4)
    count = 0
    for i in range(x.shape[0]):
        u = x[i]
        for _ in range(3):
            u = np.sin(u) + y[i]
        bins[i % 4] += u
        bins[0] += 0.5 * u
        count += i % 3
    return bins[0] * bins[1] + bins[2] - bins[3] * count


def a_loop_around(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for _ in range(3):
        part = 0.0
        for i in range(1, x.shape[0]):
            u = x[i] + s
            for _ in range(3):
                u = np.sin(u) * y[i - 1]
            part += u
        s += 0.1 * part
    return s


def rows(x, y):  # type: ignore[no-untyped-def]
    a = np.empty((x.shape[0], 3, 2))
    for i in range(x.shape[0]):
        for j in range(3):
            a[i, j, 0] = x[i] * (j + 1)
            a[i, j, 1] = y[i] - j
    s = 0.0
    for i in range(a.shape[0]):
        u = 0.1
        for j in range(a.shape[1]):
            u = np.sin(u + a[i, j, 0]) * a[i, j, -1]
        s += u * u
    return s


def a_sum_that_is_read(x, y):  # type: ignore[no-untyped-def]
    s = 0.0
    for i in range(x.shape[0]):
        u = x[i]
        for _ in range(3):
            u = np.sin(u + 0.1 * s) * y[i]
        s += u
    return s


def neighbours(x, y):  # type: ignore[no-untyped-def]
    z = x.copy()
    for i in range(1, x.shape[0]):
        u = z[i]
        for _ in range(3):
            u = np.sin(u + z[i - 1]) * y[i]
        z[i] = u
    return np.sum(z)


def the_last_one(x, y):  # type: ignore[no-untyped-def]
    last = 0.25
    for i in range(x.shape[0]):
        u = x[i]
        for _ in range(3):
            u = np.sin(u) * y[i]
        last = u
    return last


SIDE_BY_SIDE = [
    newton, no_rounds_for_some, an_index_that_runs_out, below_the_diagonal, above_the_diagonal, two_deep,
    a_state_of_arrays, two_that_trade, branches, results_of_its_own, scattered, a_loop_around, rows,
]  # fmt: skip
IN_ORDER = [a_sum_that_is_read, neighbours, the_last_one]


def arguments(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.uniform(0.1, 1.5, n), rng.uniform(-1.0, 1.0, n)


def agree(found: Any, expected: Any, tolerance: float = 1e-11) -> None:
    assert np.allclose(found[0], expected[0], rtol=tolerance, atol=tolerance)
    for one, other in zip(found[1], expected[1], strict=True):
        assert np.allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("function", SIDE_BY_SIDE + IN_ORDER, ids=lambda f: f.__name__)
def test_gradients_are_those_of_the_loop_in_order(function: Callable[..., float]) -> None:
    blocked = value_and_grad(function, wrt=("x", "y"), jit=False)
    plain = value_and_grad(function, wrt=("x", "y"), jit=False, fastmath=False)
    for n in SIZES if function is not the_last_one else SIZES[1:]:
        agree(blocked(*arguments(n)), plain(*arguments(n)))
    assert ("size = min(" in blocked.source) == (function in SIDE_BY_SIDE)
    assert "size = min(" not in plain.source


@pytest.mark.parametrize("function", SIDE_BY_SIDE, ids=lambda f: f.__name__)
def test_tangents_too(function: Callable[..., float]) -> None:
    blocked, plain = jvp(function, jit=False), jvp(function, jit=False, fastmath=False)
    for n in SIZES:
        x, y = arguments(n)
        given = ((x, y), (np.cos(x), np.sin(y + 1.0)))
        assert np.allclose(blocked(*given), plain(*given), rtol=1e-11, atol=1e-11)
