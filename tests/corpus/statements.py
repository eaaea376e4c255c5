"""Statements that guard, name and leave: exceptions, functions in functions, `else` of loops, `:=`, imports."""

import numpy as np

from tests.corpus.registry import case, positive, vector

WEIGHTS = np.sin(np.arange(200.0)).reshape(10, 20)  # too many numbers to be written out
PLACES = np.arange(90)[::-3] % 7


@case(vector(7), jit=True)
def tables_of_outside(x):
    s = 0.0
    for k in range(PLACES.shape[0]):
        s += WEIGHTS[k % 10, 3] * x[PLACES[k]] ** 2
    row = WEIGHTS[2]
    other = x if s > 1e6 else row[:7]
    return s + np.sum(np.sin(WEIGHTS[:, ::3] @ x) * row[:10]) + np.sum(other * x)


def checked(v, low=0.0):
    if not v > low:
        raise ValueError(f"{v} is not above {low}")
    return v


@case(positive(4), jit=True)
def guarded(x):
    s = 0.0
    for i in range(x.shape[0]):
        assert x[i] > 0.0, "element {} of {}".format(i, x.shape)  # noqa: UP032
        s += np.log(checked(x[i])) * x[i]
        if s > 1e6:
            raise OverflowError("%d: %g" % (i, s))  # noqa: UP031
    return s


def chosen_or_raised(x, kind, log=None):
    if log is not None:
        log.info({"x": x})
    if kind == "square":
        y = x * x
    elif kind == "cubic":
        y = x * x * x
    else:
        raise ValueError("unknown kind " + kind)
    return np.sum(y * x[0])


@case(vector(3))
def known_before_the_run(x):
    return chosen_or_raised(x, "square") + chosen_or_raised(x, "CUBIC".lower())


@case(positive(3), 50, 1e-9, wrt=("x",), jit=True)
def searched(x, most, tolerance):
    r = x[0] + 1.0
    for _ in range(most):
        step = (r * r - x[0]) / (2.0 * r)
        r -= step
        if abs(step) < tolerance:
            break
    else:
        raise RuntimeError(f"no root after {most} steps")
    for k in range(most):
        if x[1] < 1.5**k:
            return r * x[1] * k
        r = r * x[2]
    raise RuntimeError("never")


@case(vector(3))
def never_left_early(x):
    s = 0.0
    for i in range(3):
        if x[i] > 100.0:
            break
        s += x[i] * x[i]
    else:
        s = s * x[0]
    while s > 1.0:
        s = s / 2.0
    else:
        s += x[1]
    return s


def summed(f, n):
    k = 2.0
    total = 0.0
    for i in range(n):
        total += f(k * i) * k
    return total


@case(vector(3), jit=True)
def functions_inside(x):
    from math import exp

    k = x[0] * 2.0

    def force(t, b=1.5):
        if t > 100.0:
            return 0.0
        y = np.sin(t) * k
        for i in range(2):
            y += b * x[i] * t
        return y

    def twice(f, t):
        return f(f(t))

    square = lambda t: t * t + k  # noqa: E731
    return summed(force, 3) + twice(square, x[1]) + summed(lambda t: exp(-t) * x[2], 2)


@case(vector(2))
def fills_by_closure(x):
    y = np.zeros(3)

    def put(i, v):
        y[i] = y[i - 1] * v + v

    for i in range(3):
        put(i, x[0] * i + x[1])
    return np.sum(y * y)


@case(positive(2))
def named_on_the_way(x):
    if (n := x[0] * x[1]) > 3.0:
        y = n * x[0]
    elif (m := np.sin(x[1])) > 0.2:
        y = m * n
    else:
        y = n
    while (d := y - 1.0) > 1e-3:
        y = 1.0 + d * 0.5 * x[1] / (1.0 + x[1])
    del n
    with np.errstate(divide="ignore"):
        z = np.log(x)
    return y + d + np.sum(z)
