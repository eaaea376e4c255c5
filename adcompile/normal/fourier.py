"""The discrete Fourier transforms of NumPy, written around `adcompile.fourier.dft` (see `written_out`).

Goal: padding, axes and scales as NumPy has them, of vectors and matrices.  All is computed in double precision.
Non-goals: the halved work that real input would allow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adcompile.fourier import dft, dft_back


def _length(a: Any, n: Any, axis: int) -> Any:
    if a.ndim > 2:
        raise NotImplementedError("a Fourier transform of an array of more than two axes")
    m = a.shape[axis] if n is None else n
    if m < 1:
        raise ValueError("Invalid number of FFT data points (0) specified.")
    return m


def _rows(a: Any, n: int, axis: int) -> Any:
    """The array as complex numbers, padded with zeros or cut to `n`, its axis the last."""
    if a.ndim == 1:
        rows = np.zeros(n, np.complex128)
        for j in range(min(n, a.shape[0])):
            rows[j] = a[j]
    elif axis == -1 or axis == 1:
        rows = np.zeros((a.shape[0], n), np.complex128)
        for i in range(a.shape[0]):
            for j in range(min(n, a.shape[1])):
                rows[i, j] = a[i, j]
    else:
        rows = np.zeros((a.shape[1], n), np.complex128)
        for i in range(a.shape[1]):
            for j in range(min(n, a.shape[0])):
                rows[i, j] = a[j, i]
    return rows


def _scaled(rows: Any, ndim: int, axis: int, n: int, scale: Any) -> Any:
    """The first `n` of each row times a number, its axis where it was."""
    if ndim == 1:
        out = np.empty(n, rows.dtype)
        for j in range(n):
            out[j] = rows[j] * scale
    elif axis == -1 or axis == 1:
        out = np.empty((rows.shape[0], n), rows.dtype)
        for i in range(rows.shape[0]):
            for j in range(n):
                out[i, j] = rows[i, j] * scale
    else:
        out = np.empty((n, rows.shape[0]), rows.dtype)
        for i in range(rows.shape[0]):
            for j in range(n):
                out[j, i] = rows[i, j] * scale
    return out


def _ahead(norm: Any, n: int) -> float:
    """What a transform is divided by; of the way back, with the other name."""
    if norm is None or norm == "backward":
        return 1.0
    if norm == "forward":
        return 1.0 / n
    if norm == "ortho":
        return 1.0 / math.sqrt(n)
    raise ValueError('Invalid norm value; should be "backward", "ortho" or "forward".')


def _behind(norm: Any, n: int) -> float:
    if norm is None or norm == "backward":
        return 1.0 / n
    if norm == "forward":
        return 1.0
    return _ahead(norm, n)


def fft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    m = _length(a, n, axis)
    if a.ndim == 1 and norm is None:
        return dft(_rows(a, m, axis))
    return _scaled(dft(_rows(a, m, axis)), a.ndim, axis, m, _ahead(norm, m))


def ifft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    m = _length(a, n, axis)
    return _scaled(dft_back(_rows(a, m, axis)), a.ndim, axis, m, _behind(norm, m))


def rfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    if np.iscomplexobj(a):
        raise TypeError("rfft takes real numbers")
    m = _length(a, n, axis)
    return _scaled(dft(_rows(a, m, axis)), a.ndim, axis, m // 2 + 1, _ahead(norm, m))


def irfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    m = _length(a, 2 * (a.shape[axis] - 1) if n is None else n, axis)
    half = _rows(a, m // 2 + 1, axis)
    if a.ndim == 1:
        rows = np.empty(m, np.complex128)
        for k in range(m // 2 + 1):
            rows[k] = half[k].real if k == 0 or 2 * k == m else half[k]
            if k > 0 and 2 * k < m:
                rows[m - k] = half[k].conjugate()
    else:
        rows = np.empty((half.shape[0], m), np.complex128)
        for i in range(half.shape[0]):
            for k in range(m // 2 + 1):
                rows[i, k] = half[i, k].real if k == 0 or 2 * k == m else half[i, k]
                if k > 0 and 2 * k < m:
                    rows[i, m - k] = half[i, k].conjugate()
    return _scaled(dft_back(rows), a.ndim, axis, m, _behind(norm, m)).real


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    if a.ndim != 2 or s is not None:
        raise NotImplementedError("a transform of two axes of an array that is no matrix, or padded")
    return fft(fft(a, None, 1, norm), None, 0, norm)


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    if a.ndim != 2 or s is not None:
        raise NotImplementedError("a transform of two axes of an array that is no matrix, or padded")
    return ifft(ifft(a, None, 1, norm), None, 0, norm)


def fftfreq(n: int, d: Any = 1.0) -> Any:
    out = np.empty(n)
    for k in range(n):
        out[k] = (k if k <= (n - 1) // 2 else k - n) / (n * d)
    return out


def rfftfreq(n: int, d: Any = 1.0) -> Any:
    out = np.empty(n // 2 + 1)
    for k in range(n // 2 + 1):
        out[k] = k / (n * d)
    return out


def fftshift(x: Any, axes: Any = None) -> Any:
    if x.ndim != 1:
        raise NotImplementedError("a shift of more than one axis")
    return np.roll(x, x.shape[0] // 2)


def ifftshift(x: Any, axes: Any = None) -> Any:
    if x.ndim != 1:
        raise NotImplementedError("a shift of more than one axis")
    return np.roll(x, -(x.shape[0] // 2))


FOURIER: Mapping[Any, Callable[..., Any]] = {
    np.fft.fft: fft, np.fft.ifft: ifft, np.fft.rfft: rfft, np.fft.irfft: irfft, np.fft.fft2: fft2,
    np.fft.ifft2: ifft2, np.fft.fftfreq: fftfreq, np.fft.rfftfreq: rfftfreq, np.fft.fftshift: fftshift,
    np.fft.ifftshift: ifftshift,
}  # fmt: skip
