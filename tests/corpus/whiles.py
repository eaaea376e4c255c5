"""while: Newton, counters, loops in loops, loops of no trip."""

import numpy as np

from tests.corpus.registry import case, positive, vector


@case(2.0, 12)
@case(2.0, 0)
def square_root(a, n):
    x = a
    k = 0
    while k < n:
        x = 0.5 * (x + a / x)
        k += 1
    return x


@case(0.3)
def until_large(x):
    y = x
    while y < 10.0:
        y = y * y + 1.1 * x + 1.0
    return y


@case(5.0)
def no_trip(x):
    y = x * x
    while y < 10.0:
        y = y * 2.0
    return y


@case(positive(4), jit=True, analytic=False)
def inner_while(a):
    s = 0.0
    for i in range(a.shape[0]):
        x = 1.0
        k = 0
        while abs(x * x - a[i]) > 1e-13 and k < 50:
            x = 0.5 * (x + a[i] / x)
            k += 1
        s += x * (i + 1)
    return s


@case(0.3)
def while_in_while(x):
    s = 0.0
    i = 0
    while i < 3:
        y = x + i
        while y < 4.0:
            y = y * 1.5 + 0.1 * x
            s += np.sin(y)
        i = i + 1
    return s


@case(vector(5), 3)
def while_over_memory(x, n):
    k = 0
    while k < n:
        for i in range(1, x.shape[0]):
            x[i] = x[i] * x[i - 1] + 0.5
        k += 1
    return np.sum(x)


@case(vector(6), analytic=False)
def sweep_until_settled(u):
    change = 1.0
    while change > 0.05:
        change = 0.0
        for i in range(1, u.shape[0] - 1):
            new = 0.5 * (u[i - 1] + u[i + 1])
            change = max(change, abs(new - u[i]))
            u[i] = new
    return np.sum(u * u)


@case(20.0, 0.3)
def triangular_while(n, x):
    s = 0.0
    i = 0
    while i < 4:
        j = i
        while j < 4:
            s = np.cos(s + x * j) + n * 0.01
            j += 2
        i += 1
    return s


@case(0.5, 3)
def doubled_state(x, n):
    a, b = x, 1.0
    while n > 0:
        a, b = a * b, a + b
        n -= 1
    return a + b


@case(0.4, 5)
def array_allocated_in_while(x, n):
    s = x
    while n > 0:
        w = np.zeros(3)
        for i in range(3):
            w[i] = np.sin(s * (i + 1))
        s = w[0] * w[1] + w[2]
        n -= 1
    return s
