"""Array expressions lowered to loops give what NumPy gives: values, shapes, dtypes, writes and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.normal.lowering_cases import Code, check, check_gradient, refused

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=6), RNG.normal(size=6)
A, B, S, T = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 5)), RNG.normal(size=(4, 4)), RNG.normal(size=(2, 3, 4))
IDS = np.array([2, 0, 2, 5, 1])
WITH_NAN = np.array([1.0, np.nan, 3.0, -2.0])
EMPTY = np.zeros(0)


# ------------------------------------------------------------------------------------------ elementwise, broadcasts
def elementwise(x, y):
    return np.sin(x) * y + 2.0, x - y / 3.0, -x, np.abs(x) ** 2, np.maximum(x, y), np.minimum(x, 0.5), x * x * x


def comparisons(x, y):
    return x > y, (x > 0.0) & (y < 0.5), ~(x > y), np.logical_or(x > 0, y > 0), (x >= 0) | (y <= 0), x == x


def choices(x, y):
    clipped = np.clip(x, -0.5, 0.5), np.clip(x, y, 2.0), np.clip(x, 0.0, None)
    return np.where(x > y, x, y), np.where(x > 0.0, 1.0, y), clipped


def integers(i, j):
    return i + j, i * 2, i / j, i // j, i % j, -i, np.abs(i), i > j, np.where(i > j, i, j), np.sum(i), np.mean(i)


def rounding(x):
    return np.floor(x), np.ceil(x), np.sign(x), np.round(x), np.trunc(x), np.exp(x), np.tanh(x), np.sqrt(np.abs(x))


def add(a, b):
    return a + b


def weighted(a, b):
    c = a * b
    return np.sum(c), c.sum(axis=0), np.exp(a - b)


def centred(a):
    m = a.mean(axis=0)
    d = a - m
    return d, a - a.mean(axis=1, keepdims=True), a / np.sum(a)


def casts(x):
    small = np.float32(x)
    return small, small * x, x.astype(np.float64), x.astype(np.int64), np.int64(x), (x > 0).astype(np.float64)


BROADCASTS = [
    (A, RNG.normal(size=4)),
    (A, RNG.normal(size=(1, 4))),
    (A, RNG.normal(size=(3, 1))),
    (A[:1], A[:, :1]),
    (A, RNG.normal(size=1)),
    (X[:1], X),
    (X, X[:1]),
    (X[:1], EMPTY),
    (EMPTY, EMPTY),
    (X, X[:5]),
    (A, X),
    (A, A.T),
    (EMPTY, X),
    (T, A),
    (T, A[:1]),
    (A[:0], A),
    (A[:0], A[:1]),
    (T, X[:4]),
    (np.asfortranarray(A), A[::-1]),
]


@pytest.mark.parametrize("number", range(len(BROADCASTS)))
@pytest.mark.parametrize("fn", [add, weighted])
def test_broadcast(fn: Code, number: int) -> None:
    check(fn, *BROADCASTS[number])


@pytest.mark.parametrize("fn", [elementwise, comparisons, choices])
@pytest.mark.parametrize("pair", [(X, Y), (X[::-1], Y[::2][:1]), (A, A.T[:, :1].T), (EMPTY, EMPTY), (X, Y[:3])])
def test_elementwise(fn: Code, pair: Any) -> None:
    check(fn, *pair)


def test_other_dtypes() -> None:
    check(integers, np.array([5, -7, 9]), np.array([2, 3, -4]))
    check(elementwise, X.astype(np.float32), Y.astype(np.float32))
    check(add, X.astype(np.float32), Y.astype(np.float32))
    check(add, X.astype(np.float32), Y)
    check(add, X, np.arange(6))
    check(rounding, X)
    check(rounding, X.astype(np.float32))
    check(casts, X * 3.0)
    check(centred, A)
    check(centred, T[0].T)


# ------------------------------------------------------------------------------------------ reductions
def all_sums(x):
    return np.sum(x), x.sum(), np.mean(x), np.prod(x), x.std(), np.var(x), np.any(x > 0.0), np.all(x > 0.0)


def extremes(x):
    return np.max(x), x.min(), np.max(x) - np.min(x)


def by_axis(a):
    return (
        a.sum(axis=0), a.sum(axis=1), a.sum(axis=-1, keepdims=True), np.sum(a, axis=0, keepdims=True), a.mean(axis=1),
        np.sum(a, axis=(0, 1)), np.sum(a, axis=(0, 1), keepdims=True), a.prod(axis=0), np.any(a > 0, axis=1),
        np.all(a > -1.0, axis=0), a.var(axis=0), np.mean(a, keepdims=True),
    )  # fmt: skip


def by_axes(t):
    return np.sum(t, axis=(0, 2)), t.mean(axis=(1, 2), keepdims=True), t.sum(axis=1), t.max(axis=(0, 1)), t.min(axis=-1)


def extremes_by_axis(a):
    return a.max(axis=0), a.min(axis=1), np.max(a, axis=1, keepdims=True), a.max() - a.min()


@pytest.mark.parametrize("x", [X, A, T, X[::-1], A.T, X[:1], np.arange(5), np.arange(6).reshape(2, 3)])
def test_reductions(x: Any) -> None:
    check(all_sums, x)
    check(extremes, x)


def test_reductions_of_nothing() -> None:
    def sums(x):
        return np.sum(x), np.prod(x), np.any(x > 0), np.all(x > 0), np.sum(np.abs(x))

    def columns(a):
        return a.sum(axis=0), a.sum(axis=1), np.prod(a, axis=0)

    check(sums, EMPTY)
    check(sums, A[:0])
    check(extremes, EMPTY)
    for empty in (A[:0], A[:, :0]):
        check(columns, empty)
        check(extremes_by_axis, empty)


def test_extremes_with_nan() -> None:
    for x in (WITH_NAN, WITH_NAN[1:], WITH_NAN[:1], np.array([np.nan]), np.array([np.inf, -np.inf])):
        check(extremes, x)
    check(extremes_by_axis, np.array([[1.0, np.nan], [2.0, 3.0]]))
    check(elementwise, WITH_NAN, WITH_NAN[::-1])
    check(choices, WITH_NAN, WITH_NAN[::-1])


@pytest.mark.parametrize("a", [A, A.T, A[::-1, ::2], A[:1], A[:, :1], np.arange(6).reshape(2, 3), A.astype(np.float32)])
def test_reductions_by_axis(a: Any) -> None:
    check(by_axis, a)
    check(extremes_by_axis, a)


def test_reductions_by_axes() -> None:
    check(by_axes, T)
    check(by_axes, np.asfortranarray(T))


def test_arg_extremes() -> None:
    def places(x):
        return np.argmax(x), np.argmin(x), x[np.argmax(x)]

    for x in (X, X[::-1], np.array([1.0, 3.0, 3.0, 1.0]), WITH_NAN, EMPTY, np.array([4, 4, 1])):
        check(places, x)


# ------------------------------------------------------------------------------------------ writes
def shift_up(x):
    x[1:] = x[:-1]
    return x * 1.0


def shift_down(x):
    x[:-1] = x[1:]
    return x * 1.0


def add_shifted(x):
    x[1:] += x[:-1]
    x[:-1] += 2.0 * x[1:]
    x[:-2] -= x[2:]
    x[1:-1] = x[2:] + x[:-2] - 2.0 * x[1:-1]
    return x * 1.0


def reversed_onto_itself(x):
    x[:] = x[::-1]
    x[::-1] += x
    x[::2] = x[1::2]
    return x * 1.0


def times_its_first(x):
    x[:] = x * x[0]
    x *= x[-1]
    x += x.sum()
    x -= np.mean(x)
    x /= x[0] + 3.0
    x[1:] = x[1]
    x[2:] += x[2]
    return x * 1.0


def through_another_view(x):
    v = x[::-1]
    w = x[1:]
    w[:] = v[:-1] * 2.0
    v[1:] += w
    return x * 1.0


def lengths_differ(x):
    x[1:] = x
    return x


def stores_of_one(x):
    x[1:] = np.ones(1) * 3.0
    x[:2] = x[2:3]
    x[2:] += x[:1]
    return x * 1.0


@pytest.mark.parametrize(
    "fn", [shift_up, shift_down, add_shifted, reversed_onto_itself, times_its_first, through_another_view,
           lengths_differ, stores_of_one]
)  # fmt: skip
@pytest.mark.parametrize("x", [X, X[::-1], RNG.normal(size=12)[::2], X[:2].copy(), X[:1].copy(), X.astype(np.float32)])
def test_writes_to_a_vector(fn: Code, x: Any) -> None:
    check(fn, x)


def two_ways(a):
    a[1:, 1:] = a[:-1, :-1] + 1.0
    a[:-1, 1:] += a[1:, :-1]
    a[1:, :-1] = a[:-1, 1:] * 2.0
    a[:-1, :-1] -= a[1:, 1:]
    a[1:] += a[:-1]
    a[:, 1:] += a[:, :-1]
    a[:, :-1] = a[:, 1:]
    return a * 1.0


def transposed_onto_itself(a):
    a += a.T
    a[:] = a.T * 2.0
    a.T[1:] = a[:-1]
    a.T[1:] += a.T[:-1]
    t = a.T
    t[:-1, 1:] = t[1:, :-1]
    t[1:, 1:] = a[:-1, :-1]
    return a * 1.0


def rows_and_columns(a):
    a[1] = a[0] * 2.0
    a[:, 0] = a[:, 1] + a[1, 2]
    a[0] += a[:, 1][: a.shape[1]].sum()
    for i in range(1, a.shape[0]):
        a[i] = a[i - 1] + a[i]
    for j in range(a.shape[1]):
        a[:, j] = a[:, j] - a[:, j - 1]
    a[2] = 1.0
    a[:] = a[1]
    a[:, 1:3] = a[:, 1:2]
    a[0, 1:] -= a[1, :-1]
    return a * 1.0


def broadcast_stores(a):
    a[:] = a[0]
    a[:, :] = a[:, 1][:, None]
    a += a[1]
    a *= a[:, :1]
    a[1:] = np.ones((1, 4))
    a[...] = a[..., ::-1]
    return a * 1.0


def wrong_stores(a):
    a[:] = a[:, 0]
    return a


@pytest.mark.parametrize("a", [S, np.asfortranarray(S), S[::-1], S[:, ::-1], RNG.normal(size=(8, 8))[::2, 1::2]])
@pytest.mark.parametrize("fn", [two_ways, transposed_onto_itself, rows_and_columns, broadcast_stores])
def test_writes_to_a_matrix(fn: Code, a: Any) -> None:
    check(fn, a)


def test_writes_to_other_matrices() -> None:
    check(wrong_stores, A)
    check(wrong_stores, S)
    check(broadcast_stores, A)
    check(two_ways, A)
    check(two_ways, A[:1])
    check(rows_and_columns, np.arange(12).reshape(3, 4))
    check(transposed_onto_itself, A)


def test_writes_with_bounds_of_the_run() -> None:
    def shifted(x, k):
        n = x.shape[0]
        x[k:] = x[: n - k]
        x[: n - k] += x[k:]
        return x * 1.0

    def neighbours(a, i, j):
        a[i] = a[j] * 2.0
        a[i] += a[:, j]
        a[:, i] = a[j]
        a[i, j:] = a[j, : a.shape[1] - j]
        a[i:, :] = a[: a.shape[0] - i, :]
        return a * 1.0

    for k in (0, 1, 2, 6):
        check(shifted, X, k)
    for i in range(-2, 3):
        for j in range(3):
            check(neighbours, S, i, j)


def test_in_place_dtypes() -> None:
    def wider(x, y):
        x[:] = y
        x += y
        x[1:] = x[:-1] * y[1:]
        return x * 1.0

    def truncated(i, x):
        i[:] = x
        i[0] = x[1] * 3.0
        return i * 1

    check(wider, X.astype(np.float32), Y)
    check(truncated, np.arange(6), X * 10.0)


# ------------------------------------------------------------------------------------------ gathers, scatters, joins
def gathers(x, ids):
    x[0] = 3.0
    return x[ids], x[ids] * x[ids[0]], np.sum(x[ids[::-1]]), x[ids + 0]


def gathers_rows(a, ids):
    return a[ids], a[ids].sum(axis=0), a[ids][0], a[ids] * 2.0


def scatters(x, ids):
    x[ids] = x[ids] * 2.0
    x[ids] = 1.0
    x[ids[:2]] = x[3]
    y = x[::-1]
    y[ids] = np.sin(x[: ids.shape[0]])
    return x * 1.0


def test_gathers_and_scatters() -> None:
    check(gathers, X, IDS)
    check(gathers, X, IDS - 3)
    check(gathers, X, IDS[:1])
    check(gathers, X, np.array([7]))
    check(gathers_rows, A, np.array([2, 0, 0, -1]))
    check(gathers_rows, np.asfortranarray(A), np.array([1]))
    check(scatters, X, IDS)
    check(scatters, X, -IDS)


def test_index_arrays_that_are_written() -> None:
    def moving(x, ids):
        ids[ids] = ids[::-1] * 1
        y = x[ids]
        ids[0] = 1
        return y, ids * 1

    refused("unsupported-index", moving, X, np.array([1, 0, 2]))


def several_indices(a, i, ids):
    js = ids % a.shape[1]
    b = a * 1.0
    b[ids, 0] = -1.0
    b[:, js] = b[:, js] * 2.0
    b[i, js] = b[i, js[::-1]]
    b[ids[:2], js[:2]] = b[0, 0]
    return a[ids], a[:, js], a[i, js], a[js % 3, i], a[ids, js], a[ids, 1:], a[::-1, js], a.T[js, ids], a[ids][:, js], b


def three_indices(t, ids):
    return t[:, ids], t[0, :, ids], t[ids % 2, :, 1], t[1, ids], t[..., ids], t[ids % 2, ids], t[:, ids, ids]


def test_several_indices() -> None:
    check(several_indices, A, 1, np.array([2, 0, 1, -1]))
    check(several_indices, np.asfortranarray(A), -1, np.array([0, 1]))
    check(three_indices, T, np.array([2, 0, -1, 1]))


def joins(x, y):
    return (
        np.concatenate((x, y)), np.stack((x, x)), np.stack((x, x), axis=1), np.hstack((x, y)), np.vstack((x, x)),
        np.column_stack((x, x)), np.outer(x, y), np.concatenate((x[1:], x[:1], y)),
    )  # fmt: skip


def joins_lists(x, y):
    return (
        np.concatenate((x, [y[0], 2.0])), np.stack(([x[0], x[1]], (y[0], 2.0), x[:2])), np.hstack(([x[0]], y, 3.0)),
        np.vstack(([x[0] * x[1], 2.0], x[:2])), np.column_stack(([x[0], 1.0], y[:2])),
        np.concatenate(([[x[0], x[1]]], np.ones((2, 2)))),
    )  # fmt: skip


def joins_matrices(a, b):
    return np.concatenate((a, b)), np.concatenate((a, a[:, 1:]), axis=1), np.vstack((a, b[0])), np.hstack((a, a))


def triangles(a):
    return np.tril(a), np.triu(a), np.diag(a), np.diagonal(a) * 1.0, np.trace(a), np.diag(a[0])


def made(n, x):
    return (
        np.zeros(n), np.ones((n, 2)), np.full(n, 3.0), np.full((2, n), x[0]), np.eye(n), np.arange(n), np.arange(2, n),
        np.arange(1.0, 3.0, 0.5), np.arange(0, n, 2), np.linspace(0.0, x[0], n), np.zeros_like(x), np.ones_like(x),
        np.array([x[0], 2.0, n]), np.array([[1.0, x[0]], [x[1], 2.0]]), np.full_like(x, 7.0), np.identity(3),
        np.linspace(0, 1, 4, endpoint=False), np.zeros((n, n), dtype=np.int64), np.eye(2, 3), np.arange(n - 9),
        np.zeros(3, dtype=np.float32), np.ones(2, dtype=np.bool_), np.zeros((n, 0)), np.array([1, 2]),
    )  # fmt: skip


def running(x):
    y = np.cumsum(x)
    return y, np.cumprod(x), x.cumsum() * 2.0, np.diff(x), np.diff(np.outer(x, x), n=2, axis=0)


def rolled(x, k):
    return np.roll(x, 1), np.roll(x, -2), np.roll(x, k)


def test_made() -> None:
    for n in (0, 1, 4):
        check(made, n, X)
    check(joins, X, Y[:3])
    check(joins_lists, X, Y[:3])
    check(joins, X[::-1], EMPTY)
    check(joins_matrices, A, A[:2])
    check(joins_matrices, A.T, S[:2, :3])
    check(joins_matrices, A, S[:, :3])
    check(triangles, S)
    check(triangles, A)
    check(triangles, A.T)
    check(triangles, np.arange(9).reshape(3, 3))
    for x in (X, X[::-1], EMPTY, X[:1], np.arange(4)):
        check(running, x)
    for k in (0, 3, -1, 9, -13):
        check(rolled, X, k)
        check(rolled, EMPTY, k)


def test_rolled_matrices() -> None:
    def both(a):
        return np.roll(a, 1, axis=0), np.roll(a, -1, axis=1)

    check(both, A)


# ------------------------------------------------------------------------------------------ products
def product(a, b):
    return a @ b


def dotted(a, b):
    return np.dot(a, b)


PRODUCTS = [(X, Y), (A, X[:4]), (X[:3], A), (A, B), (A, B[::-1]), (A.T, A), (X[:0], X[:0]), (A[:0], B)]
PRODUCTS += [(A[:, :0], B[:0]), (A[:1], B[:, :1]), (A[:, ::2], B[::2, ::-1])]
WRONG_PRODUCTS = [(X, Y[:5]), (A, X), (X, A), (A, A), (X[:1], X), (A[:, :1], B), (A, B[:1])]


@pytest.mark.parametrize("fn", [product, dotted])
def test_products(fn: Code) -> None:
    for pair in PRODUCTS + WRONG_PRODUCTS:
        check(fn, *pair)
    check(fn, A.astype(np.float32), B.astype(np.float32))
    check(fn, np.arange(6).reshape(2, 3), np.arange(3))


def test_products_onto_an_operand() -> None:
    def rotated(a, x):
        x[:] = a @ x
        a[:] = a @ a
        y = a.T @ x
        y = a @ (a @ y)
        return x * 1.0, a * 1.0, y, (a * 2.0) @ (x + 1.0), np.sum((a @ a.T) ** 2)

    check(rotated, S, X[:4].copy())


# ------------------------------------------------------------------------------------------ choices and loops
def lazy(x, k):
    a = x[k] if k < x.shape[0] else 0.0
    b = np.sum(1.0 / x[k:]) if k < 3 else np.max(x)
    c = k < 3 and np.max(x[:k]) > 0.0
    d = k >= 3 or x[:k].sum() > 0.0
    e = np.max(x[:k]) if k > 0 else -1.0
    return a, b, c, d, e


def in_tests(x):
    n = 0
    while np.sum(x * x) > 0.5 and n < 20:
        x = x * 0.7
        n += 1
    if np.max(x) > 0.1 or np.all(x < 0.0):
        x = x + 1.0
    elif np.min(x) > -3.0 and n > 2:
        x = x[::-1] * 2.0
    while (x[1:] > 0.0).any() and n < 30:
        x[1:] -= 0.3
        n += 1
    return x * 1.0, n


def test_laziness() -> None:
    for k in range(8):
        check(lazy, X, k)
    for x in (X, X * 0.01, -np.abs(X)):
        check(in_tests, x, written=False)


def test_nested_choices() -> None:
    def nested(x, k):
        y = np.max(x[:k]) if k > 0 and np.sum(x[:k]) > 0.0 else np.min(x) if k < 2 else np.sum(np.cumsum(x))
        z = (k if np.max(x) > 1.0 else k + 1) if np.min(x) > -1.0 and (k > 2 or np.max(x[:k]) > 0.0) else 3
        return y, z

    for k in range(1, 4):
        check(nested, X, k)
        check(nested, np.abs(X), k)


def test_numbers_between_are_read_at_the_right_time() -> None:
    def interleaved(x):
        first = x[0]
        s = np.sum(x)
        x[:] = x + first
        v = x[1:]
        t = v[0] + first
        x[1] = 100.0
        return s, t, v[0], first, x * v[0]

    def indices_change(x, ids):
        i = ids[0]
        v = x[i:]
        w = x[ids[1] :]
        ids[0] = 5
        ids[1] = 4
        v[0] = 9.0
        w[0] = 8.0
        return v * 1.0, w * 1.0, x * 1.0, i

    check(interleaved, X)
    check(indices_change, X, np.array([2, 1]))


# ------------------------------------------------------------------------------------------ refusals
def test_refusals() -> None:
    def parted(x):
        return np.partition(x, 1)

    def summed(a, b):
        return np.einsum("ij,jk->il", a, b)

    refused("no-rule", parted, X)
    refused("no-type", summed, A, B)


# ------------------------------------------------------------------------------------------ gradients
def loss_1(x):
    x[1:] += x[:-1] * x[0]
    x[:] = x * x[0]
    return np.sum(x**2) + np.max(x)


def loss_2(x):
    y = np.cumsum(np.tanh(x))
    z = np.concatenate((y, x[::-1], np.stack((x, y))[1]))
    return np.sum(z * z) / z.size + np.prod(y[:2]) + np.linalg.norm(x)


def loss_3(x):
    m = np.outer(x, x[1:])
    m[:, 1:] = m[:, :-1]
    m[1:, 1:] += m[:-1, :-1] * x[1]
    return np.sum(np.tril(m) * m) + np.sum(m.mean(axis=0) ** 2) + np.sum(np.roll(x, 2) * x)


def loss_4(x):
    ids = np.array([2, 0, 2])
    y = x[ids] * x[ids[0]]
    x[ids] = y * x[1]
    return np.sum(x * np.where(x > 0.0, x, 0.1 * x)) + np.sum(y)


def loss_5(x):
    m = x[:4].reshape((2, 2))
    p = m @ m @ x[:2]
    q = np.diag(p) @ m
    return p @ p + np.trace(q) + np.sum(np.diff(x) ** 2) + np.var(x) + np.sum(np.diag(q) * p)


def loss_6(x):
    n = 0
    while np.sum(x * x) > 0.3 and n < 20:
        x = x * 0.8
        n += 1
    return np.sum(np.sin(x)) * (np.max(x[:2]) if n > 1 else np.min(x))


@pytest.mark.parametrize("fn", [loss_1, loss_2, loss_3, loss_4, loss_5, loss_6])
def test_gradients(fn: Code) -> None:
    check_gradient(fn, X)
    check_gradient(fn, RNG.normal(size=12)[::-2])


def test_gradients_of_matrices() -> None:
    def mixed(a, b):
        a += a.T
        a[:, 0] = a[1] * b[0, 0]
        for i in range(1, a.shape[0]):
            a[i] = a[i - 1] * 0.5 + np.sin(a[i])
        c = (a - a.mean(axis=0)) @ b
        return np.sum(c.T @ c) + np.sum(a.max(axis=1)) + np.sum(np.exp(a - a.max(axis=0, keepdims=True)))

    check_gradient(mixed, S, RNG.normal(size=(4, 5)))
    check_gradient(mixed, np.asfortranarray(S), B)
