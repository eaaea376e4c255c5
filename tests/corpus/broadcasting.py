"""Whole-array expressions: broadcasting, where, axes of length one."""

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(vector(5), 0.3, jit=True)
def elementwise(x, a):
    y = np.sin(a * x) + x**2
    z = y / (1.0 + y * y)
    return np.sum(z)


@case(vector(3, 4), vector(4, shift=1.0))
def matrix_and_row(a, r):
    return np.sum(np.sin(a * r) + r)


@case(vector(3, 4), vector(3, 1, shift=1.0))
def matrix_and_column(a, c):
    return np.sum((a + c) * np.cos(c))


@case(vector(3, 1), vector(1, 4))
@case(vector(1, 1), vector(3, 4))
@case(vector(3, 4), vector(1, 4))
@case(vector(1, 4), vector(1, 4, shift=1.0))
def both_stretched(a, b):
    c = a * b + b
    return np.sum(c * c)


@case(vector(1), vector(4))
@case(vector(4), vector(4, shift=1.0))
def length_one(a, b):
    return np.sum(np.sin(a) * b * b)


@case(vector(4), vector(3, shift=2.0))
def outer_by_newaxis(x, y):
    d = x[:, None] - y[None, :]
    return np.sum(np.exp(-d * d))


@case(vector(6), analytic=False)
def where_of_arrays(x):
    y = np.where(x > 0.0, x * x, np.sin(x))
    return np.sum(y * x)


@case(vector(6), 0.5)
def where_of_scalars(x, c):
    return np.sum(np.where(x > c, c * x, 0.0)) + np.where(c > 0.0, c**2, 1.0)


@case(vector(6), analytic=False)
def clipped(x):
    return np.sum(np.clip(x, -0.4, 0.6) ** 2 * x)


@case(vector(6), vector(6, shift=1.0), analytic=False)
def arrays_of_extremes(x, y):
    return np.sum(np.minimum(x, y) * np.maximum(x, 0.1) + np.abs(y) * x)


@case(vector(4), 0.7)
def updates_of_arrays(x, a):
    y = x.copy()
    y *= a
    y += np.sin(x)
    y -= y * y
    y /= 2.0 + a
    y **= 2
    return np.sum(y * x)


@case(positive(3, 2), vector(2))
def reads_transposed(a, b):
    c = a.T * np.log(a).T
    return np.sum(c[0] * c[1]) + np.sum(c.T @ b)


@case(vector(5))
def array_result(x):
    return np.sin(x) * x[::-1]


@case(vector(5), 0.2)
def tuple_result(x, a):
    y = x * a
    return y, np.sum(y * y), a**2


@case(vector(2, 3))
def made_of_scalars(x):
    y = np.full((2, 3), x[0, 1])
    z = np.ones_like(x) * 2.0 + y
    w = np.linspace(0.0, 1.0, 3) * x[1]
    return np.sum(y * z) + np.sum(w * np.arange(3.0))


@case(vector(4))
def temporary_chain(x):
    a = x * x
    b = a + x
    a = a * b
    b = np.cos(a) - b
    return np.sum(a * b)


@case(vector(0))
@case(vector(3))
def maybe_empty(x):
    y = x * 2.0
    return np.sum(y * x) + 1.0


@case(vector(1), vector(1), vector(3))
@case(vector(3), vector(1), vector(1))
@case(vector(1), vector(3), vector(3))
@case(vector(0), vector(1), vector(1))
def a_sum_of_many_that_may_be_one_long(x, y, z):
    d = x - y
    square = d * d
    cube = square * d
    return np.sum(x + 2.0 * square + cube * z + d * z + square * y + 7.0 * x + z * cube * x + y)


@case(vector(1, 3), vector(2, 1), vector(3))
@case(vector(2, 3), vector(1, 1), vector(1))
def a_sum_of_matrices_that_may_be_one_long(a, b, v):
    d = a - b
    e = d * v + a
    return np.sum(e * d + v * a + b * e * e + v)
