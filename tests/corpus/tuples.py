"""Tuples: several targets, swaps, chained assignment."""

import numpy as np

from tests.corpus.registry import case, vector


@case(0.3, 0.5)
def swapped_scalars(a, b):
    a, b = b * a, a
    a, b = b, a + b
    return a * a * b


@case(0.3, 5, jit=True)
def fibonacci(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, np.sin(a) + b
    return b


@case(0.3)
def chained(x):
    a = b = x * x
    a += x
    c = d = a * b
    c = c * d
    return c + d


@case(0.3, 0.5)
def nested(x, y):
    (a, b), c = (x, y * x), x + y
    pair = (a * b, c)
    p, q = pair
    return p * q + pair[0]


@case(vector(4))
def unpacked_shape(x):
    (n,) = x.shape
    s = 0.0
    for i in range(n):
        s += x[i] ** 2 / n
    return s


@case(vector(3))
def chained_elements(x):
    y = np.zeros(3)
    y[0] = y[1] = x[0] * x[1]
    y[2] = s = y[0] + x[2]
    return np.sum(y * y) + s


@case(0.4, 0.7, 3)
def loop_over_tuple_state(x, v, n):
    state = (x, v)
    for _ in range(n):
        a, b = state
        state = (a + 0.1 * b, b - 0.1 * np.sin(a))
    return state[0] ** 2 + state[1]


@case(0.4)
def literal_tuple_iterated(x):
    s = 0.0
    for c in (1.0, 0.5, 0.25):
        s = s * x + c
    return s
