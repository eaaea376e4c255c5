"""Functions for the tests of inlining to call: some write their arguments, some return early, some loop."""

from __future__ import annotations

import functools


def square(v):
    return v * v


def both_ways(a, b):
    return a - 2.0 * b


def bump(u, k=2.0):
    u[0] += k
    return u[0]


def rotate(u):
    first = u[0]
    u[0] = u[1]
    u[1] = u[2]
    u[2] = first


def shifted(u, by):
    u += by
    return u[1]


def clip(value, low=0.0, high=1.0):
    if value < low:
        return low
    if value > high:
        return high
    return value


def find(u, limit):
    """The place of the first element above a limit, and how many are below."""
    below = 0
    for i in range(u.shape[0]):
        if u[i] > limit:
            return i
        below += 1
    return -below


def apply(f, v):
    return f(v) + 1.0


def twice(f, v):
    v = f(v)
    return f(v)


def unit(v):
    return clip(v, high=bump_free(v))


def bump_free(v):
    total = 0.0
    count = 0
    while count < 3:
        total += square(v)
        count += 1
    return total


def sums(pair):
    return pair[0] + pair[1], pair[0] - pair[1]


low_clip = functools.partial(clip, high=2.0)


def late(u, v):
    """Reads its second argument after it has written its first."""
    return bump(u) + v


CALLEES = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", "") in (__name__, "functools")
}
