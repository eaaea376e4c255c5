"""Reads and writes through masks and arrays of indices."""

import numpy as np

from tests.corpus.registry import case, vector


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


SIGNS = np.array([0.3, -1.2, 2.0, 0.7, -0.4])


@case(SIGNS, analytic=False, jit=True)
@case(-np.abs(SIGNS), analytic=False)
def read_through_a_mask(x):
    return np.sum(x[x > 0.0] ** 2) + np.sum(x) * x[0]


@case(SIGNS, analytic=False, twice=False)
def written_through_masks(x):
    y = np.zeros_like(x)
    m = x > 0.0
    y[m] = np.sqrt(x[m])
    y[~m] = x[~m] ** 3
    y[y < 0.0] *= 2.0
    y[m] += x[m] * x[0]
    return np.sum(y * y * x)


@case(matrix(3, 4), analytic=False)
def masks_of_a_matrix(a):
    b = a * 1.0
    b[b > 0.0] += b[b > 0.0] ** 2
    rows = np.array([True, False, True])
    b[rows] = b[rows] * a[1]
    columns = a[0] > 0.0
    b[:, columns] += 1.0
    return np.sum(b * a) + np.sum(b[:, columns] ** 3)


@case(SIGNS, analytic=False, twice=False)
def a_mask_in_a_loop(x):
    s = 0.0
    for k in range(3):
        m = x > 0.1 * k
        s += np.sum(x[m] ** 2) * x[k]
    return s


@case(SIGNS, analytic=False)
@case(-SIGNS, analytic=False)
def a_mask_where_it_may_not_be_read(x):
    top = np.sum(x[x > 0.9] ** 2) if np.any(x > 0.9) else x[0]
    if x[0] > 0.0 and np.sum(x[x > 0.0]) > 2.0:
        top = top * x[1]
    return top


@case(matrix(3, 4), analytic=False, twice=False)
def places_found(a):
    i, j = np.where(a > 0.0)
    flat = np.flatnonzero(a > 0.0)
    return np.sum(a[i, j] ** 2 * i) + np.sum(a[np.nonzero(a)] ** 3) + np.sum(a.ravel()[flat] * a[i[0], j[0]])


@case(matrix(3, 4), np.array([0, 0, 2]), np.array([1, 1, 3]), vector(3), jit=True)
def added_at_places(a, i, j, v):
    b = np.zeros((3, 4))
    np.add.at(b, (i, j), v**2)
    np.add.at(b, i, a)
    np.subtract.at(b[0], j, v[0])
    return np.sum(b**2)


@case(SIGNS, np.array([0, 0, 1]))
def an_update_at_repeated_places(x, i):
    y = x.copy()
    y[i] += x[:3] ** 2
    y[i] *= 2.0
    return np.sum(y**3)


@case(SIGNS, analytic=False, twice=False)
def put_and_placed(x):
    y = x.copy()
    np.place(y, y > 0.0, x[:2] ** 2)
    np.putmask(y, y < 0.0, x * x)
    np.put(y, np.array([0, -1]), x[1] * x[2])
    return np.sum(y**2) + np.sum(np.extract(x > 0.0, x) ** 3)


@case(matrix(3, 4), vector(5), twice=False)
def taken_and_inserted(a, x):
    b = a.copy()
    np.fill_diagonal(b, a[0, 1] ** 2)
    np.put(b, 5, a[0, 0] * 3.0)
    s = np.sum(np.take(b, np.array([3, 0]), axis=1) ** 2) + np.sum(np.take(x, np.array([3, 3, 0])) ** 2)
    s += np.sum(np.delete(x, 1) ** 2) + np.sum(np.append(x, x[0]) ** 3)
    return s + np.sum(np.insert(x, 2, x[1] * x[0]) ** 3)


@case(np.array([1.0, 1.5, 2.0, 0.7]), jit=True)
def stiffness_of_bars(k):
    K = np.zeros((5, 5))
    ends = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    for e in range(4):
        K[np.ix_(ends[e], ends[e])] += k[e] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    free = [1, 2, 3, 4]
    u = np.linalg.solve(K[np.ix_(free, free)], np.ones(4))
    return u @ u


@case(matrix(5, 5))
def a_grid_of_places(A):
    B = A.copy()
    B[np.ix_([0, 1], [3, 4])] = 2.0 * A[np.ix_([2, 3], [0, 0])]
    B[np.ix_([0, 0], [2, 3])] *= A[0, 0]
    chosen = np.ix_(np.array([True, False, True, True, False]), [1, 2])
    return np.sum(B**3) + np.sum(B[chosen] ** 2)
