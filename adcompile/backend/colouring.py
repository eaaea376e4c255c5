"""Colourings of sparse matrices, compiled: columns of one colour are found by one tangent.

Goal: few colours, in time that grows with the entries.  Method: greedy, in the order of columns (Gebremedhin, Manne and
Pothen, *What Color Is Your Jacobian?*, SIAM Review 47, 2005, algorithms 3.1 and 4.1).  Non-goals: fewest colours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit  # type: ignore[untyped-decorator]
def apart(indptr: Any, indices: Any, columns_of: Any, rows_of: Any) -> Any:
    """A colour for each column, so that two columns with an entry in one row differ.

    `indptr` and `indices` are the rows of each column, `columns_of` and `rows_of` the columns of each row."""
    count = indptr.shape[0] - 1
    colours = np.full(count, -1, np.int64)
    taken = np.full(count + 1, -1, np.int64)
    for column in range(count):
        for at in range(indptr[column], indptr[column + 1]):
            row = indices[at]
            for k in range(columns_of[row], columns_of[row + 1]):
                other = colours[rows_of[k]]
                if other >= 0:
                    taken[other] = column
        colour = 0
        while taken[colour] == column:
            colour += 1
        colours[column] = colour
    return colours


@njit  # type: ignore[untyped-decorator]
def stars(indptr: Any, indices: Any) -> Any:
    """A colour for each column of a symmetric matrix, so that each entry stands alone in its row or in its column's.

    Neighbours differ, and no path over four columns has two colours only."""
    count = indptr.shape[0] - 1
    colours = np.full(count, -1, np.int64)
    taken = np.full(count + 1, -1, np.int64)
    for v in range(count):
        for a in range(indptr[v], indptr[v + 1]):
            w = indices[a]
            if w == v:
                continue
            if colours[w] >= 0:
                taken[colours[w]] = v
            for b in range(indptr[w], indptr[w + 1]):
                x = indices[b]
                if x in (v, w) or colours[x] < 0 or taken[colours[x]] == v:
                    continue
                if colours[w] < 0:
                    taken[colours[x]] = v
                    continue
                for c in range(indptr[x], indptr[x + 1]):
                    y = indices[c]
                    if y != w and y != x and colours[y] == colours[w]:
                        taken[colours[x]] = v
                        break
        colour = 0
        while taken[colour] == v:
            colour += 1
        colours[v] = colour
    return colours
