"""Decompositions of matrices, of NumPy and of SciPy."""

import numpy as np
import scipy.linalg

from tests.corpus.registry import case, vector


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


DEFINITE = matrix(3, 3) @ matrix(3, 3).T + np.eye(3)


@case(matrix(3, 3), analytic=False, jit=True)
def eigenvalues_and_eigenvectors(a):
    w, v = np.linalg.eigh(a)
    return np.sum(w**3 * np.arange(3.0)) + np.sum(v**3)


@case(matrix(3, 3), analytic=False, twice=False)
def eigenvalues_of_another_triangle(a):
    return np.sum(np.linalg.eigvalsh(a, "U") ** 3 * np.arange(3.0)) * np.linalg.eigvalsh(a)[1]


@case(matrix(4, 2), analytic=False, twice=False)
@case(matrix(2, 3), analytic=False, twice=False)
def singular_values_and_vectors(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.sum(u**3) + np.sum(s**3) + np.sum(vt**3 * np.arange(float(a.shape[1])))


@case(matrix(4, 2), analytic=False)
@case(matrix(2, 3), analytic=False, twice=False)
def orthogonal_and_triangular(a):
    q, r = np.linalg.qr(a)
    return np.sum(q**3) + np.sum(r**3)


@case(matrix(4, 2), vector(4), analytic=False, twice=False)
def least_squares(a, b):
    x, residuals, rank, s = np.linalg.lstsq(a, b, rcond=None)
    return np.sum(x**3) + residuals[0] * rank


@case(matrix(4, 2), analytic=False, twice=False)
@case(matrix(2, 3), analytic=False, twice=False)
def pseudoinverse(a):
    return np.sum(np.linalg.pinv(a) ** 3)


@case(matrix(3, 3), analytic=False, twice=False)
def conditions(a):
    return np.linalg.cond(a) + np.linalg.cond(a, "fro") + np.linalg.svd(a, compute_uv=False)[1] ** 2


@case(DEFINITE, matrix(3, 3, 1), analytic=False, twice=False)
def of_scipy(s, a):
    c = scipy.linalg.cho_factor(s)
    t = np.sum(scipy.linalg.cho_solve(c, a[0] ** 2) ** 2) + np.sum(scipy.linalg.cholesky(s) ** 3)
    t += np.sum(scipy.linalg.solve_triangular(a, a[0] ** 2) ** 2) + np.sum(scipy.linalg.solve(s, a) ** 2)
    return t + np.sum(scipy.linalg.solve_triangular(a, a[0], lower=True, trans=1) ** 2)


@case(matrix(3, 3), analytic=False, twice=False)
def exponential_of_a_matrix(a):
    return np.sum(scipy.linalg.expm(a) ** 2) + np.sum(scipy.linalg.expm(3.0 * a))
