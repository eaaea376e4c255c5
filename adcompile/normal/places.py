"""Which elements: masks, arrays of indices, and the functions that read and write by them, written out in loops.

Goal: a mask is the array of the places where it holds, found by a loop with a counter; so `x[mask]` is `x[places]`, as
NumPy defines it.  Non-goals: writes through a mask of one number, which are a choice at every element (`writes`).
"""

from __future__ import annotations

from typing import Any

import numpy as np


def places(mask: Any) -> Any:
    """The places at which a vector is not zero, in order."""
    count = 0
    for i in range(mask.shape[0]):
        if mask[i]:
            count += 1
    found = np.empty(count, np.int64)
    k = 0
    for i in range(mask.shape[0]):
        if mask[i]:
            found[k] = i
            k += 1
    return found


def places_in(mask: Any, length: int) -> Any:
    """The places of a mask of one axis, which must have that axis's length."""
    if mask.shape[0] != length:
        raise IndexError("boolean index did not match indexed array")
    return places(mask)


def places_of(mask: Any, shape: Any = None) -> Any:
    """The places of a mask of several axes, as one array of indices for each axis; `shape` is what it must have."""
    if shape is not None and mask.shape != shape:
        raise IndexError("boolean index did not match indexed array")
    if mask.ndim == 1:
        return (places(mask),)
    flat = places(np.ravel(mask))
    if mask.ndim == 2:
        return flat // mask.shape[1], flat % mask.shape[1]
    if mask.ndim == 3:
        rows = flat // mask.shape[2]
        return rows // mask.shape[1], rows % mask.shape[1], flat % mask.shape[2]
    raise NotImplementedError("the places of a mask of more than three axes")


def nonzero(a: Any) -> Any:
    return places_of(a != 0)


def where_true(condition: Any) -> Any:
    return places_of(condition != 0)


def flatnonzero(a: Any) -> Any:
    return places(np.ravel(a) != 0)


def argwhere(a: Any) -> Any:
    return np.stack(places_of(a != 0), 1)


def extract(condition: Any, arr: Any) -> Any:
    return np.ravel(arr)[places(np.ravel(condition) != 0)]


def compress(condition: Any, a: Any, axis: Any = None) -> Any:
    kept = places(condition)
    if axis is None:
        return np.ravel(a)[kept]
    return np.take(a, kept, axis)


def _set_flat(a: Any, k: int, value: Any) -> None:
    """`a.flat[k] = value`."""
    if a.ndim == 1:
        a[k] = value
    elif a.ndim == 2:
        a[k // a.shape[1], k % a.shape[1]] = value
    elif a.ndim == 3:
        a[k // (a.shape[1] * a.shape[2]), k // a.shape[2] % a.shape[1], k % a.shape[2]] = value
    else:
        raise NotImplementedError("a write by a flat index into more than three axes")


def place(arr: Any, mask: Any, vals: Any) -> None:
    at, values = places(np.ravel(mask)), np.ravel(vals)
    if at.shape[0] > 0 and values.shape[0] == 0:
        raise ValueError("Cannot insert from an empty array!")
    for k in range(at.shape[0]):
        _set_flat(arr, at[k], values[k % values.shape[0]])


def putmask(a: Any, mask: Any, values: Any) -> None:
    at = places(np.ravel(mask))
    if np.ndim(values) == 0:
        for k in range(at.shape[0]):
            _set_flat(a, at[k], values)
    else:
        new = np.ravel(values)
        for k in range(at.shape[0]):
            _set_flat(a, at[k], new[at[k] % new.shape[0]])


def put(a: Any, ind: Any, v: Any) -> None:
    if np.ndim(ind) == 0:
        _set_flat(a, ind, v if np.ndim(v) == 0 else np.ravel(v)[0])
    else:
        at = np.ravel(ind)
        if np.ndim(v) == 0:
            for k in range(at.shape[0]):
                _set_flat(a, at[k], v)
        else:
            new = np.ravel(v)
            for k in range(at.shape[0]):
                _set_flat(a, at[k], new[k % new.shape[0]])


def take(a: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.ravel(a)[indices]
    if axis == 0 or axis == -a.ndim:
        return a[indices]
    if axis == 1 or axis == 1 - a.ndim:
        return a[:, indices]
    if axis == 2 or axis == 2 - a.ndim:
        return a[:, :, indices]
    raise NotImplementedError("np.take along the fourth axis")


def add_at(a: Any, indices: Any, b: Any) -> None:
    if isinstance(indices, (tuple, list)):
        if len(indices) != 2 or a.ndim != 2:
            raise NotImplementedError("np.add.at with more than two arrays of indices")
        shape = np.shape(indices[0] + indices[1])
        first, second = np.ravel(np.broadcast_to(indices[0], shape)), np.ravel(np.broadcast_to(indices[1], shape))
        new = np.ravel(np.broadcast_to(b, shape))
        for k in range(new.shape[0]):
            a[first[k], second[k]] += new[k]
    elif a.ndim == 1:
        at = np.ravel(indices)
        if np.ndim(b) == 0:
            for k in range(at.shape[0]):
                a[at[k]] += b
        else:
            new = np.ravel(np.broadcast_to(b, np.shape(indices)))
            for k in range(at.shape[0]):
                a[at[k]] += new[k]
    elif a.ndim == 2 and indices.ndim == 1:
        rows = np.broadcast_to(b, (indices.shape[0], a.shape[1]))
        for k in range(indices.shape[0]):
            for j in range(a.shape[1]):
                a[indices[k], j] += rows[k, j]
    else:
        raise NotImplementedError("np.add.at of more than two axes")


def subtract_at(a: Any, indices: Any, b: Any) -> None:
    add_at(a, indices, np.negative(b))


def fill_diagonal(a: Any, val: Any) -> None:
    if a.ndim != 2:
        raise NotImplementedError("np.fill_diagonal of more or less than two axes")
    n = min(a.shape[0], a.shape[1])
    if np.ndim(val) == 0:
        for i in range(n):
            a[i, i] = val
    else:
        new = np.ravel(val)
        for i in range(n):
            a[i, i] = new[i % new.shape[0]]


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if arr.ndim == 1:
        return arr[indices]
    if arr.ndim != 2 or indices.ndim != 2:
        raise NotImplementedError("np.take_along_axis of more than two axes")
    out = np.empty((indices.shape[0], indices.shape[1]), arr.dtype)
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            out[i, j] = arr[indices[i, j], j] if axis in (0, -2) else arr[i, indices[i, j]]
    return out


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    if arr.ndim != 2 or indices.ndim != 2:
        raise NotImplementedError("np.put_along_axis of more or less than two axes")
    new = np.broadcast_to(values, (indices.shape[0], indices.shape[1]))
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            if axis in (0, -2):
                arr[indices[i, j], j] = new[i, j]
            else:
                arr[i, indices[i, j]] = new[i, j]


def delete(arr: Any, obj: Any) -> Any:
    """Of a vector, at one place or several."""
    if arr.ndim != 1:
        raise NotImplementedError("np.delete of more than one axis")
    n = arr.shape[0]
    keep = np.ones(n, np.bool_)
    if np.ndim(obj) == 0:
        if obj < -n or obj >= n:
            raise IndexError("index is out of bounds")
        keep[obj] = False
    else:
        for k in range(obj.shape[0]):
            keep[obj[k]] = False
    return arr[places(keep)]


def insert(arr: Any, obj: int, values: Any) -> Any:
    """Into a vector, before one place."""
    n = arr.shape[0]
    if obj < -n or obj > n:
        raise IndexError("index is out of bounds")
    at = obj + n if obj < 0 else obj
    return np.concatenate((arr[:at], np.atleast_1d(values), arr[at:]))


def append(arr: Any, values: Any) -> Any:
    return np.concatenate((np.ravel(np.atleast_1d(arr)), np.ravel(np.atleast_1d(values))))
