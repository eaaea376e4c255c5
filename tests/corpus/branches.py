"""if, elif, else, conditional expressions, and conditions over values that change."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(6), 2.0, jit=True)
def energy(x, k):
    s = 0.0
    for i in range(1, x.shape[0]):
        d = x[i] - x[i - 1]
        if d > 0.0:
            s += k * d**2
        else:
            s -= np.sin(d)
    return s


@case(0.4, 0.3)
@case(0.4, 0.9)
@case(-0.4, 0.3)
def merged_scalar(x, y):
    if x > 0.0 and y < 0.5:
        z = x * y
    elif x > 0.0 or y > 3.0:
        z = x - y**2
        x = np.sin(z)
    else:
        z = np.cos(x)
    return z * x + y


@case(0.4, 6)
def condition_on_carried(x, n):
    s = x
    for i in range(n):
        if s > 0.5:
            s = s - 0.3 * x
        elif i % 2 == 0:
            s = s * 1.7
        else:
            s = np.sin(s) + 0.2
    return s


@case(vector(6))
def condition_overwritten(x):
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            x[i] = -x[i] * x[0]
        else:
            x[i] = x[i] ** 2 + 0.1
    return np.sum(x * x)


@case(vector(6), 3)
def condition_overwritten_again(x, n):
    s = 0.0
    for _ in range(n):
        for i in range(x.shape[0]):
            if x[i] * s < 0.1:
                x[i] = np.sin(x[i]) + 0.3
                s += x[i]
            else:
                s -= x[i] * 0.5
    return s


@case(vector(5), analytic=False)
def conditional_expressions(x):
    s = 0.0
    for v in x:
        s += v if v > 0.0 else -2.0 * v
        s *= 1.1 if s < 1.0 else 0.9
    return s


@case(vector(5))
def assigned_in_one_branch(x):
    s = 0.0
    last = 1.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            last = x[i]
        s += last * x[i]
    return s


@case(vector(7))
def clamp(x):
    s = 0.0
    for i in range(len(x)):
        v = x[i]
        if not -0.5 < v < 0.5:
            v = 0.5 * v * v
        s += v**3
    return s


@case(vector(4), 1)
@case(vector(4), 0)
def array_changed_in_branch(x, which):
    y = x * 2.0
    if which == 1:
        y[1] = x[0] * x[2]
        y = y * x
    else:
        y[2:] = 1.0
    return np.sum(np.sin(y))


@case(0.8, 4)
def deep(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            if s > 0.5:
                if i % 2:
                    s = s * x
                else:
                    s = s - x
            else:
                s += np.sin(x * i)
        else:
            s = x
    return s


@case(vector(6))
def maximum_by_hand(x):
    top = x[0]
    at = 0
    for i in range(1, x.shape[0]):
        if x[i] > top:
            top = x[i]
            at = i
    return top * top + x[at] * 0.5
