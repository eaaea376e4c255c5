"""Views read and write the memory that NumPy's views would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.normal.lowering_cases import Code, check, check_gradient, refused

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=7), RNG.normal(size=5)
A, B, T = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=(2, 3, 4))
LAYOUTS = [
    A,
    np.asfortranarray(A),
    A[::-1],
    A[:, ::-1],
    RNG.normal(size=(6, 8))[::2, ::2],
    RNG.normal(size=(4, 3)).T,
    A[:1],
    A[:, :1],
    A[:0],
    A[:, :0],
]


def slices_of_slices(x):
    y = x[1:][1:-1]
    y[-1] = y[0] * 2.0
    y[0] += x[0] * y[1]
    return y * x[1:-2]


def strides(x):
    a, b = x[::2], x[1::2]
    a[1] = b[0] * b[-1]
    return a, b, x[::-1], x[-2::-2], x[5:1:-1], x[5:1:-2], x[-1:0:-3], x[:-9:-1], x[9::-1]


def literal_bounds(x):
    outside = x[2:100], x[100:], x[-100:3], x[3:-100], x[0:0], x[4:2], x[:0]
    return outside, x[-3:], x[:-3], x[-2:2], x[1:-1:2], x[-5:-1:3]


def matrix_parts(a):
    wider = a[None, 0], a[:, None, :]
    return a[1], a[:, 1], a[1:, :-1], a[::2, 1::2], a.T, a.T[1], a[..., 0], a[0, ...], wider, a[-1, -2]


def writes_through_views(a):
    row = a[1]
    part = row[1:]
    part[0] = 5.0
    part[-1] += a[0, 0] * part[0]
    t = a.T
    t[2, 0] = t[0, 1] * 3.0
    t[0] = t[1] * 2.0
    column = t[:, 2][::-1]
    column[0] = 7.0
    return a * 1.0


def views_of_three_axes(t):
    plane = t[1]
    plane[0, 1:] = plane[1, :-1]
    middle = t[:, 1]
    middle[0] = middle[1] + t[0, 0]
    turned = t.transpose((2, 0, 1))
    turned[0, 1] = turned[1, 0]
    swapped = np.swapaxes(t, 0, 2)
    swapped[1, 1, 1] = -1.0
    return t.T * 1.0, np.moveaxis(t, 0, 2) * 1.0


def new_axes(x):
    column, row = x[:, None], x[None, :]
    column[1, 0] = 4.0
    row[0, 2] = 5.0
    return column * row, x[None, :, None] * 2.0


def reshapes(a):
    return a.reshape(-1) * 1.0, a.ravel() * 2.0, np.reshape(a, (2, 6)) * 1.0, a.reshape((2, 3, 2)) * 1.0, a.flatten()


def reshape_wrong(a):
    return a.reshape((5, 2)) * 1.0


def reshape_indivisible(a):
    return a.reshape((5, -1)) * 1.0


def wrapped_indices(x):
    v = x[1:]
    w = v[:-1]
    s = 0.0
    for i in range(-3, 3):
        s += v[i] * w[i - 1] + x[::2][i % 4 - 4]
    return s


@pytest.mark.parametrize("fn", [slices_of_slices, strides, literal_bounds, new_axes])
@pytest.mark.parametrize("x", [X, X[::-1], RNG.normal(size=14)[::2], X.astype(np.float32)])
def test_vector(fn: Code, x: Any) -> None:
    check(fn, x)


def test_integers_in_a_view() -> None:
    check(literal_bounds, np.arange(7))
    check(wrapped_indices, X)


@pytest.mark.parametrize("n", range(7))
def test_literal_bounds_of_short_vectors(n: int) -> None:
    check(literal_bounds, X[:n].copy())


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
@pytest.mark.parametrize("fn", [matrix_parts, writes_through_views])
def test_matrix(fn: Code, layout: int) -> None:
    check(fn, LAYOUTS[layout])


@pytest.mark.parametrize("fn", [reshapes, reshape_wrong, reshape_indivisible])
@pytest.mark.parametrize("layout", [0, 1, 2, 4])
def test_reshape(fn: Code, layout: int) -> None:
    check(fn, LAYOUTS[layout])


def test_three_axes() -> None:
    check(views_of_three_axes, RNG.normal(size=(3, 3, 4))[1:])
    check(views_of_three_axes, RNG.normal(size=(2, 2, 4)))


@pytest.mark.parametrize("start", [-9, -7, -3, 0, 2, 6, 7, 9])
@pytest.mark.parametrize("stop", [-9, -7, -2, 0, 3, 7, 9])
def test_bounds_of_the_run(start: int, stop: int) -> None:
    def parts(x, i, j):
        y = x[i:j]
        z = x[i:]
        w = x[:j]
        v = x[i:j:2]
        u = x[1:-1][i:j]
        y[:] = y * 2.0
        return y * 1.0, z * 1.0, w * 1.0, v * 1.0, u * 1.0

    check(parts, X, start, stop)


def test_negative_index_of_the_run_through_a_view() -> None:
    def element(x, i):
        v = x[1:-1]
        w = v[::-1]
        return v[i], w[i], x[i], v[1:][i], x[:6][i], v[:4][i], x.T[i]

    for i in (-4, -2, 0, 3):
        check(element, X, i)


def test_gradients_through_views() -> None:
    def rows(a):
        row = a[1]
        row[0] += 3.0 * a[0, 1]
        t = a.T
        t[2, 0] = t[0, 1] ** 2
        u = t[1:, ::-1]
        u[0, 0] = u[1, 1] * row[2]
        return np.sum(a * a)

    def turned(x):
        v = x[::-1][1:]
        v[0] = v[1] * x[0]
        return np.sum(v * x[1:]) + x[-1] ** 2

    def reshaped(x):
        m = x[:6].reshape((2, 3))
        return np.sum(m[0] * m[1]) + np.sum(m.T.ravel() * x[1:])

    check_gradient(rows, A)
    check_gradient(rows, np.asfortranarray(A))
    check_gradient(turned, X)
    check_gradient(reshaped, X)


def test_reshape_written() -> None:
    def writes_new(a):
        b = a.reshape(-1)
        b[0] = 5.0
        return a * 1.0

    def writes_old(a):
        b = a.reshape(-1)
        a[0, 0] = 5.0
        return b * 1.0

    def writes_old_view(a):
        b = a.ravel()
        row = a[0]
        row[1] = 5.0
        return b * 1.0

    def writes_in_loop(a):
        s = 0.0
        b = a.reshape(-1)
        for _ in range(2):
            s += b[0]
            a[0, 0] = s
        return s

    def writes_view_of_both(a):
        v = a[1:]
        b = v.reshape(-1)
        b[0] = 5.0
        return v * 1.0

    def adds_up_in_loop(a):
        s = 0.0
        for _ in range(3):
            b = a.reshape(-1)
            b[0] += 1.0
            s += b[0]
        return s

    def carried(a):
        b = a.ravel() * 1.0
        s = 0.0
        for t in range(3):
            a[0, 0] = t
            s += b[0]
            b = a.ravel()
        return s

    def diagonals(a):
        d = np.diag(a)
        a[0, 0] = 7.0
        return d * 1.0

    def broadcasts(a):
        d = np.broadcast_to(a[0], (2, 4))
        a[0, 0] = 7.0
        return d * 1.0

    fns = [writes_new, writes_old, writes_old_view, writes_in_loop, writes_view_of_both, adds_up_in_loop, carried]
    for fn in (*fns, diagonals, broadcasts):
        refused("reshape-written", fn, A)


def test_reshape_written_where_nobody_can_tell() -> None:
    def fresh(a):
        b = (a * 2.0).reshape(-1)
        b[0] = 5.0
        return b * 1.0

    def rebound(a):
        a = a.reshape(-1)
        return a * 2.0

    def copied(a):
        b = a.reshape(-1).copy()
        c = a.flatten()
        b[0] = 7.0
        c[1] = 8.0
        return a * 1.0, b, c

    def fresh_in_loop(a):
        s = 0.0
        for t in range(3):
            a[0, 0] = t
            b = a.reshape(-1)
            s += b[0] + b[1]
        return s

    def before(a):
        a[0, 1] = 2.0
        b = a.reshape(-1)
        s = b[1] + b[2]
        a[0, 2] = 3.0
        return s

    for fn in (fresh, rebound, copied, fresh_in_loop, before):
        check(fn, A)


def test_views_that_are_carried() -> None:
    def last_row(a):
        row = a[0]
        for i in range(1, a.shape[0]):
            row = a[i]
        return row * 2.0

    def chosen(a, k):
        row = a[0]
        if k > 1:
            row = a[1]
        return np.sum(row)

    def written(a):
        row = a[0]
        other = a[2]
        for i in range(1, a.shape[0]):
            row = a[i]
            other[0] = 5.0
        return row * 2.0

    def written_before_it_is_read(a):
        row = a[0]
        s = 0.0
        for i in range(1, a.shape[0]):
            a[0, 0] += 5.0
            s += row[0]
            row = a[i]
        return s

    def written_later(a, k):
        row = a[0]
        if k > 1:
            row = a[1]
        row[0] = 5.0
        return a * 1.0

    check(last_row, A)
    check(chosen, A, 0)
    check(chosen, A, 2)
    check(written, A)
    refused("array-rebound", written_before_it_is_read, A)
    refused("array-rebound", written_later, A, 2)
