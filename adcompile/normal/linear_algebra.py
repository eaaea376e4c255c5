"""Linear algebra of NumPy written out in loops (see `written_out`).

Method: LU decomposition with pivoting (Golub & Van Loan, Matrix Computations, 3.4), Cholesky decomposition by columns
(4.2).  The derivatives are those of the order of pivots at hand.  Non-goals: large systems, for which LAPACK is faster;
stacks of matrices.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_SINGULAR = "Singular matrix"
_SQUARE = "Last 2 dimensions of the array must be square"


def _eliminated(a: Any, b: Any) -> float:
    """Gaussian elimination of `a` with `b` beside it, in place; the sign of the permutation, 0.0 if `a` is singular."""
    n, m = a.shape[0], b.shape[1]
    sign = 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if a[pivot, k] == 0.0:
            sign = 0.0
        else:
            if pivot != k:
                sign = -sign
                for j in range(n):
                    t = a[k, j]
                    a[k, j] = a[pivot, j]
                    a[pivot, j] = t
                for j in range(m):
                    t = b[k, j]
                    b[k, j] = b[pivot, j]
                    b[pivot, j] = t
            for i in range(k + 1, n):
                factor = a[i, k] / a[k, k]
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                for j in range(m):
                    b[i, j] -= factor * b[k, j]
    return sign


def _solved(a: Any, b: Any) -> Any:
    """`a x = b` for a matrix `b`; both are overwritten."""
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError(_SQUARE)
    if a.shape[0] != b.shape[0]:
        raise ValueError("the lengths of a and b differ")
    sign = _eliminated(a, b)
    if sign == 0.0:
        raise np.linalg.LinAlgError(_SINGULAR)
    n, m = a.shape[0], b.shape[1]
    x = np.zeros((n, m), b.dtype)
    for r in range(n):
        i = n - 1 - r
        for c in range(m):
            s = b[i, c]
            for j in range(i + 1, n):
                s -= a[i, j] * x[j, c]
            x[i, c] = s / a[i, i]
    return x


def _matrix(a: Any, dtype: Any) -> Any:
    """A copy of a matrix in numbers of another type."""
    made = np.empty((a.shape[0], a.shape[1]), dtype)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            made[i, j] = a[i, j]
    return made


def solve(a: Any, b: Any) -> Any:
    dtype = np.result_type(a, b, np.float64)
    if b.ndim == 1:
        column = np.empty((b.shape[0], 1), dtype)
        for i in range(b.shape[0]):
            column[i, 0] = b[i]
        return _solved(_matrix(a, dtype), column)[:, 0]
    return _solved(_matrix(a, dtype), _matrix(b, dtype))


def inv(a: Any) -> Any:
    dtype = np.result_type(a, np.float64)
    return _solved(_matrix(a, dtype), np.eye(a.shape[0], dtype=dtype))


def det(a: Any) -> Any:
    """Of a singular matrix too the derivative is right: zeros are left for the last (complete pivoting).

    Raises `LinAlgError` for more than three rows of a rank lower by two or more: second derivatives would miss terms.
    """
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError(_SQUARE)
    n = a.shape[0]
    if n == 2:
        value = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    elif n == 3:
        value = a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1])
        value = value - a[0, 1] * (a[1, 0] * a[2, 2] - a[1, 2] * a[2, 0])
        value = value + a[0, 2] * (a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0])
    else:
        lu = _matrix(a, np.result_type(a, np.float64))
        value = 1.0
        for k in range(n):
            row, column = k, k
            for i in range(k, n):
                for j in range(k, n):
                    if abs(lu[i, j]) > abs(lu[row, column]):
                        row, column = i, j
            if row != k:
                value = -value
                for j in range(n):
                    t = lu[k, j]
                    lu[k, j] = lu[row, j]
                    lu[row, j] = t
            if column != k:
                value = -value
                for i in range(n):
                    t = lu[i, k]
                    lu[i, k] = lu[i, column]
                    lu[i, column] = t
            if lu[k, k] == 0.0 and k < n - 1:
                raise np.linalg.LinAlgError("derivatives of det where the rank is lower by two or more")
            for i in range(k + 1, n):
                factor = lu[i, k] / lu[k, k]
                for j in range(k + 1, n):
                    lu[i, j] -= factor * lu[k, j]
            value = value * lu[k, k]
    return value


def slogdet(a: Any) -> Any:
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError(_SQUARE)
    lu = _matrix(a, np.float64)
    sign = _eliminated(lu, np.empty((a.shape[0], 0)))
    logarithm = 0.0
    for k in range(a.shape[0]):
        if sign != 0.0:
            if lu[k, k] < 0.0:
                sign = -sign
            logarithm += math.log(abs(lu[k, k]))
    if sign == 0.0:
        logarithm = -np.inf
    return sign, logarithm


def cholesky(a: Any) -> Any:
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError(_SQUARE)
    n = a.shape[0]
    root = np.zeros((n, n))
    for j in range(n):
        s = a[j, j] * 1.0
        for k in range(j):
            s -= root[j, k] * root[j, k]
        if not s > 0.0:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        diagonal = math.sqrt(s)
        root[j, j] = diagonal
        for i in range(j + 1, n):
            t = a[i, j] * 1.0
            for k in range(j):
                t -= root[i, k] * root[j, k]
            root[i, j] = t / diagonal
    return root


def cross(a: Any, b: Any) -> Any:
    if a.ndim != 1 or b.ndim != 1 or a.shape[0] != 3 or b.shape[0] != 3:
        raise ValueError("the cross product is of two vectors of three")
    out = np.empty(3, np.result_type(a, b, np.float64))
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]
    return out


def kron(a: Any, b: Any) -> Any:
    out = np.empty((a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]), np.result_type(a, b, np.float64))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(b.shape[0]):
                for m in range(b.shape[1]):
                    out[i * b.shape[0] + k, j * b.shape[1] + m] = a[i, j] * b[k, m]
    return out


def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """The `x` with `a @ x @ a.T - x + q = 0`, row after row the solution of one system."""
    n = a.shape[0]
    if q.shape[0] != n or q.shape[1] != n or a.shape[1] != n:
        raise ValueError("Matrix a and q should have the same shape.")
    turned = np.conjugate(a) if np.iscomplexobj(a) else a
    return np.reshape(solve(np.eye(n * n) - kron(a, turned), np.ravel(q)), (n, n))
