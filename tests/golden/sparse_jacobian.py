import numpy as np


def stencil_sets(u, h, u_set):
    r_set = np.zeros_like(u, np.int64)
    for i in range(1, u.shape[0] - 1):
        r_set[i] = u_set[i - 1] | u_set[i] | u_set[i + 1]
    return r_set


import numpy as np


def stencil_sparse_jacobian(u, h, groups, starts, sources, places):
    count = starts.shape[0] - 1
    data = np.empty(places.shape[0])
    seed = np.zeros_like(u)
    seed_1 = np.zeros_like(u)
    seed_2 = np.zeros_like(u)
    for first in range(0, count, 3):
        for i in range(u.shape[0]):
            seed[i] = 1.0 if groups[i] == first else 0.0
            seed_1[i] = 1.0 if groups[i] == first + 1 else 0.0
            seed_2[i] = 1.0 if groups[i] == first + 2 else 0.0
        r_dot = np.zeros_like(u)
        r_dot2 = np.zeros_like(u)
        r_dot3 = np.zeros_like(u)
        for i_2 in range(1, u.shape[0] - 1):
            r_dot[i_2] = (seed[i_2 - 1] - 2.0 * seed[i_2] + seed[i_2 + 1]) / h ** 2 + 2.0 * u[i_2] * seed[i_2]
            r_dot2[i_2] = (seed_1[i_2 - 1] - 2.0 * seed_1[i_2] + seed_1[i_2 + 1]) / h ** 2 + 2.0 * u[i_2] * seed_1[i_2]
            r_dot3[i_2] = (seed_2[i_2 - 1] - 2.0 * seed_2[i_2] + seed_2[i_2 + 1]) / h ** 2 + 2.0 * u[i_2] * seed_2[i_2]
        for e in range(starts[first], starts[first + 1]):
            data[places[e]] = r_dot[sources[e]]
        if first + 1 < count:
            for e in range(starts[first + 1], starts[first + 2]):
                data[places[e]] = r_dot2[sources[e]]
        if first + 2 < count:
            for e in range(starts[first + 2], starts[first + 3]):
                data[places[e]] = r_dot3[sources[e]]
    return data
