"""Canonical forms of products: of matrices, vectors and their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.ir.types import is_complex
from adcompile.normal import rearranged
from adcompile.normal.array_calls import array_of, canonical
from adcompile.normal.array_shapes import permuted, raveled
from adcompile.normal.building import Builder, Typed


@canonical(np.dot, np.matmul, takes="a b | out")
def _dot(b: Builder, fn: Any, left: Typed, right: Typed) -> Typed:
    if fn is np.dot and not (left.is_array and right.is_array):
        return b.call(np.multiply, left, right)
    return b.call(fn, array_of(b, left, fn), array_of(b, right, fn))


@canonical(np.inner, np.vdot, takes="a b")
def _inner(b: Builder, fn: Any, left: Typed, right: Typed) -> Typed:
    left, right = array_of(b, left, fn), array_of(b, right, fn)
    if fn is np.vdot:
        left, right = raveled(b, fn, left), raveled(b, fn, right)
        left = b.call(np.conjugate, left) if is_complex(left.type) else left
    if right.ndim > 1:
        right = permuted(b, right, (1, 0))
    return b.call(np.dot, left, right)


@canonical(np.outer, takes="a b | out")
def _outer(b: Builder, fn: Any, left: Typed, right: Typed) -> Typed:
    return b.call(np.outer, raveled(b, fn, array_of(b, left, fn)), raveled(b, fn, array_of(b, right, fn)))


@canonical(np.trace, takes="a offset | axis1 axis2 dtype out")
def _trace(b: Builder, fn: Any, a: Typed, offset: Typed | None) -> Typed:
    a = array_of(b, a, fn)
    return b.call(np.trace, a) if offset is None else b.written(rearranged.trace, a, offset)
