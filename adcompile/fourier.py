"""The discrete Fourier transform of the last axis, compiled: Numba has none.

In CPython it is NumPy's.  Compiled, a length that is a power of two is halved over and over (Cooley & Tukey, 1965),
any other is a convolution of such a length (Bluestein, 1970).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload, register_jitable


def dft(x: Any) -> Any:
    """The sum of `x[..., j] * exp(-2j * pi * j * k / n)` over `j`, for each `k`; of complex numbers, a new array."""
    return np.fft.fft(x)


def dft_back(x: Any) -> Any:
    """The sum of `x[..., j] * exp(2j * pi * j * k / n)` over `j`, for each `k`: the inverse of `dft`, times `n`."""
    return np.fft.ifft(x, norm="forward")


@register_jitable  # type: ignore[untyped-decorator]
def _roots(n: int, count: int, turns: float) -> Any:
    """`exp(2j * pi * turns * k / n)` for the first `count` of `k`."""
    roots = np.empty(count, np.complex128)
    for k in range(count):
        angle = 2.0 * np.pi * turns * k / n
        roots[k] = complex(np.cos(angle), np.sin(angle))
    return roots


@register_jitable  # type: ignore[untyped-decorator]
def _halved(a: Any, roots: Any) -> None:
    """The transform of `a` in place, of a length that is a power of two; `roots` are the first half of those of one."""
    n = a.shape[0]
    j = 0
    for i in range(1, n):  # into the order of the numbers with their bits reversed
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            a[i], a[j] = a[j], a[i]
    length = 2
    while length <= n:
        half, stride = length // 2, n // length
        for first in range(0, n, length):
            for k in range(half):
                turned = roots[k * stride] * a[first + half + k]
                a[first + half + k] = a[first + k] - turned
                a[first + k] += turned
        length *= 2


@register_jitable  # type: ignore[untyped-decorator]
def _transformed(x: Any, turns: float) -> Any:
    n = x.shape[-1]
    out = x.copy()
    if n < 2:
        return out
    rows = out.reshape((out.size // n, n))
    if n & (n - 1) == 0:
        roots = _roots(n, n // 2, turns)
        for r in range(rows.shape[0]):
            _halved(rows[r], roots)
        return out
    m = 4
    while m < 2 * n - 1:
        m *= 2
    ahead, behind = _roots(m, m // 2, -1.0), _roots(m, m // 2, 1.0)
    chirp = np.empty(n, np.complex128)
    kernel = np.zeros(m, np.complex128)
    for k in range(n):
        angle = np.pi * turns * (k * k % (2 * n)) / n
        chirp[k] = complex(np.cos(angle), np.sin(angle))
        kernel[k] = chirp[k].conjugate()
        kernel[(m - k) % m] = chirp[k].conjugate()
    _halved(kernel, ahead)
    work = np.empty(m, np.complex128)
    for r in range(rows.shape[0]):
        for k in range(m):
            work[k] = rows[r, k] * chirp[k] if k < n else 0.0
        _halved(work, ahead)
        for k in range(m):
            work[k] *= kernel[k] / m
        _halved(work, behind)
        for k in range(n):
            rows[r, k] = work[k] * chirp[k]
    return out


@overload(dft)  # type: ignore[untyped-decorator]
def _dft(x: Any) -> Any:
    def compiled(x: Any) -> Any:
        return _transformed(x, -1.0)

    return compiled


@overload(dft_back)  # type: ignore[untyped-decorator]
def _dft_back(x: Any) -> Any:
    def compiled(x: Any) -> Any:
        return _transformed(x, 1.0)

    return compiled


TRANSFORMS = (dft, dft_back)
"""Linear functions of a whole array that are symmetric: each is its own transpose, without conjugation."""
