"""Products by BLAS are NumPy's, for every layout and kind of number."""

import numpy as np
import pytest
from numba import njit

from adcompile.blas import product
from adcompile.runtime import matmul, matmul_nt, matmul_tn


@njit
def products(a, b, c):
    return matmul(a, b), matmul_tn(a, c), matmul_nt(b, b)


@pytest.mark.parametrize(("dtype", "order"), [("float64", "C"), ("complex64", "F")])
def test_large_products(dtype, order):
    rng = np.random.default_rng(0)
    a, b, c = (np.asarray(rng.random(shape) * 2 - 1, dtype) for shape in ((50, 30), (30, 20), (50, 20)))
    a = np.asarray(a * (1 - 2j), dtype, order) if dtype == "complex64" else a
    found = products(a, b, np.asarray(c, order=order))
    for one, expected in zip(found, (a @ b, a.T @ c, b @ b.T), strict=True):
        assert one.dtype == expected.dtype
        np.testing.assert_allclose(one, expected, rtol=1e-4 if dtype == "complex64" else 1e-12, atol=1e-5)


def test_lengths_that_do_not_meet():
    multiplied = njit(lambda a, b: product(a, b))
    with pytest.raises(ValueError, match="other lengths"):
        multiplied(np.ones((3, 4)), np.ones((3, 4)))
