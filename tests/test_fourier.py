"""The compiled transform against NumPy's, of every kind of length."""

import numba
import numpy as np
import pytest

from adcompile.fourier import dft, dft_back

RNG = np.random.default_rng(0)


@numba.njit
def both(x):
    return dft(x), dft_back(x)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 7, 8, 12, 17, 64, 100, 1009, 1024])
def test_of_a_vector(n):
    x = RNG.normal(size=n) + 1j * RNG.normal(size=n)
    ahead, behind = both(x)
    close = 1e-14 * np.sum(np.abs(x))
    np.testing.assert_allclose(ahead, np.fft.fft(x) if n else x, atol=close)
    np.testing.assert_allclose(behind, np.fft.ifft(x) * n if n else x, atol=close)


@pytest.mark.parametrize("shape", [(3, 4), (2, 6), (0, 4)])
def test_of_the_last_axis(shape):
    x = RNG.normal(size=shape) + 1j * RNG.normal(size=shape)
    kept = x.copy()
    np.testing.assert_allclose(both(x)[0], np.fft.fft(x), atol=1e-13)
    assert np.array_equal(x, kept)
