"""Loops over scalars: sums, products, recurrences, loops of no trip, integers among floats."""

import math

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(0.7)
def polynomial(x):
    return 3.0 * x**3 - 2.0 * x**2 + x - 1.0


@case(1.3)
def one_of_each(x):
    a = math.exp(-x) + math.log(x) * math.sqrt(x)
    b = np.tanh(x) / (1.0 + np.arctan(x))
    return a * b + math.sin(x) ** 2 - np.cosh(0.3 * x)


@case(1.3, 0.4)
def powers(x, y):
    return x**y + y**x + x**2.0 + x**-1 + 2.0**y + (x * y) ** 0.5


@case(1.3, 0.4)
def several_arguments(x, y):
    return math.log(x, 3.0) + math.log(2.0 + y, x + 1.0) + math.hypot(x, y, 0.5) + math.fmod(x, 0.5 * y)


@case(1.3, 0.4)
def same_operand_twice(x, y):
    z = x * x
    z = z * z + y * z
    return z - z * y


@case(0.9, 6, jit=True)
@case(0.9, 0)
def geometric(r, n):
    s = 0.0
    term = 1.0
    for _ in range(n):
        s += term
        term *= r
    return s + term


@case(0.2, 5)
def continued_fraction(x, n):
    y = x
    for k in range(n, 0, -1):
        y = k + x / y
    return y


@case(0.3, 0.4, 6)
def two_recurrences(a, b, n):
    for k in range(n):
        a = np.sin(a) + 0.1 * k * b
        b = np.cos(a * b)
    return a * b


@case(0.3, 12)
def steps_of_three(x, n):
    s = x
    for k in range(1, n, 3):
        s = s * np.cos(x + k)
    for k in range(n, -n, -5):
        s += np.sin(s * k)
    return s


@case(0.3, 4)
def triangular(x, n):
    s = 0.0
    for i in range(n):
        for j in range(i):
            s = np.sin(s + x * (i - j))
        for j in range(i, n):
            s += x * np.cos(s * j)
    return s


@case(0.5, 3, 2)
@case(0.5, 0, 2)
@case(0.5, 2, 0)
def nested_carried(x, n, m):
    s = x
    for _ in range(n):
        for _ in range(m):
            s = np.sin(s) + x * s
        s = s * np.cos(x)
    return s


@case(0.7, 5)
def integers_among_floats(x, n):
    k = 1
    s = x
    for i in range(n):
        k = k + 2
        s = s + np.sin(x * k) / (i + 1)
    return s * k


@case(0.7, 5)
def integer_recurrence(x, n):
    k = 7
    s = 0.0
    for _ in range(n):
        k = (5 * k + 3) % 11
        s += x**2 * k + np.sin(s)
    return s


@case(0.7, 4)
def product_of_sums(x, n):
    p = 1.0
    for i in range(n):
        s = 0.0
        for j in range(3):
            s += np.cos(x * (i + j))
        p *= 1.0 + 0.1 * s
    return p


@case(vector(5))
def running_product(x):
    p = 1.0
    for v in x:
        p *= 1.0 + v
    return p


@case(vector(5), positive(5))
def zipped(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        s += a * b**2 * (i + 1)
    return s


@case(vector(6))
def reversed_order(x):
    s = 0.0
    for i in reversed(range(len(x))):
        s = 0.5 * s + np.sin(x[i] + s)
    return s


@case(0.6, True)
@case(0.6, False)
def by_flag(x, flag):
    y = x * x
    return np.sin(y) if flag else np.cos(y)


@case(0.6)
def constant_result(x):
    y = x * 0.0 + 2.0
    return 3.0 * y


@case(0.6, 0.2, wrt=("y",))
def independent_of_it(x, y):
    return x * x


@case(0.3, 3)
def outlives_its_loop(x, n):
    i = 0
    for i in range(1, n + 1):
        x = np.sin(x * i)
    return x * i


@case(-0.4, 1.3, analytic=False)
def extremes(x, y):
    return min(x, y) * 2.0 + max(x * y, y) ** 2 + np.minimum(x, 0.5) * np.maximum(y, 0.1) + abs(x)
