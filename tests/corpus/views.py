"""Views and writes through them: rows, columns, transposes, strides, views of views."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(3, 4), jit=True)
def rows(a):
    s = 0.0
    for i in range(a.shape[0]):
        row = a[i]
        for j in range(row.shape[0]):
            s += row[j] ** 2 * (i + 1)
    return s


@case(vector(3, 4))
def write_through_row(a):
    for i in range(1, a.shape[0]):
        row = a[i]
        above = a[i - 1]
        for j in range(4):
            row[j] = row[j] * above[j] + 0.1
    return np.sum(a * a)


@case(vector(3, 3))
def write_through_transpose(a):
    t = a.T
    for i in range(3):
        t[i, 0] = a[0, i] * a[i, 0] + t[1, i]
    return np.sum(a * a[0, 0])


@case(vector(7))
def write_through_stride(x):
    v = x[::2]
    w = x[1::2]
    for i in range(w.shape[0]):
        v[i] = v[i] * w[i]
        w[i] += v[i + 1]
    return np.sum(x * x)


@case(vector(6))
def write_through_reversed(x):
    r = x[::-1]
    for i in range(5):
        r[i] = r[i] * r[i + 1] + x[i]
    return np.sum(x * x)


@case(vector(6))
def view_of_view(x):
    v = x[1:]
    w = v[1:4]
    w[0] = x[0] * x[1]
    w[-1] += v[0] * w[0]
    v[-1] = w[1] ** 2
    return np.sum(x * x)


@case(vector(3, 4))
def columns(a):
    s = 0.0
    for j in range(4):
        c = a[:, j]
        c[0] = c[1] * c[2]
        s += np.sum(c**2)
    return s + a[0, 0]


@case(vector(4, 5))
def window(a):
    w = a[1:3, 1:4]
    w[0, 0] = w[1, 1] * w[0, 2]
    w[1] = w[0] * 2.0
    w *= a[0, 0]
    return np.sum(a * a)



@case(vector(4))
def two_names(x):
    y = x
    y[0] = x[1] * x[2]
    x[1] = y[0] * y[3]
    return np.sum(x * y)


@case(vector(2, 3, 4))
def rank_three(a):
    s = 0.0
    for i in range(2):
        plane = a[i]
        for j in range(3):
            line = plane[j]
            line[1] = line[0] * line[3]
            s += line[1] * plane[0, 2]
    return s + np.sum(a[1, 2])


@case(vector(4, 4))
def diagonal_block(a):
    for k in range(3):
        block = a[k : k + 2, k : k + 2]
        d = block[0, 0] * block[1, 1] - block[0, 1] * block[1, 0]
        block[1, 1] = np.sin(d)
    return a[3, 3] + a[1, 1]


@case(vector(3, 4))
def last_axis_first(a):
    b = a.transpose(1, 0)
    b[0] = b[1] * b[2]
    return np.sum(b[0] * a[:, 3])


@case(vector(5))
def view_read_after_write(x):
    v = x[1:4]
    s = v[0] * v[1]
    x[1] = s
    x[2] *= v[0]
    return v[0] * v[1] + s


@case(vector(4, 3))
def iterated_rows(a):
    s = 0.0
    for row in a:
        row[0] = row[1] * row[2]
        s += row[0] * row[0]
    return s + a[2, 0]


@case(vector(3, 4), 2)
def row_chosen_at_run_time(a, k):
    r = a[k]
    r[:] = r * a[k - 1]
    a[k - 2, 1:3] = r[:2]
    return np.sum(a * a)


@case(vector(6), 3)
def wraps_round_in_a_view(x, n):
    v = x[1:4]
    s = 0.0
    for i in range(n):
        v[i - 1] = v[i] * v[i - 2] + x[i - 1]
        s += v[i - 3] ** 2
    return s + np.sum(x * x)


@case(vector(4, 5), 2)
def wraps_round_in_a_block(a, n):
    block = a[:-1, 1:3]
    for i in range(n):
        block[i - 1, i - 2] += block[i - 3, 0] * block[0, i - 1]
    return np.sum(a * a)


@case(vector(8), 3)
def wraps_round_in_a_stride(x, n):
    v = x[6:0:-2]
    for i in range(n):
        v[i - 1] *= v[i - 2]
    return np.sum(x * x)
