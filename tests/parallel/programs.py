"""Functions whose loops are parallel: what is proven to be independent, and what only looks so.

Each has arguments of `size` rows, so that it is run at lengths below the number of threads as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numba import njit, prange


@dataclass(frozen=True)
class Program:
    """A function, its arguments by a size, and whether any of its derivative's loops is proven to be parallel."""

    function: Callable[..., Any]
    arguments: Callable[[int], tuple[Any, ...]]
    proven: bool


PROGRAMS: dict[str, Program] = {}


def program(*given: Any, proven: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function with arguments, each a number or the name of one of `values`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def arguments(size: int) -> tuple[Any, ...]:
            known = values(size)
            return tuple(known[one] if isinstance(one, str) else one for one in given)

        PROGRAMS[function.__name__] = Program(function, arguments, proven)
        return function

    return register


def values(size: int) -> dict[str, np.ndarray]:
    """Vectors and matrices of this many rows."""
    rng = np.random.default_rng(size)
    x = rng.standard_normal(size)
    return {
        "x": x,
        "y": rng.standard_normal(size),
        "positive": np.abs(x) + 0.1,
        "single": x.astype(np.float32),
        "a": rng.standard_normal((size, 6)),
        "w": rng.standard_normal(6),
        "at": rng.integers(0, max(size, 1), 4 * size if size else 0),
        "some": rng.integers(0, max(size, 1), size),
        "order": rng.permutation(size),
    }


@program("x", 0.7)
def pure_map(x, k):
    y = np.empty_like(x)
    for i in prange(x.shape[0]):
        y[i] = np.sin(x[i]) * k + x[i] ** 2
    return y


@program("x", 0.7)
def map_sum(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        s += np.exp(-k * x[i] ** 2)
    return s


@program("x", "at", 0.7)
def collisions(x, idx, k):
    s = 0.0
    for i in prange(idx.shape[0]):
        s += np.sin(k * x[idx[i]]) * x[idx[i]]
    return s


@program("a", "w")
def matvec(a, x):
    s = 0.0
    for i in prange(a.shape[0]):
        r = 0.0
        for j in range(a.shape[1]):
            r += a[i, j] * x[j]
        s += r * r
    return s


@program("a", "w")
def rows(a, x):
    y = np.zeros(a.shape[0])
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            y[i] += a[i, j] * np.tanh(x[j])
    return y


@program("x", 0.7)
def stencil(x, k):
    y = np.zeros_like(x)
    for i in prange(1, x.shape[0] - 1):
        y[i] = x[i - 1] * x[i + 1] - k * x[i] ** 2
    return y


@program("positive", 0.7)
def roots_by_iteration(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        z = x[i]
        n = 0
        while n < 30 and abs(z * z - k) > 1e-12:
            z = 0.5 * (z + k / z)
            n += 1
        s += z * x[i]
    return s


@program("x", 0.7)
def scratch(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        t = np.zeros(5)
        t[0] = x[i]
        for j in range(1, 5):
            t[j] = np.sin(t[j - 1]) * k + x[i]
        for j in range(5):
            s += t[j] * t[4 - j]
    return s


@program("x", "w")
def scratch_of_any_length(x, w):
    y = np.zeros(x.shape[0])
    m = w.shape[0]
    for i in prange(x.shape[0]):
        t = np.empty(m)
        for j in range(m):
            t[j] = np.sin(w[j] * x[i])
        for j in range(m):
            y[i] += t[j] * t[m - 1 - j]
    return y


@program("a", 0.7)
def nested(a, k):
    s = 0.0
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            s += np.sin(a[i, j]) * k
    return s


@program("x", 0.7, proven=False)
def product(x, k):
    p = 1.0
    for i in prange(x.shape[0]):
        p *= 1.0 + 0.001 * k * x[i]
    return p


@program("x", 0.7, proven=False)
def largest(x, k):
    m = -1e9
    for i in prange(x.shape[0]):
        m = max(m, k * x[i])
    return m


@program("x", 0.7)
def branchy(x, k):
    s = 0.0
    c = 0
    for i in prange(x.shape[0]):
        if x[i] > 0.0:
            s += k * x[i] ** 2
            c += 1
        elif x[i] < -1.0:
            s -= np.sin(x[i])
    return s * c


@program("x", 0.7)
def in_place(x, k):
    for i in prange(x.shape[0]):
        x[i] = x[i] * x[i] + k
    s = 0.0
    for i in prange(x.shape[0]):
        s += x[i] * np.sin(x[i])
    return s


@program("x", "order", proven=False)
def scatter(x, idx):
    y = np.zeros(x.shape[0])
    for i in prange(idx.shape[0]):
        y[idx[i]] = np.sin(x[i])
    return y


@program("x", 0.1, 4)
def steps(x, k, n):
    u = x.copy()
    v = np.zeros_like(x)
    for _ in range(n):
        for i in prange(1, x.shape[0] - 1):
            v[i] = u[i] + k * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
        for i in prange(1, x.shape[0] - 1):
            u[i] = v[i]
    s = 0.0
    for i in prange(x.shape[0]):
        s += u[i] ** 2
    return s


@program("x", 0.7)
def strided(x, k):
    s = 0.0
    for i in prange(0, x.shape[0], 3):
        s += np.sin(k * x[i] * i)
    return s


@program("x", 0.7)
def index_in_arithmetic(x, k):
    y = np.zeros_like(x)
    for i in prange(x.shape[0]):
        y[i] = -i * 0.5 * x[i] + k * (i - 3) // 2
    return y


@program("x", 0.7, proven=False)
def counts_from_the_end(x, k):
    y = np.zeros_like(x)
    for i in prange(x.shape[0]):
        y[i - 1] = np.sin(x[i]) * k
    return y


@program("a", 0.7)
def column_sums(a, k):
    m = np.zeros(a.shape[1])
    for j in prange(a.shape[1]):
        for i in range(a.shape[0]):
            m[j] += a[i, j] * k
    s = 0.0
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            s += (a[i, j] - m[j]) ** 2
    return s


@program("x", 0.7, proven=False)
def last_value(x, k):
    s = 0.0
    last = 0.0
    for i in prange(x.shape[0]):
        last = x[i] * k
        s += last * last
    return s + last


@program("x", 0.7, proven=False)
def recurrence(x, k):
    y = x.copy()
    for i in prange(1, x.shape[0]):
        y[i] = y[i - 1] * k + np.sin(y[i])
    return y.sum()


@program("single", 0.7)
def float32s(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        s += x[i] * x[i] * k
    return s


@program("x", 0.7)
def pairs(x, k):
    e = 0.0
    for i in prange(x.shape[0]):
        for j in range(i):
            d = x[i] - x[j]
            e += k / (1.0 + d * d)
    return e


@program("a", "w")
def row_expr(a, w):
    s = 0.0
    for i in prange(a.shape[0]):
        s += np.sum(a[i] * w)
    return s


@program("a", "w")
def row_dot(a, w):
    y = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        y[i] = np.dot(a[i], w)
    return y


@program("a", "w")
def row_store(a, w):
    out = np.empty_like(a)
    for i in prange(a.shape[0]):
        out[i, :] = np.sin(a[i]) * w[0]
    return out


@program("a", 0.7)
def softmax_rows(a, k):
    out = np.empty_like(a)
    for i in prange(a.shape[0]):
        m = a[i, 0]
        for j in range(a.shape[1]):
            m = max(m, a[i, j])
        z = 0.0
        for j in range(a.shape[1]):
            out[i, j] = np.exp(k * (a[i, j] - m))
            z += out[i, j]
        for j in range(a.shape[1]):
            out[i, j] /= z
    return out


@njit
def helper(v, k):
    t = 0.0
    for j in nb.prange(3):
        t += np.sin(v * j) * k
    return t


@program("x", 0.7)
def calls(x, k):
    s = 0.0
    for i in nb.prange(x.shape[0]):
        s += helper(x[i], k) ** 2
    return s


@program("x", 0.7)
def zero_trip(x, k):
    s = k
    for i in prange(5, 5):
        s += x[i]
    for i in prange(7, 3):
        s += x[i] * k
    for i in prange(-3, 3):
        s += x[i] * i * k
    return s


@program("x", "y")
def twice(x, y):
    out = np.zeros_like(x)
    for i in prange(x.shape[0]):
        out[i] += x[i] * y[i]
    for i in prange(x.shape[0]):
        out[i] += x[i] ** 2
        out[i] *= y[i]
    return out


@program("a", "w")
def local_matrix(a, w):
    s = 0.0
    n = w.shape[0]
    for i in prange(a.shape[0]):
        m = np.zeros((n, n))
        for j in range(n):
            for m2 in range(n):
                m[j, m2] = a[i, j] * w[m2] + np.sin(a[i, m2])
        for j in range(n):
            for m2 in range(j):
                m[j, m2] += m[m2, j] * w[j]
        for j in range(n):
            for m2 in range(n):
                s += m[j, m2] ** 2
    return s


@program("x", "y", "some")
def one_of_two_reads(x, y, idx):
    a = np.zeros_like(x)
    for i in prange(idx.shape[0]):
        if x[i] > 0.0:
            a[i] = x[idx[i]] * y[i]
        else:
            a[i] = y[idx[i]] - x[i]
    return np.sum(a * a)


@program("x", 0.7)
def early(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        if x[i] < 0.0:
            continue
        s += np.sqrt(x[i]) * k
    return s


@program("x", 0.7)
def bins(x, k):
    h = np.zeros(4)
    for i in prange(x.shape[0]):
        h[i % 4] += np.sin(x[i]) * k
    return np.sum(h ** 2)


@program("x", 0.7)
def backwards(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        j = x.shape[0] - 1 - i
        s += x[j] * x[i] * k
    return s


@program("x", 0.7)
def interleaved(x, k):
    y = np.zeros(2 * x.shape[0])
    for i in prange(x.shape[0]):
        y[2 * i] = np.sin(x[i])
        y[2 * i + 1] = np.cos(x[i]) * k
    s = 0.0
    for i in prange(x.shape[0]):
        s += y[2 * i] * y[2 * i + 1]
    return s


@program("a", 0.1)
def stencil2d(u, k):
    v = np.zeros_like(u)
    for i in prange(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            v[i, j] = u[i, j] + k * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] * u[i, j + 1] - 4.0 * u[i, j])
    return v


@program("x", 0.7)
def wide(x, k):
    y = np.zeros_like(x)
    for i in prange(x.shape[0] - 7):
        y[i] = x[i] * x[i + 7] * k + np.sin(x[i + 3])
    return y


@program("x", 0.7)
def strided_stencil(x, k):
    s = 0.0
    for i in prange(2, x.shape[0] - 2, 2):
        s += x[i - 2] * x[i + 2] * x[i + 1] * k
    return s


@program("x", 0.7)
def gap(x, k):
    s = 0.0
    for i in prange(x.shape[0] // 3):
        s += x[3 * i] * x[3 * i + 1] * x[3 * i + 2] * k
    return s


@program("x", 0.7)
def swap_read(x, k):
    y = x.copy()
    z = np.zeros_like(x)
    for _ in range(3):
        for i in prange(x.shape[0]):
            z[i] = np.sin(y[i]) * k
        y, z = z, y
    return np.sum(y * x)


@program("x", 0.7)
def while_in(x, k):
    s = 0.0
    for i in prange(x.shape[0]):
        t = np.zeros(3)
        v = x[i]
        c = 0
        while v < 2.0 and c < 20:
            t[c % 3] += v * k
            v = v * 1.3 + 0.2
            c += 1
        s += t[0] * t[1] + t[2] * v
    return s


@program("x")
def mean_of(x):
    m = 0.0
    for i in prange(len(x)):
        m += x[i]
    m /= len(x)
    q = 0.0
    for i in prange(len(x)):
        q += (x[i] - m) ** 2
    return q / len(x)


@program("x", 3)
def int_and_float(x, n):
    s = 0
    t = 0.0
    for i in prange(x.shape[0]):
        s += i * n
        t += x[i] * s if False else x[i] * n
    return t * s


@program("a", 0.7)
def grid(u, k):
    s = 0.0
    for i in prange(u.shape[0]):
        for j in prange(u.shape[1]):
            if i > 0:
                s += (u[i, j] - u[i - 1, j]) ** 2 * k
    return s
