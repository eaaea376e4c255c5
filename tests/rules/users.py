"""Functions of a user, with rules for them: registered from a module that is not adcompile's."""

import numpy as np
from numba import njit

from adcompile.rules import constant, elementwise, linear, pullback, pushforward


@njit
def ramp(x):
    return x * x * (3.0 - 2.0 * x)


@njit
def step(x):
    return 1.0 if x > 0.0 else -1.0


@njit
def smoothed(x):
    """Linear in `x`: the mean of each element and the one before."""
    y = x.copy()
    for i in range(1, x.shape[0]):
        y[i] = 0.5 * (x[i] + x[i - 1])
    return y


@njit
def scaled(a, x):
    return np.exp(a) * x


@njit
def both(a, x):
    return a * x, np.sum(x) * a


elementwise(ramp, lambda x, y: 6.0 * x * (1.0 - x))
constant(step)


@linear(smoothed)
def smoothed_transpose(x, y_bar):
    x_bar = y_bar.copy()
    for i in range(1, x.shape[0]):
        x_bar[i] -= 0.5 * y_bar[i]
        x_bar[i - 1] += 0.5 * y_bar[i]
    return (x_bar,)


@pullback(scaled)
def scaled_pullback(a, x, y, y_bar):
    return np.sum(y_bar * y), np.exp(a) * y_bar


@pushforward(scaled)
def scaled_pushforward(primals, tangents):
    a, x = primals
    a_dot, x_dot = tangents
    y = scaled(a, x)
    return y, a_dot * y + np.exp(a) * x_dot


@pushforward(both)
def both_pushforward(primals, tangents):
    a, x = primals
    a_dot, x_dot = tangents
    return both(a, x), (a_dot * x + a * x_dot, a_dot * np.sum(x) + a * np.sum(x_dot))
