"""Tangents and seeds in the exact types of the values that they belong to.

Goal: lists, integers and numbers of another precision are taken where nothing is lost in meaning; another structure or
another shape is refused before compiled code sees it.  Non-goals: broadcasting.

>>> from adcompile.ir.types import Array
>>> matching([1, 2], np.zeros(2), Array("float64", 1), "the seed", ValueError)
array([1., 2.])
>>> matching([1, 2], np.zeros(3), Array("float64", 1), "the seed", ValueError)
Traceback (most recent call last):
ValueError: the seed must be an array of real numbers of shape (3,)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adcompile.ir.types import Array, Scalar, TupleType, Type, is_complex, is_float


def matching(given: Any, value: Any, type_: Type, what: str, refused: Callable[[str], Exception]) -> Any:
    """`given` in the type of `value`, whose tangent or adjoint it is; `value` itself where that is no float."""
    match type_:
        case TupleType(items):
            if not isinstance(given, tuple) or len(given) != len(items):
                raise refused(f"{what} must be a tuple of {len(items)}, as the value is")
            parts = zip(given, value, items, strict=True)
            return tuple(matching(*part, f"{what}[{n}]", refused) for n, part in enumerate(parts))
        case Scalar(dtype) if is_float(type_):
            if np.ndim(given) or not (np.isrealobj(given) or is_complex(type_)):
                raise refused(f"{what} must be {'a number' if is_complex(type_) else 'a real number'}, as the value is")
            return np.dtype(dtype).type(given)
        case Array(dtype) if is_float(type_):
            if np.shape(given) != value.shape or not (np.isrealobj(given) or is_complex(type_)):
                numbers = "numbers" if is_complex(type_) else "real numbers"
                raise refused(f"{what} must be an array of {numbers} of shape {value.shape}")
            return np.asarray(given, dtype)
    return value
