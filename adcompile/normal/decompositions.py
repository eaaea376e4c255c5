"""Decompositions of NumPy and SciPy as smooth functions of the matrix (see `written_out`).

Goal: derivatives of every order that is asked for.  LAPACK's basis is taken as a constant; in it the matrix is diagonal
up to rounding, and a few sweeps of Jacobi's rotations (Golub & Van Loan, Matrix Computations, 8.5) make of that a
function: each doubles the order to which eigenvectors are right, so that three serve derivatives up to the seventh.
QR is Gram-Schmidt's, twice.  Where there is no derivative (eigenvalues that coincide, dependent columns)
`LinAlgError` is raised.  Non-goals: large matrices; the complete bases of matrices that are not square.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.lapack import eigenvectors, left_singular_vectors_of_transpose, right_singular_vectors, signs_of_triangle

_COINCIDE = "there are no derivatives where eigenvalues or singular values coincide"
_DEPENDENT = "there are no derivatives where the rank is lower than the number of columns"


def _rotated(b: Any, v: Any) -> None:
    """Makes a nearly diagonal symmetric matrix diagonal; `v` is the basis that goes along.  Both are overwritten."""
    n = b.shape[0]
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(b[i, i]))
    for _ in range(3):
        for p in range(n):
            for q in range(p + 1, n):
                gap, off = b[q, q] - b[p, p], b[p, q]
                if not abs(gap) > 1e-10 * largest:
                    raise np.linalg.LinAlgError(_COINCIDE)
                root = np.sqrt(gap * gap + 4.0 * off * off)
                t = 2.0 * off / (gap + root if gap > 0.0 else gap - root)
                c = 1.0 / np.sqrt(1.0 + t * t)
                s = t * c
                for k in range(n):
                    x, y = b[k, p], b[k, q]
                    b[k, p] = c * x - s * y
                    b[k, q] = s * x + c * y
                for k in range(n):
                    x, y = b[p, k], b[q, k]
                    b[p, k] = c * x - s * y
                    b[q, k] = s * x + c * y
                for k in range(v.shape[0]):
                    x, y = v[k, p], v[k, q]
                    v[k, p] = c * x - s * y
                    v[k, q] = s * x + c * y


def _symmetric(a: Any, lower: bool) -> Any:
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    n = a.shape[0]
    full = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            full[i, j] = a[max(i, j), min(i, j)] if lower else a[min(i, j), max(i, j)]
    return full


def eigh(a: Any, UPLO: str = "L") -> Any:
    full = _symmetric(a, UPLO == "L")
    v = eigenvectors(full)
    basis = v.copy()
    b = np.dot(v.T, np.dot(full, v))
    _rotated(b, basis)
    return np.diag(b), basis


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    full = _symmetric(a, UPLO == "L")
    v = eigenvectors(full)
    b = np.dot(v.T, np.dot(full, v))
    _rotated(b, np.zeros((0, a.shape[0])))
    return np.diag(b)


def _tall(a: Any) -> Any:
    """The matrix, or its transpose, in floating-point numbers: with no fewer rows than columns."""
    m, n = a.shape[0], a.shape[1]
    out = np.empty((max(m, n), min(m, n)))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a[i, j] if m >= n else a[j, i]
    return out


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    m, n = a.shape[0], a.shape[1]
    if compute_uv and full_matrices and m != n:
        raise NotImplementedError("the complete bases of a matrix that is not square: pass full_matrices=False")
    w = _tall(a)
    v = right_singular_vectors(w)
    if compute_uv:  # with the signs that LAPACK chooses for the matrix itself
        other = left_singular_vectors_of_transpose(w)
        for i in range(v.shape[0]):
            for j in range(v.shape[0]):
                v[i, j] = v[i, j] if m >= n else other[i, j]
    basis = v.copy()
    scaled = np.dot(w, v)
    _rotated(np.dot(scaled.T, scaled), basis)
    scaled = np.dot(w, basis)
    k = w.shape[1]
    s = np.empty(k)
    for j in range(k):
        square = 0.0
        for i in range(w.shape[0]):
            square += scaled[i, j] * scaled[i, j]
        if square == 0.0:
            raise np.linalg.LinAlgError(_DEPENDENT)
        s[j] = np.sqrt(square)
    if not compute_uv:
        return s
    u, vt = np.empty((m, k)), np.empty((k, n))
    for j in range(k):
        for i in range(m):
            u[i, j] = scaled[i, j] / s[j] if m >= n else basis[i, j]
        for i in range(n):
            vt[j, i] = basis[i, j] if m >= n else scaled[i, j] / s[j]
    return u, s, vt


def _orthogonal(w: Any, q: Any, r: Any) -> None:
    """`w = q r` for independent columns."""
    m, n = w.shape[0], w.shape[1]
    signs = signs_of_triangle(w)
    for j in range(n):
        before = 0.0
        for i in range(m):
            q[i, j] = w[i, j]
            before += w[i, j] * w[i, j]
        for _ in range(2):
            for k in range(j):
                s = 0.0
                for i in range(m):
                    s += q[i, k] * q[i, j]
                r[k, j] += s
                for i in range(m):
                    q[i, j] -= s * q[i, k]
        square = 0.0
        for i in range(m):
            square += q[i, j] * q[i, j]
        if not square > 1e-26 * before:
            raise np.linalg.LinAlgError(_DEPENDENT)
        r[j, j] = signs[j] * np.sqrt(square)
        for i in range(m):
            q[i, j] = q[i, j] / r[j, j]


def qr(a: Any, mode: str = "reduced") -> Any:
    m, n = a.shape[0], a.shape[1]
    if mode == "raw" or (mode == "complete" and m > n):
        raise NotImplementedError("QR with other bases than the reduced one")
    k = min(m, n)
    w = np.empty((m, k))
    for i in range(m):
        for j in range(k):
            w[i, j] = a[i, j]
    q, r = np.zeros((m, k)), np.zeros((k, n))
    _orthogonal(w, q, r)
    for j in range(k, n):
        for i in range(k):
            s = 0.0
            for p in range(m):
                s += q[p, i] * a[p, j]
            r[i, j] = s
    if mode == "r":
        return r
    return q, r


def pinv(a: Any) -> Any:
    """Of a matrix of full rank."""
    m, n = a.shape[0], a.shape[1]
    w = _tall(a)
    rows, k = w.shape[0], w.shape[1]
    q, r = np.zeros((rows, k)), np.zeros((k, k))
    _orthogonal(w, q, r)
    x = np.zeros((k, rows))
    for c in range(rows):
        for back in range(k):
            i = k - 1 - back
            s = q[c, i]
            for j in range(i + 1, k):
                s -= r[i, j] * x[j, c]
            x[i, c] = s / r[i, i]
    out = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            out[i, j] = x[i, j] if m >= n else x[j, i]
    return out


def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Of a matrix of full rank; in the place of its singular values stands `None`."""
    m, n = a.shape[0], a.shape[1]
    x = np.dot(pinv(a), b)
    off = b - np.dot(a, x)
    if b.ndim == 1:
        residuals = np.zeros(1 if m > n else 0)
        if m > n:
            residuals[0] = np.sum(off * off)
    else:
        residuals = np.zeros(b.shape[1] if m > n else 0)
        if m > n:
            for j in range(b.shape[1]):
                residuals[j] = np.sum(off[:, j] * off[:, j])
    return x, residuals, min(m, n), None


def cond(x: Any, p: Any = None) -> Any:
    if p is None or p == 2:
        s = svd(x, False, False)
        return s[0] / s[s.shape[0] - 1]
    if p == "fro":
        inverse = np.linalg.inv(x)
        return np.sqrt(np.sum(x * x) * np.sum(inverse * inverse))
    if p == np.inf or p == -np.inf or p == 1 or p == -1:
        return _norm_of(x, p) * _norm_of(np.linalg.inv(x), p)
    raise NotImplementedError("the condition in other norms")


def _norm_of(x: Any, p: Any) -> Any:
    """The largest sum of the sizes of a row (infinity) or a column (1), or the least (of a negative order)."""
    sums = np.sum(np.abs(x), axis=1 if p == np.inf or p == -np.inf else 0)
    return np.max(sums) if p > 0 else np.min(sums)


# ------------------------------------------------------------------------------------------ of SciPy
def scipy_cholesky(a: Any, lower: bool = False) -> Any:
    if lower:
        return np.linalg.cholesky(a)
    return np.transpose(np.linalg.cholesky(np.transpose(a)))


def cho_factor(a: Any, lower: bool = False) -> Any:
    """The other triangle holds zeros; SciPy leaves what stood there."""
    return scipy_cholesky(a, lower), lower


def cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    if lower:
        return solve_triangular(c, solve_triangular(c, b, 0, True), 1, True)
    return solve_triangular(c, solve_triangular(c, b, 1, False), 0, False)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    if a.shape[0] != a.shape[1] or a.shape[0] != b.shape[0]:
        raise ValueError("shapes of a and b do not fit")
    n = a.shape[0]
    turned = trans != 0 and trans != "N"
    columns = 1 if b.ndim == 1 else b.shape[1]
    x = np.zeros((n, columns))
    forward = lower != turned
    for step in range(n):
        i = step if forward else n - 1 - step
        if not unit_diagonal and a[i, i] == 0.0:
            raise np.linalg.LinAlgError("singular matrix")
        for c in range(columns):
            s = (b[i] if b.ndim == 1 else b[i, c]) * 1.0
            for done in range(step):
                j = done if forward else n - 1 - done
                s -= (a[j, i] if turned else a[i, j]) * x[j, c]
            x[i, c] = s if unit_diagonal else s / a[i, i]
    if b.ndim == 1:
        return x[:, 0]
    return x


_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


def expm(A: Any) -> Any:
    """By scaling and squaring with the Pade approximant of order 13 (Higham, 2005); the scaling is a constant."""
    if A.shape[0] != A.shape[1]:
        raise ValueError("expected a square matrix")
    n = A.shape[0]
    norm = 0.0
    for j in range(n):
        column = 0.0
        for i in range(n):
            column += abs(A[i, j])
        norm = max(norm, column)
    squarings = 0
    while norm > 5.371920351148152:
        norm = norm * 0.5
        squarings += 1
    x = A / 2.0**squarings
    x2 = np.dot(x, x)
    power = np.eye(n)
    even, odd = np.zeros((n, n)), np.zeros((n, n))
    for k in range(7):
        even += _PADE[2 * k] * power
        odd += _PADE[2 * k + 1] * power
        power[:, :] = np.dot(power, x2)
    odd[:, :] = np.dot(x, odd)
    result = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        result[:, :] = np.dot(result, result)
    return result
