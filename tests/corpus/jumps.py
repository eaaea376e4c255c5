"""break, continue, return from anywhere."""

import numpy as np

from tests.corpus.registry import case, vector


@case(0.3)
@case(-0.3)
def early_return(x):
    if x < 0.0:
        return x * x
    y = np.sin(x)
    return y * x


@case(vector(6))
def return_from_loop(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] ** 2
        if s > 1.0:
            return s * x[i]
    return s


@case(vector(6))
def return_from_inner_loop(x):
    s = 1.0
    for i in range(6):
        for j in range(i):
            s *= 1.0 + 0.3 * x[i] * x[j]
            if s > 1.2:
                return np.sin(s) * x[j]
    return s


@case(vector(6), jit=True)
def broken(x):
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] < -0.9:
            break
        s = s * 0.5 + x[i] ** 2
    return s * 2.0


@case(vector(8))
def continued(x):
    s = 0.0
    for v in x:
        if v < 0.0:
            continue
        s = np.sin(s + v)
    return s


@case(vector(8), analytic=False)
def broken_and_continued(x):
    s = 0.0
    p = 1.0
    for i in range(x.shape[0]):
        if x[i] < -0.5:
            x[i] = p
            continue
        p *= x[i]
        if abs(p) < 0.05:
            break
        s += p
    return s + p + np.sum(x)


@case(0.4)
def endless_with_break(x):
    y = x
    k = 0
    while True:
        y = np.cos(y * x)
        k += 1
        if k == 5:
            break
    return y


@case(vector(3, 4))
def break_of_inner(a):
    s = 0.0
    for i in range(3):
        t = 1.0
        for j in range(4):
            t = t * (1.0 + a[i, j])
            if t < 0.5:
                break
        s += t**2
    return s


@case(2.0, 30, analytic=False)
def newton_with_break(a, n):
    x = a
    for _ in range(n):
        d = (x * x - a) / (2.0 * x)
        x = x - d
        if abs(d) < 1e-10:
            break
    return x


@case(vector(5), 1)
@case(vector(5), 2)
@case(vector(5), 3)
def several_returns(x, kind):
    if kind == 1:
        return np.sum(x**2)
    s = 0.0
    for v in x:
        if kind == 2:
            s += v**3
        else:
            s += np.sin(v)
            if s > 0.5:
                return s * s
    return s


@case(vector(6))
def continue_in_while(x):
    i = -1
    s = 0.0
    while i < 5:
        i += 1
        if i == 2:
            continue
        s = s * x[i] + x[i]
        if s > 5.0:
            break
    return s


@case(vector(3))
def left_among_literals(x):
    total = 0.0
    for scale in (0.1, 0.5, 0.9, 2.0):
        if scale > x[0] + 0.2:
            break
        total = total * x[1] + np.sin(scale * x[2])
    return total * scale
