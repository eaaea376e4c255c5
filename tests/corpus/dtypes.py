"""float32, integers and booleans among floats."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(5, dtype=np.float32), jit=True)
def single(x):
    s = np.float32(0.0)
    for i in range(x.shape[0]):
        s += x[i] * x[i]
    return s


@case(vector(5, dtype=np.float32), vector(5, shift=1.0))
def mixed_precision(x, y):
    s = 0.0
    for i in range(5):
        s += x[i] * np.sin(y[i])
    return s


@case(vector(5, dtype=np.float32))
def single_in_place(x):
    for i in range(1, 5):
        x[i] = x[i] * x[i - 1]
    return np.sum(x)


@case(vector(5), np.arange(5))
def integer_array(x, k):
    s = 0.0
    for i in range(5):
        s += x[i] * k[i] ** 2 / (1 + k[i])
    return s


@case(vector(5), np.array([True, False, True, True, False]))
def mask_array(x, m):
    s = 0.0
    for i in range(5):
        if m[i]:
            s += x[i] ** 2
        else:
            s -= x[i]
    return s + np.sum(x * m)


@case(vector(5))
def counted(x):
    count = 0
    s = 0.0
    for v in x:
        if v > 0.0:
            count += 1
            s += v * count
    return s / max(count, 1)


@case(2.5)
def rounded(x):
    k = int(x)
    return x * k + np.floor(x) * x + float(k) ** 2


@case(vector(4), (0.5, 1.5))
def tuple_argument(x, ab):
    a, b = ab
    return np.sum(x * a) ** 2 + b * ab[0]


@case((vector(3), 0.3), 2)
def tuple_of_array_and_scalar(state, n):
    x, a = state
    for _ in range(n):
        x = x * a + 0.1
    return np.sum(x * x)
