"""Tuples in tuples taken apart into leaves, for libraries that know none, and put together again.

>>> value = (1, (2, 3))
>>> list(leaves(value)), filled(shape(value), iter("abc"))
([1, 2, 3], ('a', ('b', 'c')))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adcompile.ir.types import TupleType, Type

Shape = Any  # a tuple of such, or None for a leaf


def shape(value: Any) -> Shape:
    """The structure of a value."""
    return tuple(map(shape, value)) if isinstance(value, tuple) else None


def shape_of(type_: Type) -> Shape:
    """The structure of the values of a type."""
    return tuple(map(shape_of, type_.items)) if isinstance(type_, TupleType) else None


def leaves(value: Any) -> Iterator[Any]:
    """What is no tuple in a value, in order."""
    if isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def filled(shape: Shape, leaves: Iterator[Any]) -> Any:
    """A value of this structure with these leaves."""
    return next(leaves) if shape is None else tuple(filled(part, leaves) for part in shape)
