"""Functions of `scipy.special` and `math` that are no single call of C, written out (see `written_out`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adcompile import special
from adcompile.runtime import stop_gradient


# ------------------------------------------------------------------------------------------ of SciPy
def polygamma(n: Any, x: Any) -> Any:
    return special.polygamma(n, x)


def _largest(a: Any, axis: Any) -> Any:
    """What exponentials are divided by: any number would do, so that it is a constant."""
    top = np.max(a, axis=axis, keepdims=True)
    return stop_gradient(np.where(np.isfinite(top), top, 0.0))


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    if np.ndim(a) == 0:
        return a if b is None else a + np.log(b)
    top = _largest(a, axis)
    terms = np.exp(a - top) if b is None else b * np.exp(a - top)
    total = np.log(np.sum(terms, axis=axis, keepdims=True)) + top
    if keepdims:
        return total
    return np.sum(total, axis=axis)  # of axes of length one


def softmax(x: Any, axis: Any = None) -> Any:
    terms = np.exp(x - _largest(x, axis))
    return terms / np.sum(terms, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    off = x - _largest(x, axis)
    return off - np.log(np.sum(np.exp(off), axis=axis, keepdims=True))


def comb(N: Any, k: Any, exact: bool = False, repetition: bool = False) -> Any:
    if repetition:
        raise NotImplementedError("scipy.special.comb with repetition")
    if exact:
        return _combinations(N, k) if 0 <= k <= N else 0
    from scipy.special import binom

    return np.where(np.logical_and(np.logical_and(k <= N, N >= 0), k >= 0), binom(N, k), 0.0)


def factorial(n: Any, exact: bool = False) -> Any:
    if exact:
        return math.factorial(n)
    from scipy.special import gamma

    return np.where(n < 0, 0.0, gamma(n + 1.0))


def _near_lambertw(z: Any, k: int) -> Any:
    """Halley's method, from series and logarithms (Corless et al., On the Lambert W function, 1996)."""
    at = z + 1.0 / math.e
    if k == 0 and abs(at) < 0.3:
        p = np.sqrt(2.0 * math.e * at)
        w = -1.0 + p - p * p / 3.0
    elif k == 0 and (abs(z) < 1.0 or (np.real(z) > 0.0 and abs(z) < 3.0)):
        w = np.log(1.0 + z)
    elif k == -1 and np.imag(z) == 0.0 and -1.0 / math.e <= np.real(z) < 0.0:
        w = np.log(-z) + 0j
    else:
        w = np.log(z) + 2j * math.pi * k
        w = w - np.log(w)
    for _ in range(100):
        off = w - z * np.exp(-w)
        if off == 0.0:
            break
        step = off / (1.0 + w - (2.0 + w) * off / (2.0 + 2.0 * w))
        w = w - step
        if abs(step) <= 1e-10 * abs(w):
            break
    return w


def _one_lambertw(z: Any, k: int) -> Any:
    z = z + 0j
    if z == 0.0 and k != 0:
        return complex(-math.inf, 0.0)
    if not np.isfinite(z):
        return z + 2j * math.pi * k if np.real(z) != -math.inf else complex(math.inf, (2 * k + 1) * math.pi)
    w = stop_gradient(_near_lambertw(z, k))
    if w == -1.0:
        p = np.sqrt(2.0 * (math.e * z + 1.0))
        return -1.0 + p if k == 0 else -1.0 - p
    for _ in range(3):  # each step of Newton's doubles the order up to which derivatives are right
        w = w - (w - z * np.exp(-w)) / (1.0 + w)
    return w


def lambertw(z: Any, k: int = 0, tol: Any = 1e-8) -> Any:
    if np.ndim(z) == 0:
        return _one_lambertw(z, k)
    flat, out = np.ravel(z), np.empty(np.size(z), np.complex128)
    for i in range(flat.shape[0]):
        out[i] = _one_lambertw(flat[i], k)
    return np.reshape(out, np.shape(z))


# ------------------------------------------------------------------------------------------ of math
def _combinations(n: int, k: int) -> int:
    value = 1
    for i in range(min(k, n - k)):
        value = value * (n - i) // (i + 1)
    return value


def math_comb(n: int, k: int) -> int:
    if n < 0 or k < 0:
        raise ValueError("n and k must be non-negative integers")
    return _combinations(n, k) if k <= n else 0


def math_perm(n: int, k: Any = None) -> int:
    last = n if k is None else k
    if n < 0 or last < 0:
        raise ValueError("n and k must be non-negative integers")
    value = 1
    for i in range(last):
        value *= n - i
    return value


def math_factorial(n: int) -> int:
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    value = 1
    for k in range(2, n + 1):
        value *= k
    return value


def math_isqrt(n: int) -> int:
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    root = int(math.sqrt(n))
    while root * root > n:
        root -= 1
    while (root + 1) * (root + 1) <= n:
        root += 1
    return root


def math_fsum(seq: Any) -> Any:
    """Kahan's sum in Neumaier's form, as exact as the last bit or two."""
    values = np.asarray(seq)
    total, lost = 0.0, 0.0
    for i in range(values.shape[0]):
        new = total + values[i]
        if abs(total) >= abs(values[i]):
            lost += (total - new) + values[i]
        else:
            lost += (values[i] - new) + total
        total = new
    return total + lost


def math_dist(p: Any, q: Any) -> Any:
    first, second = np.asarray(p), np.asarray(q)
    if first.shape[0] != second.shape[0]:
        raise ValueError("both points must have the same number of dimensions")
    off = first - second
    return np.sqrt(np.sum(off * off))
