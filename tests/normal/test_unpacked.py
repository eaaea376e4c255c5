"""`f(x, *args)` where the tuple is known before the run; refused where it is not."""

import numba
import numpy as np
import pytest

from adcompile import Unsupported, grad


@numba.njit
def kepler(E, M, ecc):
    return E - ecc * np.sin(E) - M


@numba.njit
def kepler_prime(E, M, ecc):
    return 1.0 - ecc * np.cos(E)


def solver(f, prime):
    @numba.njit
    def newton(x0, args=(), trips=8):
        x = float(x0)
        for _ in range(trips):
            x = x - f(x, *args) / prime(x, *args)
        return x

    return newton


newton = solver(kepler, kepler_prime)


def anomaly(M, ecc):
    return newton(M, args=(M, ecc))


def product(a, b, c=5.0):
    return a * b * c


def several(x):
    return product(*(x, x * x)) * product(x, *(2.0, x)) * np.multiply(*(x, 3.0))


def written(x, a):
    a[0] = x
    return a[0] * x


def in_order(x):
    a = np.zeros(1)
    return product(written(x, a), *(a[0], x))


@pytest.mark.parametrize("jit", [False, True])
def test_items_are_handed_on(jit):
    E = anomaly(1.2, 0.3)
    by_both = grad(anomaly, wrt=("M", "ecc"), jit=jit)(1.2, 0.3)
    assert np.allclose(by_both, np.array([1.0, np.sin(E)]) / (1.0 - 0.3 * np.cos(E)), rtol=1e-12)
    assert np.isclose(grad(several, jit=jit)(0.5), 30.0 * 6.0 * 0.5**5, rtol=1e-13)
    assert np.isclose(grad(in_order, jit=jit)(0.5), 4.0 * 0.5**3, rtol=1e-13)


def changed(x):
    items = (x, 2.0)
    x = x * 3.0
    return product(1.0, *items) + x


def of_the_run(x, items):
    return product(*items) * x


def largest(x):
    return max(*(x, 2.0 * x))


@pytest.mark.parametrize(("f", "args"), [(changed, (0.5,)), (of_the_run, (0.5, (1.0, 2.0, 3.0))), (largest, (0.5,))])
def test_refusals(f, args):
    with pytest.raises(Unsupported, match="unpacked arguments are not supported"):
        grad(f)(*args)
