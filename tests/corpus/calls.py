"""Calls of other functions: defaults, keywords, closures, module constants, callees that write their arguments."""

import math

import numpy as np
from numba import njit

from tests.corpus.registry import case, vector

GRAVITY = 9.81
WEIGHTS = (0.25, 0.5, 0.25)


def scaled(x, by=2.0, *, shift=0.0):
    return by * x + shift


def damped(x, rate=0.1):
    if x < 0.0:
        return x * rate
    return scaled(x, shift=rate)


@njit
def compiled_helper(x, y):
    return np.sin(x) * y


def fill(out, x):
    for i in range(out.shape[0]):
        out[i] = x[i] * out[i] + 0.5


def bump(out, i, by):
    out[i] += by
    return out[i]


def both(x):
    return np.sin(x), x * x


def norm(x):
    return np.sqrt(np.sum(x * x))


def made(k):
    def inner(x):
        return k * x**2

    return inner


tripled = made(3.0)
by_lambda = lambda x: x**3 - x  # noqa: E731


@case(0.7)
@case(-0.7)
def defaults_and_keywords(x):
    return scaled(x) * scaled(x, 3.0) + scaled(shift=x, x=0.5) * damped(x) + damped(rate=x, x=-1.0)


@case(0.7, jit=True)
def compiled_callee(x):
    return compiled_helper(x, x * x)


@case(vector(4), vector(4, shift=1.0), jit=True)
def written_by_callee(x, y):
    fill(y, x)
    fill(x, y)
    return np.sum(x * y)


@case(vector(4))
def written_and_returned(x):
    s = 0.0
    for i in range(4):
        s += bump(x, i, x[i - 1] ** 2) * s + 1.0
    return s + np.sum(x)


@case(vector(3, 4))
def row_written_by_callee(a):
    for i in range(1, 3):
        fill(a[i], a[i - 1])
    return np.sum(a * a)


@case(0.4, 3)
def several_results(x, n):
    s = 0.0
    for _ in range(n):
        a, b = both(x)
        s += a * b
        x = a
    return s


@case(0.4)
def constants(x):
    return GRAVITY * x**2 + math.pi * x + WEIGHTS[1] * np.e**x


@case(0.4)
def closures(x):
    return tripled(x) * by_lambda(x)


@case(vector(4), vector(3))
def of_arrays(x, y):
    return norm(x) * norm(y) + norm(x[1:3]) / norm(x * 2.0)


@case(0.4, 3)
def called_in_condition(x, n):
    while scaled(x, 0.5) < 2.0 and n > 0:
        x = scaled(x, shift=0.3)
        n -= 1
    return x * x




@case(vector(4))
def passed_a_function(x):
    return applied(np.sin, x[0]) + applied(damped, x[1]) * applied(math.exp, x[2])


def applied(f, x):
    return f(x) * x


@case(vector(6))
def part_handed_to_a_callee(x):
    y = wrapped_sum(x[:-2]) * x[5]
    return y + wrapped_sum(x[1:4])


def wrapped_sum(u):
    s = 0.0
    for i in range(u.shape[0]):
        s += u[i] * u[i - 1] ** 2
    return s
