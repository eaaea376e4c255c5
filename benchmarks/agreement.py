"""Whether two derivatives are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def leaves(result: Any) -> Iterator[np.ndarray]:
    """The arrays in a nest of tuples, lists and named things, in order."""
    if isinstance(result, (tuple, list)):
        for item in result:
            yield from leaves(item)
    else:
        yield np.asarray(result, dtype=np.float64)


def distance(one: Any, other: Any) -> float:
    """The largest difference of any part, in proportion to the largest entry of that part."""
    ours, theirs = list(leaves(one)), list(leaves(other))
    if len(ours) != len(theirs):
        return float("inf")
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a.size != b.size or not np.all(np.isfinite(a)):
            return float("inf")
        scale = max(float(np.max(np.abs(a), initial=0.0)), 1e-300)
        worst = max(worst, float(np.max(np.abs(a.ravel() - b.ravel()), initial=0.0)) / scale)
    return worst
