"""Functions of NumPy that are written out in loops."""

import math

import numpy as np

from tests.corpus.registry import case, positive, vector


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


DEFINITE = matrix(4, 4) @ matrix(4, 4).T + np.eye(4)
PLACES, VALUES = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([1.0, 3.0, -1.0, 2.0])


@case(matrix(4, 4), vector(4), analytic=False, jit=True)
def solved(a, b):
    return np.sum(np.sin(np.linalg.solve(a, b)))


@case(matrix(3, 3), matrix(3, 2, 1), analytic=False, twice=False)
def solved_for_columns(a, b):
    x = np.linalg.solve(a, b)
    return np.sum(x * x) + np.sum(np.linalg.inv(a) ** 2)


@case(matrix(2, 2), analytic=False)
@case(matrix(4, 4), analytic=False, twice=False)
@case(np.ones((3, 3)), analytic=False, twice=False)
def determinant(a):
    return np.linalg.det(a) * a[0, 0]


@case(matrix(4, 4), analytic=False, twice=False)
def logarithm_of_a_determinant(a):
    sign, logarithm = np.linalg.slogdet(a)
    return sign * logarithm * a[0, 0]


@case(DEFINITE, analytic=False)
def root_of_a_matrix(a):
    return np.sum(np.linalg.cholesky(a) ** 3)


@case(vector(3), vector(3), matrix(2, 3), matrix(2, 2))
def products(a, b, c, d):
    return np.sum(np.cross(a, b) ** 2) * np.sum(np.kron(c, d) ** 3)


@case(vector(3), 0.4)
def products_of_literals(a, k):
    n = np.cross([0, 0, 1], a)
    return np.sum(n**2) * np.sum(np.cross(a, (k, 1.0, 2))) * np.sum(np.linalg.solve([[2.0, k], [1.0, 3.0]], a[:2]))


@case(vector(7), analytic=False, twice=False)
def ordered(x):
    y = np.sort(x)
    s = 0.0
    for i in range(7):
        s += y[i] * y[i] * i
    return s + np.median(x) * np.quantile(x, 0.3) + np.percentile(x, 80) ** 2 + x[np.argsort(x)[2]]


@case(0.2, PLACES, VALUES, analytic=False)
@case(-3.0, PLACES, VALUES, analytic=False, twice=False)
@case(7.0, PLACES, VALUES, analytic=False, twice=False)
def interpolated(t, places, values):
    x = np.array([t, t * 0.5, -t])
    return np.interp(t, places, values) * t + np.sum(np.interp(x, places, values, left=t) ** 2)


@case(positive(6), np.cumsum(positive(6)))
def integrated(y, x):
    return np.trapezoid(y, x) + np.trapezoid(y, dx=0.3) * y[0] + np.sum(np.gradient(y, 0.5) ** 2)


@case(vector(5), vector(3), 1.3, twice=False)
def polynomials_and_convolutions(a, v, t):
    s = np.polyval(a, t) + np.sum(np.polyval(v, a) ** 2)
    s += np.sum(np.convolve(a, v) ** 2) + np.sum(np.convolve(a, v, "same") ** 3)
    return s + np.sum(np.convolve(a, v, mode="valid") ** 3)


@case(vector(4), twice=False)
def copied(x):
    y, z = np.repeat(x, 2), np.tile(x, 3)
    s = np.sum(y * y * np.arange(8)) + np.sum(z * z * np.arange(12)) + np.sum(np.atleast_1d(x[0])) * math.factorial(4)
    return s + np.nansum(x) * np.nanmean(x) if np.allclose(x, x) and np.all(np.isclose(x, x)) else s
