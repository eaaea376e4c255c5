"""What LAPACK finds and no derivative goes through: bases that decompositions start from, signs that it chooses.

Goal: `normal.decompositions` takes these as constants, and is smooth from there.  Each gives a new array, in Python and
in compiled code, which needs SciPy for it.  The argument is a contiguous matrix of floats, with no fewer rows than
columns; each axis of a result is as long as it has columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable


@register_jitable  # type: ignore[untyped-decorator]
def eigenvectors(a: Any) -> Any:
    """The eigenvectors of the symmetric matrix whose lower triangle `a` has, as columns.

    >>> np.abs(eigenvectors(np.array([[2.0, 0.0], [0.0, 1.0]])))
    array([[0., 1.],
           [1., 0.]])
    """
    return np.ascontiguousarray(np.linalg.eigh(a)[1])


@register_jitable  # type: ignore[untyped-decorator]
def right_singular_vectors(a: Any) -> Any:
    """Those vectors as columns, that of the largest singular value first."""
    return np.ascontiguousarray(np.linalg.svd(a, False)[2].T)


@register_jitable  # type: ignore[untyped-decorator]
def left_singular_vectors_of_transpose(a: Any) -> Any:
    """The same but for signs: those vectors of `a.T`, as columns."""
    return np.ascontiguousarray(np.linalg.svd(np.ascontiguousarray(a.T), False)[0])


@register_jitable  # type: ignore[untyped-decorator]
def signs_of_triangle(a: Any) -> Any:
    """Of the diagonal of R in `a = Q R`, as it comes from reflections."""
    r = np.linalg.qr(a)[1]
    signs = np.ones(a.shape[1])
    for i in range(a.shape[1]):
        if r[i, i] < 0.0:
            signs[i] = -1.0
    return signs


FOUND: dict[Any, int] = {
    eigenvectors: 2,
    right_singular_vectors: 2,
    left_singular_vectors_of_transpose: 2,
    signs_of_triangle: 1,
}
"""Each with the number of axes of its result."""
