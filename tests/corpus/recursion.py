"""Functions that call themselves: numbers, arrays that get shorter, trees, functions as arguments, arrays written."""

import numpy as np

from tests.corpus.registry import case, vector


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def even(x, n):
    return x if n == 0 else odd(np.sin(x), n - 1)


def odd(x, n):
    return x * x if n == 0 else even(x * np.cos(x), n - 1)


def both(x, n):
    if n == 0:
        return x, 1
    a, count = both(x * np.exp(0.1 * x), n - 1)
    return a * a, count + 1


def halves(v):
    if v.shape[0] == 1:
        return v[0]
    middle = v.shape[0] // 2
    return np.sin(halves(v[:middle])) * halves(v[middle:])


def below(i, v, children):
    if i < 0:
        return 0.0
    return v[i] * (1.0 + below(children[i, 0], v, children) + below(children[i, 1], v, children) ** 2)


def integral(f, a, b, depth):
    middle = 0.5 * (a + b)
    rough = (b - a) * f(middle)
    fine = 0.5 * (b - a) * (f(0.5 * (a + middle)) + f(0.5 * (middle + b)))
    if depth == 0 or abs(rough - fine) < 0.05:
        return fine
    return integral(f, a, middle, depth - 1) + integral(f, middle, b, depth - 1)


def swept(u, f, n):
    if n == 0:
        return u
    for i in range(1, u.shape[0]):
        u[i] = 0.5 * (u[i - 1] * u[i] + f[i])
    return swept(u, f, n - 1)


@case(1.3, 3, jit=True)
@case(1.3, 0, twice=False)
def of_numbers(x, n):
    return power(x, n) * power(x + 1.0, 2)


@case(0.7, 3, twice=False)
def of_one_another(x, n):
    return even(x, n) + odd(x, n) * x


@case(0.3, 2, twice=False)
def of_tuples(x, n):
    y, count = both(x, n)
    return y * count


@case(vector(5), twice=False)
def of_pieces(v):
    return halves(v)


@case(vector(4), np.array([[1, 2], [3, -1], [-1, -1], [-1, -1]]), twice=False)
def of_a_tree(v, children):
    total = 0.0
    for i in range(2):
        if v[i] > 0.0:
            total += below(i, v, children)
    return total


@case(1.2, 0.3, analytic=False, twice=False)
def of_a_function(k, a):
    return integral(lambda t: np.exp(-k * t * t), a, 2.0, 8)


@case(vector(4), vector(4), 2, twice=False)
def in_place(u, f, n):
    v = swept(u, f, n)
    return np.sum(v * u) + u[2]


@case(vector(5), 1.3, twice=False)
def defined_inside(x, k):
    def total(v, i):
        if i == len(v):
            return k
        return np.sin(v[i] * k) + total(v, i + 1) * x[0]

    return total(x, 0) + total(x[1:] * k, 1)
