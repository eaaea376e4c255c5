"""Sums, means, products, extremes, with and without an axis; dot and matrix products."""

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(vector(3, 4))
def sums_by_axis(a):
    r = np.sum(a * a, axis=0)
    c = a.sum(axis=1)
    return np.sum(r**2) * c[0] + c[1] * np.sum(a)


@case(vector(3, 4))
def kept_axis(a):
    c = a - np.sum(a, axis=1, keepdims=True)
    d = c / np.sum(np.exp(a), axis=0, keepdims=True)
    return np.sum(c * d)


@case(vector(3, 4))
def last_axis(a):
    return np.sum(np.sum(a, axis=-1) ** 2) + np.sum(np.sum(a, axis=(0, 1)) ** 2)


@case(vector(3, 4))
def means(a):
    centred = a - np.mean(a, axis=0)
    return np.mean(centred**2) + np.mean(a[0]) * a.mean()


@case(positive(2, 3))
def products(a):
    return np.prod(a) + np.sum(np.prod(a, axis=1)) * a[0, 0]


@case(vector(3, 4), analytic=False)
def extremes_of_arrays(a):
    return np.max(a) * np.min(a) + np.sum(np.max(a, axis=0) * np.min(a, axis=0)) + np.max(a[1]) ** 2


@case(vector(4), vector(4, shift=1.0), jit=True)
def dots(x, y):
    return np.dot(x, y) * (x @ x) + np.dot(x[:2], y[2:])


@case(vector(3, 4), vector(4), vector(3))
def bilinear(a, x, y):
    return y @ a @ x + np.sum(np.dot(a, x) ** 2)


@case(vector(3, 4), vector(4, 2))
def matrix_product(a, b):
    c = a @ b
    return c * c


@case(vector(3, 3), 3)
def matrix_power(a, n):
    p = np.eye(3)
    for _ in range(n):
        p = p @ a + p
    return np.sum(p * p)


@case(vector(4, 3), vector(3), vector(2, 4), vector(2))
def two_layers(w, x, v, y):
    hidden = np.tanh(w @ x)
    out = v @ hidden - y
    return 0.5 * np.sum(out**2)


@case(vector(4, 3), vector(3, 3), vector(3))
def mahalanobis(points, b, centre):
    s = 0.0
    for i in range(points.shape[0]):
        d = points[i] - centre
        s += d @ (b @ d)
    return s


@case(vector(5), analytic=False)
def softmax(x):
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return np.sum(p * np.log(p))


@case(vector(5))
def variance_by_hand(x):
    m = x.mean()
    s = 0.0
    for v in x:
        s += (v - m) ** 2
    return s / (x.size - 1)


@case(vector(3, 4))
def reduction_in_loop(a):
    s = 0.0
    for i in range(a.shape[0]):
        a[i] = a[i] / (1.0 + np.sum(a[i] ** 2))
        s += np.sum(a[i] * a[0]) * s + 1.0
    return s


@case(vector(4, 3))
def places_of_extremes_along_axes(A):
    d = ((A[:, None] - A[None]) ** 2).sum(-1) + 9.0 * np.eye(4)
    nearest, tops = d.argmin(1), np.argmax(A, axis=0, keepdims=True)
    s = np.sum((A - A[nearest]) ** 2) + np.sum(np.take_along_axis(A, tops, axis=0) ** 3)
    return s + A.ravel()[A.argmax()] * A.ravel()[np.argmin(d)]
