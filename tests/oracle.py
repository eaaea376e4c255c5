"""What the compiler is measured against: differences, complex steps and inner products, none of which it has a part in.

A point is a tuple of arguments, a direction a tuple with one entry for each parameter that one differentiates by.
The inner product of complex values is the real part of the products, none of them conjugated: an adjoint and a
tangent are a pair in that sense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tests.corpus.registry import fresh

Function = Callable[..., Any]
Point = tuple[Any, ...]


def is_single(values: Any) -> bool:
    """Whether numbers of single precision are among these."""
    return any(getattr(leaf, "dtype", None) in (np.float32, np.complex64) for leaf in leaves(values))


def direction(like: Sequence[Any], seed: int) -> Point:
    """A random direction in the types of these values; what is no float gets a zero of its type."""
    rng = np.random.default_rng(seed)
    return tuple(_random(value, rng) for value in like)


def _random(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, tuple):
        return tuple(_random(item, rng) for item in value)
    if isinstance(value, np.ndarray):
        drawn = np.empty_like(value)  # in the order of the value, which is part of its type
        drawn[...] = rng.normal(size=value.shape) if value.dtype.kind in "fc" else 0
        if value.dtype.kind == "c":
            drawn[...] += 1j * rng.normal(size=value.shape)
        return drawn
    if isinstance(value, (bool, int, np.integer, np.bool_)):
        return type(value)(0)
    drawn = rng.normal()
    return type(value)(complex(drawn, rng.normal()) if isinstance(value, (complex, np.complexfloating)) else drawn)


def leaves(value: Any) -> Iterator[Any]:
    """The numbers and arrays of a nested tuple."""
    if isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def pairs(a: Any, b: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The leaves of two values of one structure, as floats."""
    for one, other in zip(leaves(a), leaves(b), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        kinds = one.dtype.kind + other.dtype.kind
        if "f" in kinds or "c" in kinds:
            assert one.shape == other.shape, f"shapes {one.shape} and {other.shape}"
            yield tuple(part.astype(complex if "c" in kinds else float) for part in (one, other))


def dot(a: Any, b: Any) -> float:
    """The inner product of two values of one structure."""
    return float(sum(np.sum((one * other).real) for one, other in pairs(a, b)))


def size(a: Any, b: Any) -> float:
    """The sum of the sizes of the products in `dot`: what its rounding errors are in proportion to."""
    return float(sum(np.sum(np.abs(one * other)) for one, other in pairs(a, b)))


def distance(a: Any, b: Any) -> float:
    """The largest difference, in proportion to the largest entry, or to 1 where that is smaller."""
    apart, scale = 0.0, 1.0
    for one, other in pairs(a, b):
        if one.size:
            if not (np.all(np.isfinite(one)) and np.all(np.isfinite(other))):
                return 0.0 if np.array_equal(one, other, equal_nan=True) else np.inf
            apart = max(apart, float(np.max(np.abs(one - other))))
            scale = max(scale, float(np.max(np.abs(other))))
    return apart / scale


def moved(point: Any, along: Any, step: complex) -> Any:
    """The point after a step along a direction; what is no float stays."""
    if isinstance(point, tuple):
        return tuple(moved(p, d, step) for p, d in zip(point, along, strict=True))
    if isinstance(point, np.ndarray):
        return point + step * along if point.dtype.kind in "fc" else point.copy()
    return point + step * along if isinstance(point, (float, complex, np.inexact)) else point


def embedded(args: Point, places: Sequence[int], along: Point) -> Point:
    """A direction for all arguments, from one for those at these places."""
    full = [zero(value) for value in args]
    for place, entry in zip(places, along, strict=True):
        full[place] = entry
    return tuple(full)


def zero(value: Any) -> Any:
    """A zero of the type of a value."""
    if isinstance(value, tuple):
        return tuple(map(zero, value))
    return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)


def flat(value: Any) -> np.ndarray:
    """All floats of a value in one vector; a complex number is two."""
    parts = []
    for leaf in map(np.asarray, leaves(value)):
        if leaf.dtype.kind == "c":
            parts.append(leaf.astype(complex).ravel().view(float))
        elif leaf.dtype.kind == "f":
            parts.append(leaf.astype(float).ravel())
    return np.concatenate(parts or [np.zeros(0)])


def by_complex_step(function: Function, args: Point, along: Point) -> np.ndarray | None:
    """The derivative along a direction, exact to rounding; nothing where the function does not take complex numbers."""
    try:
        value = function(*moved(fresh(args), along, 1e-40j))
    except (TypeError, np.exceptions.ComplexWarning):
        return None
    parts = [np.asarray(leaf) for leaf in leaves(value)]
    return np.concatenate([part.imag.ravel() / 1e-40 for part in parts if part.dtype.kind in "fc"])


def by_differences(
    function: Function, args: Point, along: Point, first: float = 2e-2, levels: int = 5
) -> tuple[np.ndarray, float]:
    """The derivative along a direction by central differences, extrapolated (Ridders): it and an estimate of its error.

    The value may have any structure: the derivative is the vector of all its floats."""
    rows: list[list[np.ndarray]] = []
    best, error = np.zeros(0), np.inf
    for level in range(levels):
        step = first / 3.0**level
        with np.errstate(divide="ignore", invalid="ignore"):  # in what is not taken
            ahead = flat(function(*moved(fresh(args), along, step)))
            behind = flat(function(*moved(fresh(args), along, -step)))
        row = [(ahead - behind) / (2.0 * step)]
        for k in range(level):
            factor = 9.0 ** (k + 1)
            row.append((factor * row[k] - rows[-1][k]) / (factor - 1.0))
            guess = max(_most(row[k + 1] - row[k]), _most(row[k + 1] - rows[-1][k]))
            if guess <= error:
                best, error = row[k + 1], guess
        rows.append(row)
    return best, error / max(1.0, _most(best))


def _most(vector: np.ndarray) -> float:
    return float(np.max(np.abs(vector), initial=0.0)) if np.all(np.isfinite(vector)) else np.inf


def unchanged(before: Any, after: Any) -> bool:
    """Whether two values are equal in every bit that counts."""
    both = zip(leaves(before), leaves(after), strict=True)
    return all(np.array_equal(one, other, equal_nan=True) for one, other in both)
