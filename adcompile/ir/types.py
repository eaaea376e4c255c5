"""Types of values: scalars, arrays, tuples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number; `dtype` is NumPy's name for it (`"float64"`, `"int64"`, `"bool"`)."""

    dtype: str


@dataclass(frozen=True, slots=True)
class Array:
    """An array of `ndim` axes; memory order is not part of the type here.

    Before SSA, `listed` says how many of its leading axes stand for lists, to which operators mean something else."""

    dtype: str
    ndim: int
    listed: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class TupleType:
    """A tuple; after SSA tuples stand only in parameters and in the `Return`."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Static:
    """A value known before the run (`None`, a string, a function): part of the signature, never of the run."""

    value: object


Type: TypeAlias = Scalar | Array | TupleType | Static

FLOAT = Scalar("float64")
INT = Scalar("int64")
BOOL = Scalar("bool")


def kind(type_: Type) -> str:
    """NumPy's kind letter of a number or of an array's elements: `f`, `c`, `i`, `u`, `b`; empty for anything else."""
    return np.dtype(type_.dtype).kind if isinstance(type_, (Scalar, Array)) else ""


def is_float(type_: Type) -> bool:
    """Whether a value of this type can carry a derivative: a number with a fractional part, real or complex."""
    return kind(type_) in ("f", "c")


def is_complex(type_: Type) -> bool:
    """Whether it is a complex number, or an array of them."""
    return kind(type_) == "c"


def element(type_: Type) -> Scalar:
    """The type of one element of an array (a scalar is its own)."""
    if isinstance(type_, Scalar):
        return type_
    assert isinstance(type_, Array), type_
    return Scalar(type_.dtype)


def ndim(type_: Type) -> int:
    """Axes of an array; zero for a scalar."""
    return type_.ndim if isinstance(type_, Array) else 0


def leaves(type_: Type) -> Iterator[Type]:
    """The types in a tuple, and in the tuples in it; a type that is no tuple is its own."""
    if isinstance(type_, TupleType):
        for item in type_.items:
            yield from leaves(item)
    else:
        yield type_
