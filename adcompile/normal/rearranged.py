"""Functions of NumPy that make, join, turn and fill arrays, written out (see `written_out`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.normal.places import places


# ------------------------------------------------------------------------------------------ ranks
def atleast_1d(x: Any) -> Any:
    return np.array((x,)) if np.ndim(x) == 0 else x


def atleast_2d(x: Any) -> Any:
    if np.ndim(x) == 0:
        return np.array(((x,),))
    return x[None, :] if x.ndim == 1 else x


def atleast_3d(x: Any) -> Any:
    if np.ndim(x) == 0:
        return np.array((((x,),),))
    if x.ndim == 1:
        return x[None, :, None]
    return x[:, :, None] if x.ndim == 2 else x


def dstack_two(a: Any, b: Any) -> Any:
    return np.concatenate((atleast_3d(a), atleast_3d(b)), axis=2)


# ------------------------------------------------------------------------------------------ turned and moved
def rot90(m: Any, k: int = 1) -> Any:
    if m.ndim != 2:
        raise NotImplementedError("np.rot90 of more or less than two axes")
    turns = k % 4
    if turns == 1:
        return np.transpose(m[:, ::-1]) * 1
    if turns == 2:
        return m[::-1, ::-1] * 1
    if turns == 3:
        return np.transpose(m)[:, ::-1] * 1
    return m * 1


def roll(a: Any, shift: int, axis: Any = None) -> Any:
    if axis is None:
        flat = np.ravel(a)
        n = flat.shape[0]
        out = np.empty(n, a.dtype)
        for i in range(n):
            out[i] = flat[(i - shift) % n]
        return np.reshape(out, a.shape)
    return np.roll(a, shift, axis)


def unwrap(p: Any, discont: Any = None, period: Any = 6.283185307179586) -> Any:
    """Along the one axis of a vector: multiples of the period are constants."""
    if p.ndim != 1:
        raise NotImplementedError("np.unwrap of more than one axis")
    half = 0.5 * period
    limit = half if discont is None else max(discont, half)
    out = p * 1.0
    shift = 0.0
    for i in range(1, p.shape[0]):
        step = p[i] - p[i - 1]
        wrapped = (step + half) % period - half
        if wrapped == -half and step > 0:
            wrapped = half
        if abs(step) >= limit:
            shift += np.round((wrapped - step) / period) * period
        out[i] = p[i] + shift
    return out


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(ary)
    steps = flat[1:] - flat[:-1]
    if to_begin is not None:
        steps = np.concatenate((np.ravel(atleast_1d(to_begin)), steps))
    if to_end is not None:
        steps = np.concatenate((steps, np.ravel(atleast_1d(to_end))))
    return steps


def trim_zeros(filt: Any, trim: str = "fb") -> Any:
    at = places(filt != 0)
    n = filt.shape[0]
    if at.shape[0] == 0:
        return filt[:0]
    first = at[0] if "f" in trim.lower() else 0
    last = at[at.shape[0] - 1] + 1 if "b" in trim.lower() else n
    return filt[first:last]


def resize(a: Any, new_shape: Any) -> Any:
    flat = np.ravel(a)
    out = np.empty(new_shape, flat.dtype)
    if np.ndim(out) == 0:
        return flat[0] if flat.shape[0] > 0 else out * 0.0
    if out.ndim == 1:
        for i in range(out.shape[0]):
            out[i] = flat[i % flat.shape[0]]
    elif out.ndim == 2:
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = flat[(i * out.shape[1] + j) % flat.shape[0]]
    else:
        raise NotImplementedError("np.resize to more than two axes")
    return out


# ------------------------------------------------------------------------------------------ matrices made of vectors
def diagflat(v: Any, k: int = 0) -> Any:
    flat = np.ravel(v)
    n = flat.shape[0] + abs(k)
    out = np.zeros((n, n), flat.dtype)
    for i in range(flat.shape[0]):
        out[i + max(-k, 0), i + max(k, 0)] = flat[i]
    return out


def diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 1:
        return diagflat(v, k)
    return diagonal(v, k)


def diagonal(a: Any, offset: int = 0) -> Any:
    """A copy of a diagonal of a matrix."""
    if a.ndim != 2:
        raise NotImplementedError("the diagonal of more or less than two axes")
    row, column = max(-offset, 0), max(offset, 0)
    n = max(min(a.shape[0] - row, a.shape[1] - column), 0)
    out = np.empty(n, a.dtype)
    for i in range(n):
        out[i] = a[i + row, i + column]
    return out


def trace(a: Any, offset: int = 0) -> Any:
    return np.sum(diagonal(a, offset))


def tri(N: int, M: Any = None, k: int = 0) -> Any:
    columns = N if M is None else M
    out = np.zeros((N, columns))
    for i in range(N):
        for j in range(columns):
            if j <= i + k:
                out[i, j] = 1.0
    return out


def eye(N: int, M: Any = None, k: int = 0) -> Any:
    columns = N if M is None else M
    out = np.zeros((N, columns))
    for i in range(N):
        if 0 <= i + k < columns:
            out[i, i + k] = 1.0
    return out


def tril(m: Any, k: int = 0) -> Any:
    out = np.zeros_like(m)
    if m.ndim != 2:
        raise NotImplementedError("the triangle of more or less than two axes")
    for i in range(m.shape[0]):
        for j in range(max(min(i + k + 1, m.shape[1]), 0)):
            out[i, j] = m[i, j]
    return out


def triu(m: Any, k: int = 0) -> Any:
    out = np.zeros_like(m)
    if m.ndim != 2:
        raise NotImplementedError("the triangle of more or less than two axes")
    for i in range(m.shape[0]):
        for j in range(max(i + k, 0), m.shape[1]):
            out[i, j] = m[i, j]
    return out


def tril_indices(n: int, k: int = 0, m: Any = None) -> Any:
    columns = n if m is None else m
    found = places(np.ravel(tri(n, columns, k)))
    return found // columns, found % columns


def triu_indices(n: int, k: int = 0, m: Any = None) -> Any:
    columns = n if m is None else m
    found = places(np.ravel(1.0 - tri(n, columns, k - 1)))
    return found // columns, found % columns


def tril_indices_from(arr: Any, k: int = 0) -> Any:
    return tril_indices(arr.shape[0], k, arr.shape[1])


def triu_indices_from(arr: Any, k: int = 0) -> Any:
    return triu_indices(arr.shape[0], k, arr.shape[1])


def diag_indices(n: int) -> Any:
    return np.arange(n), np.arange(n)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    n = x.shape[0] if N is None else N
    out = np.empty((x.shape[0], n))
    for i in range(x.shape[0]):
        power = 1.0
        for j in range(n):
            out[i, j if increasing else n - 1 - j] = power
            power = power * x[i]
    return out


def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0) -> Any:
    return base ** np.linspace(start, stop, num, endpoint=endpoint)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    if start == 0 or stop == 0:
        raise ValueError("Geometric sequence cannot include zero")
    sign = 1.0
    if start < 0 and stop < 0:
        sign = -1.0
    first, last = np.log10(start * sign), np.log10(stop * sign)
    return sign * 10.0 ** np.linspace(first, last, num, endpoint=endpoint)


# ------------------------------------------------------------------------------------------ comparisons, domains
def array_equal(a1: Any, a2: Any) -> Any:
    if np.ndim(a1) != np.ndim(a2) or np.shape(a1) != np.shape(a2):
        return False
    return np.all(a1 == a2)


def asarray_chkfinite(a: Any) -> Any:
    if not np.all(np.isfinite(a)):
        raise ValueError("array must not contain infs or NaNs")
    return a


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    above = 1.7976931348623157e308 if posinf is None else posinf
    below = -1.7976931348623157e308 if neginf is None else neginf
    return np.where(np.isnan(x), nan, np.where(np.isposinf(x), above, np.where(np.isneginf(x), below, x)))


def real_sqrt(x: Any) -> Any:
    """`np.emath.sqrt` where it is real, and of complex numbers."""
    if np.isrealobj(x) and np.any(x < 0):
        raise ValueError("np.emath.sqrt of a negative number is complex")
    return np.sqrt(x)


def real_log(x: Any) -> Any:
    """`np.emath.log` where it is real, and of complex numbers."""
    if np.isrealobj(x) and np.any(x < 0):
        raise ValueError("np.emath.log of a negative number is complex")
    return np.log(x)


def real_arcsin(x: Any) -> Any:
    """`np.emath.arcsin` where it is real, and of complex numbers."""
    if np.isrealobj(x) and np.any(np.abs(x) > 1):
        raise ValueError("np.emath.arcsin outside [-1, 1] is complex")
    return np.arcsin(x)


def real_arccos(x: Any) -> Any:
    """`np.emath.arccos` where it is real, and of complex numbers."""
    if np.isrealobj(x) and np.any(np.abs(x) > 1):
        raise ValueError("np.emath.arccos outside [-1, 1] is complex")
    return np.arccos(x)


def real_arctanh(x: Any) -> Any:
    """`np.emath.arctanh` where it is real, and of complex numbers."""
    if np.isrealobj(x) and np.any(np.abs(x) > 1):
        raise ValueError("np.emath.arctanh outside [-1, 1] is complex")
    return np.arctanh(x)
