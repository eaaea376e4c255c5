"""Functions of NumPy written out in loops: a call of one is a call of the function here, differentiated as a user's.

Goal: what has no rule, and loses little by loops.  Each has NumPy's parameters and is tested against it.  Sorting is by
merging; the derivatives are those of the order of items at hand.  Non-goals: several axes at once.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.polynomial import polynomial as rising

from adcompile.normal import decompositions, distributions, places, polynomials, rearranged, statistics, written_special
from adcompile.normal.fourier import FOURIER
from adcompile.normal.linear_algebra import cholesky, cross, det, inv, kron, slogdet, solve, solve_discrete_lyapunov


# ------------------------------------------------------------------------------------------ order
def _order(a: Any) -> Any:
    """The places of a vector's items in ascending order, of equal ones the first first; NaNs last."""
    n = a.shape[0]
    order, merged = np.arange(n), np.empty(n, np.int64)
    width = 1
    while width < n:
        start = 0
        while start < n:
            middle, end = min(start + width, n), min(start + 2 * width, n)
            i, j = start, middle
            for k in range(start, end):
                if j >= end or (i < middle and (a[order[i]] <= a[order[j]] or a[order[j]] != a[order[j]])):
                    merged[k] = order[i]
                    i += 1
                else:
                    merged[k] = order[j]
                    j += 1
            start += 2 * width
        for k in range(n):
            order[k] = merged[k]
        width *= 2
    return order


def argsort(a: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> Any:
    """Of a vector, or of the rows or columns of a matrix; equal items keep their order, whatever the kind."""
    if a.ndim == 1:
        return _order(a)
    if a.ndim != 2 or axis is None:
        raise NotImplementedError("the order of more than two axes")
    out = np.empty((a.shape[0], a.shape[1]), np.int64)
    if axis == 0 or axis == -2:
        for j in range(a.shape[1]):
            order = _order(a[:, j])
            for i in range(a.shape[0]):
                out[i, j] = order[i]
    else:
        for i in range(a.shape[0]):
            order = _order(a[i])
            for j in range(a.shape[1]):
                out[i, j] = order[j]
    return out


def _rows(a: Any) -> Any:
    """The rows of a matrix, each in ascending order."""
    out = np.empty_like(a)
    for i in range(a.shape[0]):
        order = _order(a[i])
        for j in range(a.shape[1]):
            out[i, j] = a[i, order[j]]
    return out


def sort(a: Any, axis: Any = -1, kind: Any = None, stable: Any = None) -> Any:
    out = np.empty_like(a)
    if a.ndim == 1:
        order = _order(a)
        for k in range(a.shape[0]):
            out[k] = a[order[k]]
        return out
    if a.ndim != 2 and axis is not None:
        moved = np.moveaxis(a, axis, -1)
        ordered = _rows(np.reshape(moved, (-1, a.shape[axis])))
        return np.moveaxis(np.reshape(ordered, moved.shape), -1, axis)
    places = argsort(a, axis)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[places[i, j], j] if axis == 0 or axis == -2 else a[i, places[i, j]]
    return out


def quantile(a: Any, q: Any) -> Any:
    if a.ndim != 1:
        raise NotImplementedError("quantiles of more than one axis")
    if not 0.0 <= q <= 1.0:
        raise ValueError("Quantiles must be in the range [0, 1]")
    n = a.shape[0]
    if n == 0:
        raise IndexError("a quantile of no items")
    order = _order(a)
    if np.isnan(a[order[n - 1]]):
        return a[order[n - 1]] * 1.0
    place = q * (n - 1)
    low = math.floor(place)
    high = min(low + 1, n - 1)
    return a[order[low]] + (a[order[high]] - a[order[low]]) * (place - low)


def percentile(a: Any, q: Any) -> Any:
    return quantile(a, q / 100.0)


def median(a: Any) -> Any:
    if a.ndim != 1:
        raise NotImplementedError("the median along one of several axes")
    n = a.shape[0]
    if n == 0:
        return np.nan
    order = _order(a)
    if np.isnan(a[order[n - 1]]):
        return a[order[n - 1]] * 1.0
    return 0.5 * (a[order[(n - 1) // 2]] + a[order[n // 2]])


def searchsorted(a: Any, v: Any, side: str = "left") -> Any:
    if np.ndim(v) == 0:
        return _found(a, v, side)
    flat = np.ravel(v)
    out = np.empty(flat.shape[0], np.int64)
    for i in range(flat.shape[0]):
        out[i] = _found(a, flat[i], side)
    return np.reshape(out, v.shape)


def _found(a: Any, v: Any, side: str) -> Any:
    low, high = 0, a.shape[0]
    while low < high:
        middle = (low + high) // 2
        if a[middle] < v or (side == "right" and a[middle] == v):
            low = middle + 1
        else:
            high = middle
    return low


# ------------------------------------------------------------------------------------------ curves
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    if xp.shape[0] == 0:
        raise ValueError("array of sample points is empty")
    if xp.shape[0] != fp.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    if np.ndim(x) == 0:
        return _interpolated(x, xp, fp, left, right)
    flat = np.ravel(x)
    out = np.empty(flat.shape[0])
    for i in range(flat.shape[0]):
        out[i] = _interpolated(flat[i], xp, fp, left, right)
    return out if x.ndim == 1 else np.reshape(out, x.shape)


def _interpolated(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    n = xp.shape[0]
    if x < xp[0]:
        value = fp[0] * 1.0 if left is None else left * 1.0
    elif x > xp[n - 1]:
        value = fp[n - 1] * 1.0 if right is None else right * 1.0
    elif x == xp[n - 1]:
        value = fp[n - 1] * 1.0
    else:
        k = _found(xp, x, "right") - 1
        value = fp[k] + (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k]) * (x - xp[k])
    return value


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    if y.ndim == 2 and x is None:
        if axis == 0 or axis == -2:
            return np.sum(0.5 * (y[1:] + y[:-1]) * dx, axis=0)
        return np.sum(0.5 * (y[:, 1:] + y[:, :-1]) * dx, axis=1)
    if y.ndim != 1:
        raise NotImplementedError("the integral along one of several axes")
    total = 0.0
    if x is not None and x.shape[0] != y.shape[0]:
        raise ValueError("the lengths of y and x differ")
    for i in range(y.shape[0] - 1):
        if x is None:
            total += 0.5 * (y[i] + y[i + 1]) * dx
        else:
            total += 0.5 * (y[i] + y[i + 1]) * (x[i + 1] - x[i])
    return total


def gradient(f: Any, dx: Any = 1.0) -> Any:
    if f.ndim != 1 or f.shape[0] < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    n = f.shape[0]
    out = np.empty(n)
    out[0] = (f[1] - f[0]) / dx
    out[n - 1] = (f[n - 1] - f[n - 2]) / dx
    for i in range(1, n - 1):
        out[i] = (f[i + 1] - f[i - 1]) / (2.0 * dx)
    return out


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    n, m = a.shape[0], v.shape[0]
    if n == 0 or m == 0:
        raise ValueError("a and v cannot be empty")
    full = np.zeros(n + m - 1)
    for i in range(n):
        for j in range(m):
            full[i + j] += a[i] * v[j]
    if mode == "full":
        return full
    if mode == "same":
        first = (min(n, m) - 1) // 2
        return full[first : first + max(n, m)]
    return full[min(n, m) - 1 : max(n, m)]


# ------------------------------------------------------------------------------------------ copies and counts
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        return _repeated(np.ravel(a), repeats)
    if not -a.ndim <= axis < a.ndim:
        raise ValueError("axis is out of bounds for the array")
    return np.swapaxes(_repeated(np.swapaxes(a, 0, axis), repeats), 0, axis)


def _repeated(a: Any, repeats: Any) -> Any:
    """Each row of an array several times; all as often, or each as often as an array says."""
    each = np.zeros(a.shape[0], np.int64) + repeats
    if each.shape[0] != a.shape[0]:
        raise ValueError("operands could not be broadcast together")
    out = np.empty((np.sum(each), *a.shape[1:]), a.dtype)
    place = 0
    for i in range(a.shape[0]):
        if each[i] < 0:
            raise ValueError("repeats may not contain negative values.")
        for _ in range(each[i]):
            out[place] = a[i]
            place += 1
    return out


def tile(A: Any, reps: int) -> Any:
    if A.ndim != 1:
        raise NotImplementedError("tiles of more than one axis")
    out = np.empty(A.shape[0] * reps, A.dtype)
    for k in range(reps):
        for i in range(A.shape[0]):
            out[k * A.shape[0] + i] = A[i]
    return out


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08) -> Any:
    return np.logical_or(a == b, np.abs(a - b) <= atol + rtol * np.abs(b))


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08) -> Any:
    return np.all(np.logical_or(a == b, np.abs(a - b) <= atol + rtol * np.abs(b)))


WRITTEN_OUT: Mapping[Any, Callable[..., Any]] = {
    np.linalg.solve: solve, np.linalg.inv: inv, np.linalg.det: det, np.linalg.slogdet: slogdet,
    np.linalg.cholesky: cholesky, np.cross: cross, np.kron: kron, np.sort: sort, np.argsort: argsort,
    np.quantile: quantile, np.percentile: percentile, np.median: median, np.searchsorted: searchsorted,
    np.interp: interp, np.trapezoid: trapezoid, np.gradient: gradient, np.convolve: convolve,
    np.repeat: repeat, np.tile: tile,
    np.nonzero: places.nonzero, np.flatnonzero: places.flatnonzero, np.argwhere: places.argwhere,
    np.extract: places.extract, np.compress: places.compress, np.place: places.place, np.putmask: places.putmask,
    np.put: places.put, np.take: places.take, np.take_along_axis: places.take_along_axis,
    np.put_along_axis: places.put_along_axis, np.fill_diagonal: places.fill_diagonal, np.add.at: places.add_at,
    np.subtract.at: places.subtract_at, np.delete: places.delete, np.insert: places.insert, np.append: places.append,
    np.bincount: statistics.bincount, np.digitize: statistics.digitize, np.histogram: statistics.histogram,
    np.cov: statistics.cov, np.corrcoef: statistics.corrcoef, np.nansum: statistics.nansum,
    np.nanprod: statistics.nanprod, np.nanmean: statistics.nanmean, np.nanvar: statistics.nanvar,
    np.nanstd: statistics.nanstd, np.nanmax: statistics.nanmax, np.nanmin: statistics.nanmin,
    np.nanmedian: statistics.nanmedian, np.nanquantile: statistics.nanquantile,
    np.nanpercentile: statistics.nanpercentile, np.nancumsum: statistics.nancumsum,
    np.nancumprod: statistics.nancumprod, np.nanargmax: statistics.nanargmax, np.nanargmin: statistics.nanargmin,
    np.unique: statistics.unique, np.isin: statistics.isin, np.union1d: statistics.union1d,
    np.intersect1d: statistics.intersect1d, np.setdiff1d: statistics.setdiff1d, np.setxor1d: statistics.setxor1d,
    np.atleast_1d: rearranged.atleast_1d, np.atleast_2d: rearranged.atleast_2d, np.atleast_3d: rearranged.atleast_3d,
    np.rot90: rearranged.rot90, np.unwrap: rearranged.unwrap, np.ediff1d: rearranged.ediff1d,
    np.trim_zeros: rearranged.trim_zeros, np.resize: rearranged.resize, np.diagflat: rearranged.diagflat,
    np.tri: rearranged.tri,
    np.tril_indices: rearranged.tril_indices,
    np.triu_indices: rearranged.triu_indices, np.tril_indices_from: rearranged.tril_indices_from,
    np.triu_indices_from: rearranged.triu_indices_from, np.diag_indices: rearranged.diag_indices,
    np.vander: rearranged.vander, np.logspace: rearranged.logspace, np.geomspace: rearranged.geomspace,
    np.array_equal: rearranged.array_equal, np.asarray_chkfinite: rearranged.asarray_chkfinite,
    np.nan_to_num: rearranged.nan_to_num, np.emath.sqrt: rearranged.real_sqrt, np.emath.log: rearranged.real_log,
    np.emath.arcsin: rearranged.real_arcsin, np.emath.arccos: rearranged.real_arccos,
    np.emath.arctanh: rearranged.real_arctanh,
    np.polyval: polynomials.polyval, np.polyder: polynomials.polyder, np.polyint: polynomials.polyint,
    np.polymul: polynomials.polymul, np.polyadd: polynomials.polyadd, np.polysub: polynomials.polysub,
    rising.polyval: polynomials.rising_polyval, rising.polyadd: polynomials.rising_polyadd,
    rising.polysub: polynomials.rising_polysub, rising.polymul: polynomials.rising_polymul,
    rising.polyint: polynomials.rising_polyint, rising.polyder: polynomials.rising_polyder,
    np.correlate: polynomials.correlate, np.hanning: polynomials.hanning, np.hamming: polynomials.hamming,
    np.blackman: polynomials.blackman, np.bartlett: polynomials.bartlett,
    np.linalg.eigh: decompositions.eigh, np.linalg.eigvalsh: decompositions.eigvalsh, np.linalg.svd: decompositions.svd,
    np.linalg.qr: decompositions.qr, np.linalg.pinv: decompositions.pinv, np.linalg.lstsq: decompositions.lstsq,
    np.linalg.cond: decompositions.cond,
    np.isclose: isclose, np.allclose: allclose,
    math.factorial: written_special.math_factorial, math.comb: written_special.math_comb,
    math.perm: written_special.math_perm, math.isqrt: written_special.math_isqrt,
    math.fsum: written_special.math_fsum, math.dist: written_special.math_dist,
    **FOURIER,
}  # fmt: skip


def block_diag(a: Any, b: Any) -> Any:
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    right, left = np.zeros((a.shape[0], b.shape[1]), a.dtype), np.zeros((b.shape[0], a.shape[1]), b.dtype)
    return np.concatenate((np.concatenate((a, right), axis=1), np.concatenate((left, b), axis=1)), axis=0)


OF_SCIPY: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("scipy.special", name): getattr(written_special, name)
    for name in ("polygamma", "logsumexp", "softmax", "log_softmax", "comb", "factorial", "lambertw")
} | {
    ("scipy.linalg", "solve"): solve, ("scipy.linalg", "inv"): inv, ("scipy.linalg", "det"): det,
    ("scipy.linalg", "cholesky"): decompositions.scipy_cholesky,
    ("scipy.linalg", "cho_factor"): decompositions.cho_factor,
    ("scipy.linalg", "cho_solve"): decompositions.cho_solve, ("scipy.linalg", "expm"): decompositions.expm,
    ("scipy.linalg", "solve_triangular"): decompositions.solve_triangular,
    ("scipy.linalg", "solve_discrete_lyapunov"): solve_discrete_lyapunov, ("scipy.linalg", "block_diag"): block_diag,
}  # fmt: skip
"""By module and name: SciPy is imported only by those who use it."""

OF_DISTRIBUTIONS: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("norm_gen", name): getattr(distributions, f"norm_{name}")
    for name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "ppf")
}
"""By the class of a distribution of `scipy.stats`, and its method."""


def written_out(fn: Any) -> Callable[..., Any] | None:
    """The function here that a call of a library function is a call of, if there is one."""
    if getattr(type(fn), "__hash__", None) is not None and fn in WRITTEN_OUT:
        return WRITTEN_OUT[fn]
    name = getattr(fn, "__name__", "")
    kind = type(getattr(fn, "__self__", None))
    if (kind.__name__, name) in OF_DISTRIBUTIONS and kind.__module__ == "scipy.stats._continuous_distns":
        return OF_DISTRIBUTIONS[kind.__name__, name]
    for (module, own), written in OF_SCIPY.items():
        if own == name and getattr(sys.modules.get(module), own, None) is fn:
            return written
    return None
