"""Derivatives along a direction by central differences, extrapolated to step zero: the truth that others are held to.

Goal: a derivative of any function of numbers, arrays and tuples, and an estimate of its error that says when there is
none (a kink, a jump, noise).  The method is Ridders' (*Adv. Eng. Software* 4, 1982).  Non-goals: derivatives to compute
with; a handful of evaluations are spent on each.

>>> derivative, error = directional(lambda x: x**3, (2.0,), (1.0,), 0.01)
>>> abs(derivative[0] - 12.0) < 1e-9 and error < 1e-9
True
>>> directional(lambda x: float(x > 0.0), (0.0,), (1.0,), 0.01)[1] > 1.0
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

LEVELS = 8
RATIO = 3.0  # between two steps


def directional(
    function: Callable[..., Any], args: tuple[Any, ...], along: tuple[Any, ...], first: float
) -> tuple[np.ndarray, float]:
    """The derivative of all floats that a function gives, in one vector, and the error to expect.

    `along` has the structure of `args`, with zeros where nothing moves; `first` is the largest step."""
    best, error = np.zeros(0), np.inf
    above: list[np.ndarray] = []
    for level in range(LEVELS):
        step = first / RATIO**level
        ahead, behind = (flat(function(*moved(args, along, each))) for each in (step, -step))
        row = [(ahead - behind) / (2.0 * step)]
        for order, coarser in enumerate(above):
            factor = RATIO ** (2 * order + 2)
            row.append((factor * row[order] - coarser) / (factor - 1.0))
            guess = max(largest(row[-1] - row[-2]), largest(row[-1] - coarser))
            if guess < error or best.shape != row[-1].shape:
                best, error = row[-1], guess
        above = row
    return best, error


def moved(value: Any, along: Any, step: float) -> Any:
    """A fresh value, a step along a direction away; what is no float stays."""
    if isinstance(value, tuple):
        return tuple(moved(*pair, step) for pair in zip(value, along, strict=True))
    if isinstance(value, np.ndarray):
        return (value + step * along).astype(value.dtype) if value.dtype.kind in "fc" else value.copy()
    return type(value)(value + step * along) if isinstance(value, (float, complex, np.inexact)) else value


def leaves(value: Any) -> Iterator[Any]:
    """The numbers and arrays of a nested tuple."""
    if isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def floats(value: Any) -> list[np.ndarray]:
    """Those leaves that are floats, or complex."""
    return [np.asarray(leaf) for leaf in leaves(value) if np.asarray(leaf).dtype.kind in "fc"]


def flat(value: Any, adjoint: bool = False) -> np.ndarray:
    """All floats of a value in one vector of double precision; a complex number is two, its real and imaginary part.

    Of an adjoint the imaginary parts are negated: the real part of `z_bar * dz` is a product of two such vectors.

    >>> flat((1.0, 2.0 + 3.0j)), flat((1.0, 2.0 + 3.0j), adjoint=True)
    (array([1., 2., 3.]), array([ 1.,  2., -3.]))
    """
    parts = []
    for leaf in floats(value):
        if leaf.dtype.kind == "c":
            leaf = (leaf.conj() if adjoint else leaf).astype(complex).ravel().view(float)
        parts.append(leaf.astype(float).ravel())
    return np.concatenate(parts or [np.zeros(0)])


def largest(vector: np.ndarray) -> float:
    """The largest size of an entry; infinite where one is not finite."""
    return float(np.max(np.abs(vector), initial=0.0)) if np.all(np.isfinite(vector)) else np.inf
