"""Names that change what array they mean: rebinding, swaps, either of two."""

import numpy as np

from tests.corpus.registry import case, vector


@case(vector(5), 4, jit=True)
@case(vector(5), 3)
@case(vector(5), 0)
def swapped(u, steps):
    w = np.zeros_like(u)
    for _ in range(steps):
        for i in range(1, 4):
            w[i] = u[i] + 0.2 * (u[i - 1] - 2.0 * u[i] + u[i + 1] ** 2)
        u, w = w, u
    return np.sum(u * u)


@case(vector(4), vector(4, shift=1.0), 3)
def swapped_parameters(x, y, n):
    for k in range(n):
        x, y = y, x
        x[k] += y[k] * y[k + 1]
    return np.sum(x * np.arange(4)) + y[0]


@case(vector(5), 3)
def rebound(u, n):
    for _ in range(n):
        u = u + 0.1 * np.sin(u) * u[0]
    return np.sum(u * u)


def advance(u, h):
    v = np.empty_like(u)
    for i in range(u.shape[0]):
        v[i] = u[i] - h * u[i - 1] * u[i]
    return v


@case(vector(5), 0.1, 3, jit=True)
@case(vector(5), 0.1, 0)
def stepped(u, h, n):
    for _ in range(n):
        u = advance(u, h)
    return np.sum(u * u)



@case(vector(4), 0.3)
@case(vector(4), -0.3)
def either_of_two_new(x, a):
    if a > 0.0:
        y = x * a
    else:
        y = np.sin(x)
    y[1] = y[0] * y[2]
    return np.sum(y * y)


@case(vector(3), 3)
def three_rotated(a, n):
    b = a * 2.0
    c = a * a
    for _ in range(n):
        a, b, c = b, c, a
        c[0] = a[1] * b[2]
    return np.sum(a * b) + c[0]


@case(vector(4), 2)
def history(x, n):
    old = x
    for _ in range(n):
        new = old * old - 0.5
        new[0] += old[1]
        old = new
    return np.sum(old) + x[2]


@case(vector(4), 3)
def kept_beside(x, n):
    best = x.copy()
    for k in range(n):
        x = np.sin(x) + 0.2 * k
        if x[0] > best[0]:
            best = x
    return np.sum(best * best)



@case(vector(4), 3)
def while_swapped(u, n):
    w = u.copy()
    while n > 0:
        w[:-1] = u[1:] * u[:-1]
        u, w = w, u
        n -= 1
    return np.sum(u) + np.sum(w * w)


@case(vector(4))
def copied_and_overwritten_in_a_loop(x):
    # the copy reads all of an array that the same iteration overwrites
    y = np.zeros_like(x)
    for _ in range(3):
        for _ in range(2):
            y = y + x * y[0] + x
        y[0] = y[1] * 0.1
    return np.sum(y)


@case(vector(4))
def chosen_in_a_loop_and_kept(x):
    # a branch that only chooses between arrays has adjoints to pass on, though it stores nothing
    best = x.copy()
    for k in range(3):
        x = np.sin(x) + 0.2 * k
        if x[0] > best[0]:
            best = x
    return np.sum(best * best)


@case(vector(5), 0.7, 3, jit=True)
@case(vector(5), 0.7, 0)
def exchanged_in_the_middle(x, k, n):
    u = x.copy()
    v = np.empty_like(u)
    w = np.zeros_like(u)
    for i in range(v.shape[0]):
        v[i] = x[i] ** 2
    for _ in range(n):
        for i in range(1, u.shape[0]):
            v[i] = np.sin(u[i - 1]) + k * v[i]
        u, v = v, u
        u[0] += k * v[1]
        u, v, w = v, w, u
    return np.sum(u * v) + np.sum(w * w * u)


@case(vector(5), 0.7, 2)
def exchanged_in_nested_loops(x, k, n):
    s = 0.0
    for r in range(2):
        u = x.copy()
        v = np.zeros_like(u)
        for _ in range(n):
            for _ in range(r + 1):
                for i in range(1, u.shape[0]):
                    v[i] = np.cos(u[i]) * u[i - 1] * k
                u, v = v, u
            s += u[1] * v[2]
        s += np.sum(u)
    return s
