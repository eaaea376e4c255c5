"""Sparse Jacobians beside dense ones, in evaluations of the function: `python -m benchmarks.sparse`.

A stencil residual of 100,000 unknowns, whose Jacobian no machine holds as a dense matrix, and a size of it where the
dense one fits, by columns four at once.  Patterns are found before; how long that takes stands in a column of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import thread_time

import numpy as np
from numba import njit

from adcompile import jacobian, sparse_jacobian

LARGE, SMALL = 100_000, 2_000


@njit(fastmath={"reassoc"}, error_model="numpy")
def three_points(u, h):
    """Of -(u' / (1 + u^2))' = 4, with u = 0 at both ends."""
    r = np.empty(u.shape[0])
    for i in range(u.shape[0]):
        left = u[i - 1] if i > 0 else 0.0
        right = u[i + 1] if i < u.shape[0] - 1 else 0.0
        into = (u[i] - left) / (1.0 + 0.25 * (u[i] + left) ** 2)
        out = (right - u[i]) / (1.0 + 0.25 * (u[i] + right) ** 2)
        r[i] = (into - out) / h - 4.0 * h
    return r


@njit(fastmath={"reassoc"}, error_model="numpy")
def exponential(u, h):
    """Of the Bratu problem, u'' + exp(u) = 0, with u = 0 at both ends."""
    r = np.empty(u.shape[0])
    r[0] = (u[1] - 2.0 * u[0]) / (h * h) + np.exp(u[0])
    for i in range(1, u.shape[0] - 1):
        r[i] = (u[i - 1] - 2.0 * u[i] + u[i + 1]) / (h * h) + np.exp(u[i])
    r[-1] = (u[-2] - 2.0 * u[-1]) / (h * h) + np.exp(u[-1])
    return r


@njit(fastmath={"reassoc"}, error_model="numpy")
def five_points(u, h):
    """Of the Bratu problem, u_xx + u_yy + exp(u) = 0, on a square with u = 0 around; the grid as one array."""
    n = int(np.sqrt(u.shape[0]))
    r = np.empty(u.shape[0])
    for i in range(n):
        for j in range(n):
            k = i * n + j
            s = -4.0 * u[k]
            if i > 0:
                s += u[k - n]
            if i < n - 1:
                s += u[k + n]
            if j > 0:
                s += u[k - 1]
            if j < n - 1:
                s += u[k + 1]
            r[k] = s / (h * h) + np.exp(u[k])
    return r


Residual = Callable[..., np.ndarray]
RESIDUALS: dict[str, Residual] = {
    "three points, four divisions": three_points,
    "three points, an exponential": exponential,
    "five points, an exponential": five_points,
}


def unknowns(count: int, function: Residual) -> tuple[np.ndarray, float]:
    """The arguments: of a square grid, the next smaller one."""
    count = int(np.sqrt(count)) ** 2 if function is five_points else count
    u = np.sin(np.arange(count, dtype=float))
    return u, 1.0 / (count + 1)


def seconds(call: Callable[[], object], repeats: int) -> float:
    """The median of several runs, in seconds of the processor, which other processes do not lengthen."""
    found = []
    for _ in range(repeats):
        start = thread_time()
        call()
        found.append(thread_time() - start)
    return float(np.median(found))


def measured(function: Residual, large: int, small: int, repeats: int) -> list[float]:
    """At the large size: seconds of the function, its sparse Jacobian over that, the products that it takes, and what
    finding the pattern takes over that; at the small size: the sparse and the dense one over the function there."""
    sparse, dense = sparse_jacobian(function), jacobian(function, mode="forward")
    u, h = unknowns(small, function)
    np.testing.assert_allclose(sparse(u, h).toarray(), dense(u, h), rtol=1e-9, atol=1e-9)
    few = seconds(lambda: function(u, h), 50 * repeats)
    few_sparse = seconds(lambda: sparse(u, h), 5 * repeats) / few
    few_dense = seconds(lambda: dense(u, h), min(repeats, 3)) / few
    v, k = unknowns(large, function)
    start = thread_time()
    sparse(v, k)
    pattern = thread_time() - start
    value = seconds(lambda: function(v, k), 5 * repeats)
    entries = seconds(lambda: sparse(v, k), repeats)
    return [value, entries / value, sparse.products(v, k), pattern / value, few_sparse, few_dense]


def table(
    large: int = LARGE, small: int = SMALL, repeats: int = 11, residuals: Mapping[str, Residual] = RESIDUALS
) -> str:
    """The figures in Markdown."""
    heads = ["residual", "time", "sparse Jacobian /", "products", "with its pattern /"]
    heads += [f"sparse, {small:,} /", "dense /"]
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    for name, function in residuals.items():
        value, entries, products, pattern, few_sparse, few_dense = measured(function, large, small, repeats)
        cells = [f"{1e6 * value:.0f} us", f"{entries:.1f}", f"{products:.0f}", f"{pattern:.0f}", f"{few_sparse:.1f}"]
        lines.append(f"| {name} | {' | '.join([*cells, f'{few_dense:,.0f}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
