"""Statistics of NumPy written out in loops (see `written_out`): counts, covariances, sets, and what leaves NaNs out.

Goal: NumPy's values; places and counts are constants.  Non-goals: several axes, but where a function says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.normal.places import places


# ------------------------------------------------------------------------------------------ counts
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    length = minlength
    for i in range(x.shape[0]):
        if x[i] < 0:
            raise ValueError("'list' argument must have no negative elements")
        length = max(length, x[i] + 1)
    if weights is None:
        counts = np.zeros(length, np.int64)
        for i in range(x.shape[0]):
            counts[x[i]] += 1
        return counts
    if weights.shape[0] != x.shape[0]:
        raise ValueError("The weights and list don't have the same length.")
    sums = np.zeros(length)
    for i in range(x.shape[0]):
        sums[x[i]] += weights[i]
    return sums


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    n = bins.shape[0]
    falls = n > 1 and bins[0] > bins[n - 1]
    for i in range(1, n):
        if bins[i] < bins[i - 1] if not falls else bins[i] > bins[i - 1]:
            raise ValueError("bins must be monotonically increasing or decreasing")
    if np.ndim(x) == 0:
        return _bin(x, bins, right, falls)
    out = np.empty(x.shape[0], np.int64)
    for i in range(x.shape[0]):
        out[i] = _bin(x[i], bins, right, falls)
    return out


def _bin(x: Any, bins: Any, right: bool, falls: bool) -> int:
    """How many bins end before `x`."""
    n = bins.shape[0]
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        edge = bins[n - 1 - middle] if falls else bins[middle]
        if edge < x or (not right and edge == x) or x != x:
            low = middle + 1
        else:
            high = middle
    return n - low if falls else low


def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    values = np.ravel(a)
    if np.ndim(bins) == 0:
        if range is None:
            first, last = (np.min(values), np.max(values)) if values.shape[0] > 0 else (0.0, 1.0)
        else:
            first, last = range[0], range[1]
        if first == last:
            first, last = first - 0.5, last + 0.5
        edges = np.linspace(first, last, bins + 1)
    else:
        edges = bins * 1.0
    n = edges.shape[0] - 1
    counts = np.zeros(n) if weights is not None else np.zeros(n, np.int64)
    for i, v in enumerate(values):
        if edges[0] <= v and v <= edges[n]:
            k = min(_bin(v, edges, False, False), n) - 1
            if weights is None:
                counts[k] += 1
            else:
                counts[k] += weights[i]
    if density:
        return counts / (edges[1:] - edges[:-1]) / np.sum(counts), edges
    return counts, edges


# ------------------------------------------------------------------------------------------ covariance
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    rows = _observations(m, y, rowvar)
    off = 1 - int(bias) if ddof is None else ddof
    n, count = rows.shape[0], rows.shape[1]
    centred = rows - np.mean(rows, axis=1)[:, None]
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(count):
                s += centred[i, k] * centred[j, k]
            out[i, j] = s / (count - off)
    if m.ndim == 1 and y is None:
        return out[0, 0]
    return out


def _observations(m: Any, y: Any, rowvar: bool) -> Any:
    """One variable a row."""
    first = m[None, :] if m.ndim == 1 else m if rowvar else m.T
    if y is None:
        return first
    second = y[None, :] if y.ndim == 1 else y if rowvar else y.T
    return np.concatenate((first, second), axis=0)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    if x.ndim == 1 and y is None:
        return 1.0
    c = cov(x, y, rowvar)
    n = c.shape[0]
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            out[i, j] = 1.0 if i == j else c[i, j] / np.sqrt(c[i, i]) / np.sqrt(c[j, j])
    return out


# ------------------------------------------------------------------------------------------ without NaNs
def nansum(a: Any, axis: Any = None) -> Any:
    return np.sum(np.where(np.isnan(a), 0.0, a), axis=axis)


def nanprod(a: Any, axis: Any = None) -> Any:
    return np.prod(np.where(np.isnan(a), 1.0, a), axis=axis)


def nanmean(a: Any, axis: Any = None) -> Any:
    return nansum(a, axis) / np.sum(np.where(np.isnan(a), 0.0, 1.0), axis=axis)


def nanvar(a: Any, axis: Any = None, ddof: Any = 0) -> Any:
    kept = np.where(np.isnan(a), 0.0, 1.0)
    count = np.sum(kept, axis=axis, keepdims=True)
    centre = np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=True) / count
    off = np.where(np.isnan(a), 0.0, a - centre)
    squares = off.real * off.real + off.imag * off.imag if np.iscomplexobj(a) else off * off
    return np.sum(squares, axis=axis) / (np.sum(kept, axis=axis) - ddof)


def nanstd(a: Any, axis: Any = None, ddof: Any = 0) -> Any:
    return np.sqrt(nanvar(a, axis, ddof))


def _present(a: Any) -> Any:
    """The elements that are numbers."""
    flat = np.ravel(a)
    return flat[places(np.logical_not(np.isnan(flat)))]


def nanmax(a: Any) -> Any:
    kept = _present(a)
    return np.max(kept) if kept.shape[0] > 0 else np.nan


def nanmin(a: Any) -> Any:
    kept = _present(a)
    return np.min(kept) if kept.shape[0] > 0 else np.nan


def nanmedian(a: Any) -> Any:
    return np.median(_present(a))


def nanquantile(a: Any, q: Any) -> Any:
    kept = _present(a)
    return np.quantile(kept, q) if kept.shape[0] > 0 else np.nan


def nanpercentile(a: Any, q: Any) -> Any:
    return nanquantile(a, q / 100.0)


def nancumsum(a: Any) -> Any:
    flat = np.ravel(a)
    return np.cumsum(np.where(np.isnan(flat), 0.0, flat))


def nancumprod(a: Any) -> Any:
    flat = np.ravel(a)
    return np.cumprod(np.where(np.isnan(flat), 1.0, flat))


def nanargmax(a: Any) -> Any:
    flat = np.ravel(a)
    if np.all(np.isnan(flat)):
        raise ValueError("All-NaN slice encountered")
    return np.argmax(np.where(np.isnan(flat), -np.inf, flat))


def nanargmin(a: Any) -> Any:
    flat = np.ravel(a)
    if np.all(np.isnan(flat)):
        raise ValueError("All-NaN slice encountered")
    return np.argmin(np.where(np.isnan(flat), np.inf, flat))


# ------------------------------------------------------------------------------------------ sets
def unique(ar: Any) -> Any:
    """The distinct values in order; equal ones are one, whose derivative is that of the first."""
    flat = np.ravel(ar)
    order = np.argsort(flat)
    n = flat.shape[0]
    first = np.ones(n, np.bool_)
    for k in range(1, n):
        same = flat[order[k]] == flat[order[k - 1]]
        first[k] = not (same or (np.isnan(flat[order[k]]) and np.isnan(flat[order[k - 1]])))
    return flat[order[places(first)]]


def isin(element: Any, test_elements: Any) -> Any:
    tests = np.ravel(test_elements)
    if np.ndim(element) == 0:
        return np.any(tests == element)
    flat = np.ravel(element)
    found = np.zeros(flat.shape[0], np.bool_)
    for i in range(flat.shape[0]):
        found[i] = np.any(tests == flat[i])
    return np.reshape(found, element.shape)


def union1d(ar1: Any, ar2: Any) -> Any:
    return unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))


def intersect1d(ar1: Any, ar2: Any) -> Any:
    first = unique(ar1)
    return first[places(isin(first, ar2))]


def setdiff1d(ar1: Any, ar2: Any) -> Any:
    first = unique(ar1)
    return first[places(np.logical_not(isin(first, ar2)))]


def setxor1d(ar1: Any, ar2: Any) -> Any:
    return unique(np.concatenate((setdiff1d(ar1, ar2), setdiff1d(ar2, ar1))))
