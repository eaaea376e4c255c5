"""Products of large matrices by BLAS, called directly.

Goal: a product that takes a tenth of a second less to compile.  Numba reaches BLAS through five functions of its own,
each of which it compiles for each pair of layouts.
Legal for matrices without gaps, of one kind of float or complex number.  Non-goals: small products, which are loops
(`runtime.matmul`).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import make_array
from numba.np.linalg import call_xxgemm

_BLAS = find_spec("scipy") is not None  # which brings the BLAS that Numba calls
_MOST = 2**31 - 1  # the longest axis that BLAS counts
_NUMBERS = (types.float32, types.float64, types.complex64, types.complex128)


def has_product(a: Any, b: Any) -> bool:
    """Whether BLAS multiplies arrays of these types."""
    return _BLAS and a.dtype == b.dtype and a.dtype in _NUMBERS and all(array.layout in "CF" for array in (a, b))


@register_jitable  # type: ignore[untyped-decorator]
def product(a: Any, b: Any) -> Any:
    """`a @ b` of matrices that are not empty."""
    m, k, n = a.shape[0], a.shape[1], b.shape[1]
    if k != b.shape[0]:
        raise ValueError("two matrices that are multiplied have other lengths where they meet")
    if max(m, k, n) > _MOST:
        raise ValueError("a matrix is longer than BLAS can count")
    c = np.empty((m, n), a.dtype)
    _write_product(a, b, c)
    return c


@intrinsic  # type: ignore[untyped-decorator]
def _write_product(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Writes `a @ b` to `c`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        parts: list[Any] = []
        for type_, arg in zip(signature.args, args, strict=True):
            array = make_array(type_)(context, builder, arg)
            parts += [type_, cgutils.unpack_tuple(builder, array.shape), array.data]
        call_xxgemm(context, builder, *parts)
        return context.get_dummy_value()

    return types.none(a, b, c), generate
