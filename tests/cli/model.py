"""Functions that the tests of the command line name."""

from __future__ import annotations

import numpy as np
from numba import float64

from adcompile import grad


def energy(x, k: float):
    s = 0.0
    for i in range(1, x.shape[0]):
        s += k * (x[i] - x[i - 1]) ** 2
    return s


def squares(x: float64[:], k: float):
    return k * x**2


def wrong(x: float):
    """Steps that differences take for a slope."""
    return x + 1e-6 * np.floor(1e6 * x)


def refused(x: float):
    with open("x") as file:
        text = file.read()
    return x * len(text)


def slowed(x: float, k: float, n: int):
    for _ in range(n):
        x = k * x
    return x**2


class Model:
    def half(x: float):
        return 0.5 * x


@grad
def derived(x):
    return x**3


NUMBER = 3.0
