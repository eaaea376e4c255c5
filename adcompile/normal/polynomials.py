"""Polynomials and windows of NumPy written out in loops (see `written_out`).

`np.poly...` have the highest power first, `np.polynomial.polynomial.poly...` the lowest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def polyval(p: Any, x: Any) -> Any:
    value = x * 0.0
    for k in range(len(p)):
        value = value * x + p[k]
    return value


def polyder(p: Any) -> Any:
    n = p.shape[0]
    out = np.empty(max(n - 1, 0))
    for k in range(n - 1):
        out[k] = p[k] * (n - 1 - k)
    return out


def polyint(p: Any) -> Any:
    n = p.shape[0]
    out = np.zeros(n + 1)
    for k in range(n):
        out[k] = p[k] / (n - k)
    return out


def polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(a1, a2)


def polyadd(a1: Any, a2: Any) -> Any:
    n, m = a1.shape[0], a2.shape[0]
    out = np.zeros(max(n, m))
    for k in range(n):
        out[out.shape[0] - n + k] += a1[k]
    for k in range(m):
        out[out.shape[0] - m + k] += a2[k]
    return out


def polysub(a1: Any, a2: Any) -> Any:
    return polyadd(a1, -a2)


def rising_polyval(x: Any, c: Any, tensor: bool = True) -> Any:
    if c.ndim != 1 and not np.isscalar(x):
        raise NotImplementedError("several polynomials at several points")
    value = x * 0.0
    for k in range(c.shape[0]):
        value = value * x + c[c.shape[0] - 1 - k]
    return value


def rising_polyadd(c1: Any, c2: Any) -> Any:
    n, m = c1.shape[0], c2.shape[0]
    out = np.zeros(max(n, m))
    for k in range(n):
        out[k] += c1[k]
    for k in range(m):
        out[k] += c2[k]
    return _trimmed(out)


def rising_polysub(c1: Any, c2: Any) -> Any:
    return rising_polyadd(c1, -c2)


def rising_polymul(c1: Any, c2: Any) -> Any:
    return _trimmed(np.convolve(c1, c2))


def _trimmed(c: Any) -> Any:
    """Without zeros at the end, but for the first coefficient."""
    n = c.shape[0]
    while n > 1 and c[n - 1] == 0:
        n -= 1
    return c[:n]


def rising_polyint(c: Any) -> Any:
    n = c.shape[0]
    out = np.zeros(n + 1)
    for k in range(n):
        out[k + 1] = c[k] / (k + 1)
    return out


def rising_polyder(c: Any) -> Any:
    n = c.shape[0]
    if n < 2:
        return c[:1] * 0.0
    out = np.empty(n - 1)
    for k in range(1, n):
        out[k - 1] = c[k] * k
    return out


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    n, m = a.shape[0], v.shape[0]
    if n == 0 or m == 0:
        raise ValueError("a and v cannot be empty")
    full = np.zeros(n + m - 1)
    for i in range(n):
        for j in range(m):
            full[i + m - 1 - j] += a[i] * v[j]
    if mode == "full":
        return full
    if mode == "same":
        first = (min(n, m) - 1) // 2 if n >= m else min(n, m) // 2
        return full[first : first + max(n, m)]
    return full[min(n, m) - 1 : max(n, m)]


# ------------------------------------------------------------------------------------------ windows
def _cosines(M: int, first: float, second: float, third: float) -> Any:
    out = np.ones(max(M, 0))
    if M > 1:
        for i in range(M):
            angle = 2.0 * math.pi * i / (M - 1)
            out[i] = first + second * math.cos(angle) + third * math.cos(2.0 * angle)
    return out


def hanning(M: int) -> Any:
    return _cosines(M, 0.5, -0.5, 0.0)


def hamming(M: int) -> Any:
    return _cosines(M, 0.54, -0.46, 0.0)


def blackman(M: int) -> Any:
    return _cosines(M, 0.42, -0.5, 0.08)


def bartlett(M: int) -> Any:
    out = np.ones(max(M, 0))
    if M > 1:
        for i in range(M):
            out[i] = 1.0 - abs(2.0 * i / (M - 1) - 1.0)
    return out
