"""Functions of NumPy in their breadth: products by subscripts, grids, parts, statistics, polynomials."""

import copy

import numpy as np
from numpy.polynomial import polynomial

from tests.corpus.registry import case, positive, vector


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


SIGNS = np.array([0.3, -1.2, 2.0, 0.7, -0.4])


@case(matrix(3, 4), matrix(4, 3, 1), twice=False)
def products_by_subscripts(a, b):
    s = np.sum(np.einsum("ij,jk->ik", a, b) ** 2) + np.sum(np.einsum("ij,jk", a, b) ** 3)
    s += np.sum(np.einsum("ji,jk->ik", b, b) ** 2) + np.einsum("ij,ji->", a, b) ** 2
    return s + np.sum(np.einsum("ij,kj->ik", a, a)) * np.einsum("ij->", a)


@case(matrix(3, 3), vector(3), jit=True)
def a_form(a, x):
    return np.einsum("i,ij,j->", x, a, x) * np.einsum("ii", a)


@case(matrix(3, 3), np.random.default_rng(2).normal(size=(2, 3, 3)), twice=False)
def more_subscripts(a, t):
    s = np.einsum("ij,jk,ki->", a, a, a) + np.einsum("ii", a) * np.sum(np.einsum("ii->i", a) ** 2)
    s += np.sum(np.einsum("...ij,ij->...", t, a) ** 2) + np.sum(np.einsum("i,j->ij", a[0], a[1]) ** 2)
    return s + np.sum(np.tensordot(t, a, axes=((1, 2), (0, 1))) ** 2) + np.tensordot(a, a) ** 2


@case(matrix(3, 3), matrix(3, 2, 1))
def powers_of_a_matrix(a, b):
    return np.sum(np.linalg.multi_dot([a, b, b.T]) * a) + np.sum(np.linalg.matrix_power(a, 5) * a)


@case(vector(5), matrix(3, 4), twice=False)
def grids_and_choices(x, a):
    p, q = np.meshgrid(x[:3], x[2:])
    r, s = np.broadcast_arrays(a, x[:4])
    return np.sum(p**2 * q) + np.sum(r * s**2)


@case(SIGNS, analytic=False)
def selected(x):
    return np.sum(np.select([x < 0, x < 1], [x**2, np.sin(x)], default=x[0] * x)) + np.select([x[0] < 0], [x[1]], 3.0)


@case(SIGNS, analytic=False)
def pieces(x):
    """The last condition that holds decides, and an integer stays one."""
    s = np.sum(x * np.piecewise(x, [x < 0.5, x > 0.2], [2.0, 3.0]))
    s += np.sum(x**2 * np.piecewise(x, [x < 0.0, x > 1.0], [2, 3, 7]))
    return s + x[0] * np.piecewise(x[0], [x[0] < 0.0], [2.0, 0.5]) + x[1] * np.piecewise(3, [True, False], [2.7, 1.0])


@case(vector(3), jit=True, twice=False)
def copies(x):
    y = copy.copy(x)
    y[0] = 3.0 * y[1]
    pair = (x * 2.0, copy.copy(x[1]))
    own, shared = copy.deepcopy(pair), copy.copy(pair)
    own[0][1] = 5.0
    shared[0][2] = x[0]
    return np.sum(y * x) + np.sum(pair[0] * own[0] ** 2) * own[1]


@case(vector(3), twice=False)
def rows_of_rows(x):
    a, b = (x, 2.0 * x), (x * x, 1.0 / x)
    A = np.array([a, b, (x, [1.0, 2.0, 3.0])])
    B, C, D = np.atleast_2d(x, 2.0 * x[0], A[0])
    E, F, G = np.atleast_3d(x, x[1], D)
    A = A + np.sum(E[0, 1] * E[0, 2]) + F[0, 0, 0] ** 2 + np.sum(G[1] * G[0]) + np.sum(np.atleast_1d(D, x)[1])
    s = np.sum(A[0, 1] * A[1, 0] * A[1, 1, 0]) + np.sum(np.array([a, b]).sum(axis=1) ** 2)
    return s + np.sum(B * C) + np.sum(D**2) + np.atleast_1d(x[1])[0] + np.sum(A[2, 1] * x)


@case(matrix(3, 4), twice=False)
def parts_and_blocks(a):
    b, c = np.split(a, 2, axis=1)
    d, e, f = np.array_split(a.ravel(), 3)
    g, h = np.hsplit(a, [1])
    i, j, k = np.vsplit(a, 3)
    s = np.sum(b * c**2) + np.sum(d * e) + np.sum(f**3) + np.sum(g * h) + np.sum(i * j * k)
    return s + np.sum(np.block([[a, b], [c, a]]) ** 2) + np.sum(np.dstack((b, c**2)) ** 2)


@case(matrix(3, 4), twice=False)
def turned_and_triangular(a):
    s = np.sum(np.rot90(a) * np.rot90(a, -1) ** 2) + np.sum(np.roll(a, 2) * a) + np.trace(a, 1)
    s += np.sum(np.tril(a, -1) ** 2) + np.sum(np.triu(a, 1) ** 2) + np.sum(np.diag(a, -1) ** 2)
    i, j = np.triu_indices(3)
    return s + np.sum(np.diag(a[0], 1) ** 3) + np.sum(a[i, j] ** 2) + np.sum(np.vander(a[0]) ** 2)


@case(SIGNS, analytic=False, twice=False)
def steps_and_wrapped(x):
    s = np.sum(np.unwrap(x * 5.0) ** 2) + np.sum(np.ediff1d(x, to_begin=x[0], to_end=x[1:2]) ** 2)
    return s + np.sum(np.resize(x, (3, 4)) ** 2) + np.sum(np.nan_to_num(x / 2.0, nan=1.0) ** 2)


@case(SIGNS, analytic=False, twice=False)
def counted_with_weights(x):
    s = np.sum(np.bincount(np.array([0, 1, 1, 3, 0]), weights=x) ** 2)
    s += np.sum(np.histogram(x, bins=3, weights=x**2, range=(-2.0, 3.0))[0] ** 2)
    return s + np.sum(x * np.digitize(x, np.array([-1.0, 0.0, 1.0])))


@case(matrix(3, 5), analytic=False, twice=False)
def covariances(a):
    return np.sum(np.cov(a) ** 2) + np.sum(np.corrcoef(a)[0]) + np.cov(a[0]) * a[0, 0]


@case(np.array([0.3, np.nan, 2.0, -0.7]), analytic=False, twice=False)
def without_nans(x):
    s = np.nansum(x) ** 2 + np.nanmean(x) ** 2 + np.nanvar(x) + np.nanstd(x) + np.nanmax(x) ** 2 + np.nanmin(x)
    return s + np.nanprod(x) + np.nanmedian(x) ** 2 + np.nanpercentile(x, 30) ** 2 + x[np.nanargmax(x)]


@case(SIGNS, analytic=False, twice=False)
def distinct_values(x):
    s = np.sum(np.unique(x) ** 2 * np.arange(5.0)) + np.sum(np.union1d(x, x[:2] * 3.0) ** 2)
    return s + np.sum(np.intersect1d(x, x[1:3]) ** 2) + np.sum(np.setdiff1d(x, x[1:3]) ** 2)


@case(vector(5), analytic=False, twice=False)
def polynomials(x):
    s = np.sum(np.polyder(x) ** 2) + np.sum(np.polyint(x) ** 2) + np.sum(np.polymul(x, x[:2]) ** 2)
    s += polynomial.polyval(x[0], x) + np.sum(polynomial.polymul(x, x[:2]) ** 2)
    return s + np.sum(np.correlate(x, x[:2], "full") ** 2) + np.sum(np.hamming(5) * x)


@case(0.7, positive(3), analytic=False, twice=False)
def numbers_taken_for_arrays(a, x):
    s = float(np.all(a > 0)) * a + np.full_like(a, 2.0) * a + np.expand_dims(a, 0)[0] ** 2
    s += np.float64(a).copy() ** 2 + np.asarray(a) ** 2 * (np.asarray(a) > 0).all()
    for k, v in enumerate(x.flat):
        s += v * k * np.atleast_1d(a)[0]
    y = np.array(x, dtype=float)
    y.sort()
    t = np.asarray(a)
    return s + y[0] * y[1] + np.sum(t[t > 0.1] ** 2) + t[None][0] * t[...] + np.sum(np.ravel(a)[..., None] ** 3)


@case(matrix(3, 4), analytic=False, twice=False)
def ordered_along_axes(a):
    s = np.sum(np.sort(a) ** 2 * np.arange(4.0)) + np.sum(np.sort(a, axis=0) * np.arange(3.0)[:, None])
    i = np.argsort(a, axis=1)
    return s + np.sum(np.take_along_axis(a, i, 1)[:, 0] ** 2) + np.sum(np.trapezoid(a, dx=0.3) ** 2)


@case(matrix(3, 4))
def over_places(a):
    s = 0.0
    b = np.zeros_like(a)
    for i, j in np.ndindex(a.shape):
        s += a[i, j] ** 2 * i
    for (_, k), v in np.ndenumerate(a):
        s += v**3 * k
    for place in np.ndindex(*a.shape):
        b[place] = a[place] ** 3
    return s + np.sum(b * a)


@case(np.array([0.5, -1.5, 2.0, -0.7]), analytic=False)
def some_elements_of_a_function(x):
    y = np.divide(1.0, x, out=np.zeros_like(x), where=x > 0.0)
    z = np.log(x, where=x > 0.0, out=np.full_like(x, 2.0))
    out = np.ones_like(x)
    np.sqrt(x, out=out, where=x > 1.0)
    return np.sum(y**2 * x) + np.sum(z * x) + np.sum(out * np.sin(x))


@case(np.array([0.5, -1.5, 2.0, 1.2]))
def some_elements_in_place(x):
    y = x**2
    np.copyto(y, x**3, where=x > 1.0)
    np.add(y, 1.0, out=y, where=y > 3.0)
    np.multiply(y, y, where=x < 1.0, out=y)
    return np.sum(y * np.cos(x))
