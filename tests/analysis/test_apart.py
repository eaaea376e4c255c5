"""Which loops are proven to touch different memory in each iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import grad
from adcompile.analysis.apart import apart
from adcompile.backend.emit import emit
from adcompile.ir.nodes import For
from adcompile.ir.types import INT, Array, Type
from adcompile.ir.walk import statements
from adcompile.pipeline import Job, run, typed

VECTOR, MATRIX = Array("float64", 1), Array("float64", 2)


def found(function: Callable[..., Any], *arguments: Type) -> dict[str, bool]:
    """For each innermost loop of a function, by its index: whether it is proven."""
    core = typed(function, arguments)["typed"]
    proven = apart(core)
    loops = [stmt for stmt in statements(core.body) if isinstance(stmt, For)]
    inner = [loop for loop in loops if not any(isinstance(stmt, For) for stmt in statements(loop.body))]
    return {loop.index: loop in proven for loop in inner}


def own(x, n):
    y = np.zeros(n)
    for i in range(n):
        y[i] = 2.0 * x[i]
    for j in range(1, n):
        y[j] += x[j - 1]
    for k in range(n - 1, -1, -1):
        y[k] = y[k] * y[k]
        y[k] += y[k] * x[0]
    return y[0]


def neighbours(x, n):
    y = np.zeros(n)
    for i in range(1, n):
        y[i] = y[i - 1] + x[i]
    for j in range(n - 1):
        y[j] += y[j + 1]
    for k in range(n):
        y[k] += y[n - 1 - k]
    return y[0]


def from_the_end(x, n):
    y = np.zeros(n)
    for i in range(n):
        y[i - 1] = x[i]
    return y[0]


def one_place(x, n):
    y = np.zeros(n)
    for i in range(n):
        y[0] += x[i]
    return y[0]


def looked_up(x, at, n):
    y = np.zeros(n)
    for i in range(n):
        y[at[i]] += x[i]
    return y[0]


def by_rows(x, n):
    y = np.zeros((3, n))
    for i in range(n):
        y[0, i] = x[i]
        y[1, i] = y[0, i] * x[i]
        y[2, i] += y[1, i]
    for j in range(n):
        y[j % 3, j] = x[j]
    for k in range(3):
        y[k, k] = x[k]
    return y[0, 0]


def by_columns(x, n):
    y = np.zeros((n, 3))
    for i in range(n):
        y[i, 0] = x[i]
        y[i, 1] = x[i]
    for j in range(3):
        y[j, 1] += x[j]
    return y[0, 0]


def every_second(x, n):
    y = np.zeros(2 * n)
    for i in range(n):
        y[2 * i] = x[i]
        y[2 * i + 1] = y[2 * i] * x[i]
    for j in range(0, 2 * n, 2):
        y[j] = x[0]
        y[j + 1] = y[j]
    return y[0]


def unlike_its_model(x, n):
    y = np.empty_like(x)
    for i in range(n):
        y[1, i] = x[0, i]
    for j in range(n):
        y[0, j] = x[0, j]
        y[1, j] = y[0, j] * x[1, j]
    for k in range(n):
        y[0, k] = x[0, k]
        y[0, k] += y[0, k] * x[1, k]
    return y[0, 0]


def traded(x, n):
    u, w = np.zeros(n), np.ones(n)
    for _ in range(n):
        for i in range(1, n - 1):
            w[i] = u[i - 1] + x[i] * u[i + 1]
        u, w = w, u
    return u[0]


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (own, (VECTOR, INT), {"i": True, "j": True, "k": True}),
        (neighbours, (VECTOR, INT), {"i": False, "j": False, "k": False}),
        (from_the_end, (VECTOR, INT), {"i": False}),
        (one_place, (VECTOR, INT), {"i": False}),
        (looked_up, (VECTOR, Array("int64", 1), INT), {"i": False}),
        (by_rows, (VECTOR, INT), {"i": True, "j": False}),
        (by_columns, (VECTOR, INT), {"i": False}),
        (every_second, (VECTOR, INT), {"i": False, "j": False}),
        (unlike_its_model, (MATRIX, INT), {"i": True, "j": False, "k": False}),
    ],
)  # fmt: skip
def test_what_is_proven(function: Callable[..., Any], arguments: tuple[Type, ...], expected: dict[str, bool]) -> None:
    proven = found(function, *arguments)
    assert {index: proven[index] for index in expected if index in proven} == expected


def test_arrays_that_trade_names_are_one() -> None:
    function = run(Job(traded, (VECTOR, INT), "primal", ())).stages.function("columns")
    assert "u, w = w, u" in emit(function).text
    assert "i" not in {loop.index for loop in apart(function)}


def scaled(x: Any, k: float) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        total += k * x[i] ** 3
    return total


def test_arrays_of_the_caller() -> None:
    """What is given to be written to is apart after it is checked, and not before."""
    derivative = grad(scaled, jit=False, out=True)
    x, out = np.arange(3.0), np.empty(3)
    derivative(x, 2.0, out)
    function = derivative.stages.function("columns")
    assert apart(function)
    unchecked = type(function)(function.name, function.params, function.body[1:], function.types)
    assert not apart(unchecked)


def test_numbers_in_between_are_no_memory() -> None:
    def carried(x, n):
        y = np.zeros(n)
        s = 0.0
        for i in range(n):
            s += x[i]
            y[i] = s
        return y[0]

    assert found(carried, VECTOR, INT) == {"i": True}
