"""Derivatives in functions that Numba compiles for others: universal functions of NumPy, addresses for C."""

import numpy as np
import pytest
from numba import cfunc, guvectorize, vectorize

from adcompile import grad


@grad
def slope(x, k):
    return np.sin(k * x) * x


X = np.linspace(0.0, 1.0, 4)
EXPECTED = np.sin(2.0 * X) + 2.0 * X * np.cos(2.0 * X)


def test_in_a_universal_function():
    @vectorize(["float64(float64, float64)"])
    def each(x, k):
        return slope(x, k)

    @guvectorize(["(float64[:], float64, float64[:])"], "(n),()->(n)")
    def rows(x, k, out):
        for i in range(x.shape[0]):
            out[i] = slope(x[i], k)

    np.testing.assert_allclose(each(X, 2.0), EXPECTED)
    np.testing.assert_allclose(rows(np.stack([X, X]), 2.0), [EXPECTED, EXPECTED])


def test_by_an_address():
    @cfunc("float64(float64, float64)")
    def called(x, k):
        return slope(x, k)

    assert called.address
    assert called.ctypes(X[2], 2.0) == pytest.approx(EXPECTED[2])
