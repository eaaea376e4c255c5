"""The transforms of NumPy as they are written out: values, paddings, axes, scales, exceptions."""

import numpy as np
import pytest

from adcompile import jvp, vjp
from adcompile.normal.fourier import FOURIER
from tests import oracle

RNG = np.random.default_rng(0)
x, A = RNG.normal(size=6), RNG.normal(size=(3, 4))
z, B = x + 1j * RNG.normal(size=6), A + 1j * RNG.normal(size=(3, 4))
ALL = (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)

CALLS = [
    *((f, (x if f is np.fft.rfft else z,), {"n": n}) for f in ALL for n in (None, 1, 2, 5, 6, 8)),
    *((f, (A if f is np.fft.rfft else B,), {"axis": axis}) for f in ALL for axis in (0, 1, -1, -2)),
    *((f, (A if f is np.fft.rfft else B, 5, 0), {}) for f in ALL),
    *((f, (x if f is np.fft.rfft else z,), {"norm": norm}) for f in ALL for norm in ("backward", "ortho", "forward")),
    *((f, (B,), {}) for f in (np.fft.fft2, np.fft.ifft2)),
    *((f, (n, 0.5), {}) for f in (np.fft.fftfreq, np.fft.rfftfreq) for n in (1, 4, 5)),
    *((f, (v,), {}) for f in (np.fft.fftshift, np.fft.ifftshift) for v in (x, x[:5])),
]


@pytest.mark.parametrize("fn, args, kwargs", CALLS)
def test_values(fn, args, kwargs):
    given, expected = FOURIER[fn](*args, **kwargs), fn(*args, **kwargs)
    assert given.dtype == expected.dtype
    np.testing.assert_allclose(given, expected, atol=1e-14)


def spectrum(v):
    return np.fft.fft(v, n=5)


def spectrum_back(v):
    return np.fft.ifft(v, norm="ortho")


def half(v):
    return np.fft.rfft(v.real, n=8)


def half_back(v):
    return np.fft.irfft(v, n=7), np.fft.irfft(v)


def of_columns(m):
    return np.fft.fft(m, axis=0), np.fft.rfft(m.imag), np.fft.irfft(m, axis=0)


def of_both(m):
    return np.fft.ifft2(np.fft.fft2(m) * np.fft.fftfreq(m.shape[1]))


@pytest.mark.parametrize(
    "fn, point", [(spectrum, z), (spectrum_back, z), (half, z), (half_back, z), (of_columns, B), (of_both, B)]
)
def test_the_tangent_is_the_transform_of_the_tangent_and_the_adjoint_its_transpose(fn, point):
    along = oracle.direction((point,), 1)
    value, tangent = jvp(fn, jit=False)((point,), along)
    assert oracle.distance(value, fn(point)) < 1e-14
    assert oracle.distance(tangent, fn(along[0])) < 1e-14
    seed = oracle.direction((value,), 2)[0]
    adjoint = vjp(fn, jit=False)(point)[1](seed)
    assert oracle.dot(seed, tangent) == pytest.approx(oracle.dot((adjoint,), along), abs=1e-13)


def test_the_adjoint_of_a_transform_is_a_transform():
    seed = RNG.normal(size=6) + 1j * RNG.normal(size=6)
    np.testing.assert_allclose(vjp(lambda v: np.fft.fft(v), jit=False)(z)[1](seed), np.fft.fft(seed))


@pytest.mark.parametrize("fn, args, kwargs", [(f, (z,), {"n": 0}) for f in (np.fft.fft, np.fft.ifft, np.fft.irfft)])
def test_exceptions(fn, args, kwargs):
    with pytest.raises(ValueError, match="Invalid number of FFT data points"):
        fn(*args, **kwargs)
    with pytest.raises(ValueError, match="Invalid number of FFT data points"):
        FOURIER[fn](*args, **kwargs)


@pytest.mark.parametrize("fn", ALL)
def test_a_norm_that_is_none(fn):
    with pytest.raises(ValueError, match="Invalid norm value"):
        FOURIER[fn](x, norm="other")
