"""Functions that are awkward to read, each with the shapes of its arguments (a plain number stands for itself)."""

# ruff: noqa: B020, B905, SIM, RET

import math
from math import pi as PI

import numba
import numpy as np
from numpy import sin

G = 9.81
COEFFICIENTS = (1.0, 2.5, 3.0)
SETTINGS = {"a": 2.0, "inner": (1, 2)}
WEIGHTS = np.array([1.0, 2.0])
CASES = []


class Options:
    gain = 3.0
    table = WEIGHTS


options = Options()


def case(*args):
    def register(fn):
        CASES.append((fn, args))
        return fn

    return register


# ------------------------------------------------------------------------------------------ targets
@case([2])
def unpacked_into_itself(x):
    x, y = x
    return x + y


@case([2])
def unpacked_into_elements(x):
    x[1], x[0] = x
    return x[0]


@case([2])
def chained_through_itself(x):
    x, y = w = x
    return x + y + w[0]


@case([3])
def index_assigned_with_its_element(x):
    i, x[i] = 1, 2.0
    return x[1] + i


@case([3])
def nested_targets(x):
    (a, b), c = (x[0], x[1]), x[2]
    [d, e] = a, b
    a, b, c = b, c, a
    return a + 2 * b + 3 * c + 4 * d + 5 * e


@case([3])
def elements_updated(x):
    k = 0
    x[k + 1] *= 3.0
    x[k] -= 2.0
    x[-1] /= 2.0
    x[0] = +1.5
    x[1] += -0.5
    return max(x[0], x[1], x[2]) + min([x[0], x[1]]) + x[[0, 1]].sum()


# ------------------------------------------------------------------------------------------ loops
@case([3])
def items_named_as_the_array(x):
    s = 0.0
    for x in x:
        s += x
    return s


@case([3], 1.5)
def array_rebound_in_its_loop(x, s):
    for v in x:
        x = v * 2.0
        s += x
    return s


@case([4], [3])
def every_iterator(x, y):
    s = 0.0
    for k, (a, b) in enumerate(zip(x, y), start=2):
        s += k * a * b
    for a, k in zip(x, range(1, 100, 3)):
        s += a * k
    for k in reversed(range(1, 9, 3)):
        s += k * x[0]
    for k in reversed(range(10, 3, -2)):
        s += k * x[0]
    for k in reversed(range(len(x))):
        s += k * x[k]
    for v in reversed(x):
        s = s * 0.5 + v
    for i in numba.prange(len(x)):
        s += x[i]
    return s


@case([3])
def literal_tuples(x):
    s = 0.0
    for k, c in enumerate(COEFFICIENTS):
        s += c * x[k % 2]
    for a, b in ((x[0], 1.0), (x[1], 2.0)):
        x[0] = 3.0
        s += a * b
    for a, b in zip(COEFFICIENTS, [3.0, 4.0]):
        s = s * 0.5 + a * b
    for c in reversed(COEFFICIENTS):
        s = s * 0.5 + c
    return s


@case([4], 0)
@case([4], 5)
def empty_ranges_backwards(x, n):
    s = 0.0
    for k in reversed(range(3, n, 2)):
        s = s * 0.5 + k
    for k, v in enumerate(x, n):
        s = s * 0.5 + k * v
    return s


@case([3])
def loops_with_else(x):
    for i in range(3):
        x[i] = 2.0 * x[i]
    else:
        x[0] = 1.0
    while x[0] < 3.0:
        x[0] += 1.0
    else:
        x[1] = x[0]
    return x[1] * x[2]


@case([5], 3)
def loop_variable_outlives_and_changes(x, n):
    i = 7
    for i in range(n):
        i = i + 1
        x[i] = i
    return x[i] * i


@case([3])
def one_variable_for_two_loops(x):
    s = 0.0
    for i in range(2):
        for i in range(3):
            s += x[i] * i
        s += i
    return s


# ------------------------------------------------------------------------------------------ expressions
@case([3])
def everything_of_outside(x):
    y = x[0] * G * PI * COEFFICIENTS[1] * COEFFICIENTS[-1] * SETTINGS["a"] * SETTINGS["inner"][1] * math.tau
    return y * options.gain * WEIGHTS[0] * WEIGHTS.shape[0] * np.sum(options.table) * sin(x[1]) * WEIGHTS.sum()


@case([3], 0)
@case([3], 1)
@case([3], 2)
@case([3], 3)
def membership(x, m):
    if m in (1, 2):
        return x[0]
    if m not in (3,):
        return x[1]
    return -x[0]


@case([3], 0.3)
@case([3], -2.0)
@case([3], 5.0)
def chained_comparisons(x, a):
    return 1.0 if 0.0 < x[0] * a <= 2.0 else (x[1] if -1 < a < 1 else 3.0)
