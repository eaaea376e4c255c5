import numpy as np


def stencil_sets(u, h, u_set):
    r_set = np.zeros_like(u, np.int64)
    for i in range(1, u.shape[0] - 1):
        r_set[i] = u_set[i - 1] | u_set[i] | u_set[i + 1]
    return r_set


import numpy as np
from adcompile.runtime import check_equal


def stencil_sparse_jacobian(u, h, shape, seed, seed_1, seed_2, sources):
    rows = max(shape[0], 0)
    products = np.empty(3 * rows)
    data = np.empty(sources.shape[0])
    check_equal(rows, u.shape[0])
    for i in range(rows):
        products[i] = 0.0
    for i in range(rows):
        products[rows + i] = 0.0
    for i in range(rows):
        products[2 * rows + i] = 0.0
    for i in range(1, u.shape[0] - 1):
        t = 1.0 / h ** 2
        products[i] = t * (seed[i - 1] - 2.0 * seed[i] + seed[i + 1]) + 2.0 * u[i] * seed[i]
        products[rows + i] = t * (seed_1[i - 1] - 2.0 * seed_1[i] + seed_1[i + 1]) + 2.0 * u[i] * seed_1[i]
        products[2 * rows + i] = t * (seed_2[i - 1] - 2.0 * seed_2[i] + seed_2[i + 1]) + 2.0 * u[i] * seed_2[i]
    for e in range(sources.shape[0]):
        data[e] = products[sources[e]]
    return data
