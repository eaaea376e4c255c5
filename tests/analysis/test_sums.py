"""Which carried values are sums: not one that is read on the way, in a branch, a bound, or by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import grad
from adcompile.analysis.sums import is_sum
from adcompile.ir.nodes import For


def carried(function: Callable[..., Any]) -> set[str]:
    """The variables that the first loop of a function carries as sums, marked by a name each in the source."""
    derivative = grad(function, jit=False)
    typed = derivative.outcome(derivative.types_of(np.ones(3))).stages.function("typed")
    loop = next(stmt for stmt in typed.body if isinstance(stmt, For))
    return {carry.inner.partition(".")[0] for carry in loop.carried if is_sum(loop, carry)}


def plain(x):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i]
        s = 2.0 * x[i] + (s - x[0])
    return s


def in_branches(x):
    s = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.5:
            s += x[i]
        elif x[i] > 0.2:
            for j in range(i):
                s -= x[j]
    return s


def subtracted_from(x):
    s = 0.0
    for i in range(x.shape[0]):
        s = x[i] - s
    return s


def doubled(x):
    s = 1.0
    for i in range(x.shape[0]):
        s = s + (s + x[i])
    return s


def read_by_another(x):
    s = 0.0
    u = 0.0
    for i in range(x.shape[0]):
        s += x[i]
        u += s
    return s * u


def in_a_condition(x):
    s = 0.0
    for i in range(x.shape[0]):
        if s < 2.0:
            s += x[i]
    return s


def reset(x):
    s = 0.0
    for i in range(x.shape[0]):
        s = s + x[i] if x[i] > 0.5 else 0.0
    return s


def stored(x):
    y = np.zeros_like(x)
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i]
        y[i] = s
    return s * y[0]


def kept(x):
    s = 0.0
    last = 0.0
    for i in range(x.shape[0]):
        last = s
        s += x[i]
    return s * last


def bounds_an_inner_loop(x):
    s = 0
    t = 0.0
    for i in range(x.shape[0]):
        for j in range(s):
            t += x[j]
        s += i
    return t


def read_in_an_inner_loop(x):
    s = 0.0
    t = 0.0
    for i in range(x.shape[0]):
        s += x[i]
        for j in range(i):
            t += x[j] * s
    return s * t


def ends_a_while(x):
    s = 0.0
    for i in range(x.shape[0]):
        while s < 10.0 * i:
            s += x[i]
    return s


@pytest.mark.parametrize(
    ("function", "sums"),
    [
        (plain, {"s"}),
        (in_branches, {"s"}),
        (subtracted_from, set()),
        (doubled, set()),
        (read_by_another, {"u"}),
        (in_a_condition, set()),
        (reset, set()),
        (stored, set()),
        (kept, set()),
        (bounds_an_inner_loop, {"t"}),
        (read_in_an_inner_loop, {"t"}),
        (ends_a_while, set()),
    ],
)
def test_sums(function: Callable[..., Any], sums: set[str]) -> None:
    assert carried(function) == sums
