"""Results of any structure as flat lists of floats, and seeds of the same structure.

>>> [float(leaf) for leaf in flat((1.0, {"a": np.array([2.0, 3.0]), "n": 4}))]
[1.0, 2.0, 3.0]
>>> seeds((5.0, np.array([2, 3]), 4))
(1.0, array([0., 0.]), 0.0)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def flat(value: Any) -> list[Any]:
    """The floats of a value, in order; whole numbers, truth values and texts are passed over."""
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in flat(item)]
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in flat(item)]
    if isinstance(value, np.ndarray):
        return list(value.ravel()) if value.dtype.kind in "fc" else []
    return [value] if isinstance(value, (float, complex, np.inexact)) else []


def weights(count: int) -> list[float]:
    """The fixed numbers that make one number of a result: 1 for a single one, else of both signs and no pattern."""
    return [1.0, *(math.cos(2.7 * k) - 0.3 * math.sin(k * k) for k in range(1, count))]


def seeds(value: Any) -> Any:
    """`weights`, in the structure of a result."""
    return _filled(value, iter(weights(len(flat(value)))))


def _filled(value: Any, numbers: Iterator[float]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item, numbers) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(_filled(item, numbers) for item in value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return np.zeros(value.shape)
        return np.array([next(numbers) for _ in range(value.size)]).reshape(value.shape)
    return next(numbers) if isinstance(value, (float, np.floating)) else 0.0


def moved(value: Any, place: int, by: Any) -> Any:
    """A float, or an array or list or tuple of floats, with one entry moved."""
    if isinstance(value, np.ndarray):
        new = value.astype(np.result_type(value.dtype, type(by)))
        new.flat[place] += by
        return new
    if isinstance(value, (tuple, list)):
        return type(value)(item + by if k == place else item for k, item in enumerate(value))
    return value + by
