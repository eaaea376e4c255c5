"""A function of numbers at each element of arrays, as Numba's `@vectorize` makes of it.

Goal: the elements are a loop of the user's function, which is read and inlined as any other.  Non-goals: `out`, `where`
and the methods of universal functions; signatures of other numbers than float64.

>>> of_each(lambda x, y: x * y, np.array([1.0, 2.0]), 3.0)
array([3., 6.])
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from adcompile.frontend.source import behind_ufunc


def of_each(function: Any, *given: Any) -> Any:
    """The results at numbers, or at the elements of arrays that are stretched to one shape."""
    shape = np.broadcast_shapes(*map(np.shape, given))
    if shape == ():
        return function(*given)
    flat = tuple(map(lambda x: np.ravel(np.broadcast_to(x, shape)), given))  # noqa: C417  (unrolled)
    result = np.empty(flat[0].shape[0])
    for k in range(flat[0].shape[0]):
        result[k] = function(*map(lambda x: x[k], flat))  # noqa: C417
    return result.reshape(shape)


def of_each_float(function: Any, *given: Any) -> Any:
    """The same where the function takes float64 alone, which whole numbers become."""
    return of_each(function, *map(_as_float, given))


def _as_float(x: Any) -> Any:
    return np.multiply(x, 1.0)


def elementwise(fn: Any) -> tuple[Any, FunctionType] | None:
    """The function above that stands for a universal function made by Numba, and its function of numbers."""
    python = behind_ufunc(fn)
    if python is None:
        return None
    if not fn._frozen:  # compiled for the types of its arguments as they come
        return of_each, python
    return (of_each_float, python) if fn.types == ["d" * fn.nin + "->d"] else None
