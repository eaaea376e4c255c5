"""Arrays written in place: overwritten, accumulated into, read back, by several indices."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(5))
def overwritten_parameter(x):
    x[0] = x[1] * x[2]
    x[1] = x[0] ** 2
    x[2] += x[1] * x[0]
    return np.sum(x)


@case(vector(5))
def accumulated_element(x):
    y = np.zeros(3)
    y[0] += x[0] * x[1]
    y[0] += x[2] * y[0]
    y[1] -= x[3] * y[0]
    y[2] = y[0] * y[1]
    y[2] *= x[4]
    return y[0] + y[1] + y[2]


@case(vector(6), jit=True)
def prefix_in_place(x):
    for i in range(1, x.shape[0]):
        x[i] += np.sin(x[i - 1])
    return x


@case(vector(6))
def suffix_in_place(x):
    for i in range(x.shape[0] - 2, -1, -1):
        x[i] = x[i] * x[i + 1] + x[i]
    return np.sum(x * x)


@case(vector(6))
def wraps_round(x):
    for i in range(x.shape[0]):
        x[i] = x[i] + 0.5 * x[i - 1] ** 2
    return np.sum(x) + x[-1] * x[-2]


@case(vector(4, 5), 2)
@case(np.asfortranarray(vector(4, 5)), 2)
def stencil(u, steps):
    n, m = u.shape
    v = u.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + 0.2 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] * u[i, j + 1] - 4.0 * u[i, j])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = v[i, j]
    return np.sum(u * u)


@case(vector(4, 4))
def gauss_seidel(u):
    for _ in range(3):
        for i in range(1, 3):
            for j in range(1, 3):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]) + 0.1 * u[i, j] ** 2
    return u


@case(vector(5), np.array([2, 0, 2, 4]))
def indirect_read(x, idx):
    s = 0.0
    for i in range(idx.shape[0]):
        s += x[idx[i]] ** 2 * x[i]
    return s


@case(vector(5), np.array([2, 0, 2, 4, 2]))
def indirect_accumulate(x, idx):
    y = np.zeros(5)
    for i in range(idx.shape[0]):
        y[idx[i]] += np.sin(x[i])
    for i in range(idx.shape[0]):
        y[idx[i]] = y[idx[i]] * x[i]
    return np.sum(y * y)


@case(vector(5), np.array([2, 0, 2, 4, 2]))
def indirect_overwrite(x, idx):
    for i in range(idx.shape[0]):
        x[idx[i]] = x[i] * x[idx[i]] + 0.3
    return np.sum(x * x)


@case(vector(5), np.array([1, 2, 0, 3, 1]), twice=False)
def index_array_overwritten(x, idx):
    s = 0.0
    for i in range(5):
        s += x[idx[i]] * (i + 1)
        idx[i] = (idx[i] + 1) % 5
        s = np.sin(s) * x[idx[i]]
    return s


@case(vector(6), 4)
def same_place_each_trip(x, n):
    for i in range(n):
        x[0] = x[0] * x[i + 1] + 0.1
        x[1] = np.sin(x[0])
    return x[0] * x[1]


@case(vector(6))
def swap_elements(x):
    for i in range(3):
        x[i], x[5 - i] = x[5 - i] * x[i], x[i]
    return np.sum(x * np.arange(6))


@case(vector(5))
def bubble_sort(x):
    for i in range(5):
        for j in range(4 - i):
            if x[j] > x[j + 1]:
                t = x[j]
                x[j] = x[j + 1]
                x[j + 1] = t
    s = 0.0
    for i in range(5):
        s += x[i] ** 2 * (i + 1)
    return s


@case(vector(5), vector(5, shift=1.0))
def two_arrays(x, y):
    for i in range(1, 5):
        x[i] = x[i] * y[i - 1]
        y[i] = y[i] + x[i] ** 2
    return np.sum(x) * y[4]


@case(vector(4), 3)
def array_of_each_trip(x, n):
    s = 0.0
    for k in range(n):
        w = np.zeros(4)
        for i in range(4):
            w[i] = np.sin(x[i] * (k + 1)) + s
        for i in range(1, 4):
            w[i] = w[i] * w[i - 1]
        s += w[3] * w[0]
    return s


@case(vector(4))
def parameter_read_after(x):
    a = x[0]
    x[0] = 2.0 * x[1]
    b = x[0]
    x[0] = a * b
    return a * b + x[0] ** 2


@case(vector(3, 3))
def cholesky(b):
    a = b @ b.T + 3.0 * np.eye(3)
    for j in range(3):
        for k in range(j):
            for i in range(j, 3):
                a[i, j] -= a[i, k] * a[j, k]
        a[j, j] = np.sqrt(a[j, j])
        for i in range(j + 1, 3):
            a[i, j] /= a[j, j]
    return np.log(a[0, 0]) + np.log(a[1, 1]) + np.log(a[2, 2]) + a[2, 0] * a[1, 0]


@case(vector(4, 4), vector(4))
def elimination(a, b):
    for i in range(4):
        a[i, i] += 3.0
    for k in range(4):
        for i in range(k + 1, 4):
            m = a[i, k] / a[k, k]
            for j in range(k, 4):
                a[i, j] -= m * a[k, j]
            b[i] -= m * b[k]
    for i in range(3, -1, -1):
        for j in range(i + 1, 4):
            b[i] -= a[i, j] * b[j]
        b[i] /= a[i, i]
    return b


@case(vector(3))
def an_item_of_a_dict_is_changed_in_place(x):
    y, z = x * 1.0, x + 2.0
    d = {"y": y, "z": z}
    for key in ("y", "z"):
        d[key] *= x[0]
        d[key] -= x
    d["z"] = d["z"] * 3.0
    return y * z
