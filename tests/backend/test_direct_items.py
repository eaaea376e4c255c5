"""Items of arrays are those that Numba and NumPy mean, for every layout and kind of subscript."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from adcompile.backend.vecmath import VectorMath


def compiled(function: Any, **options: Any) -> Any:
    return numba.njit(pipeline_class=VectorMath, error_model="numpy", **options)(function)


def moved(x: Any, y: Any, i: Any, j: Any, u: Any) -> Any:
    y[i, j] = x[j - 1, i]  # may be negative
    y[-1, 0] = x[0, -1]
    y[0, i] += x[u, -j]
    y[1, 1] = x[1, j] + x[i, 1]
    return x[u, u] * x[-2, j]


@pytest.mark.parametrize(("layout", "dtype"), [("C", "float64"), ("F", "complex64"), ("A", "int32")])
def test_items_by_written_and_computed_subscripts(layout: str, dtype: str) -> None:
    numbers = np.arange(1, 26).reshape(5, 5).astype(dtype)
    x = {"C": numbers, "F": np.asfortranarray(numbers), "A": np.repeat(numbers, 2, 1)[::-1, ::2]}[layout]
    found = np.zeros_like(x) if layout != "A" else np.zeros((5, 10), dtype)[:, ::2]
    expected = found.copy()
    result = compiled(moved)(x, found, 2, 0, np.uint32(1))
    assert result == moved(x, expected, 2, 0, np.uint32(1))
    np.testing.assert_array_equal(found, expected)


def taken_apart(x: Any, flags: Any, n: Any) -> Any:
    total = 0.0
    for i in range(-n, n):
        if flags[i]:
            x[i, 0, -1] = 2  # an integer among floats
            total += x[i, 1, n] * x[0, i, 2]
    flags[0] = total > 1
    return total, flags[0]


def test_three_axes_truths_and_integers_among_floats() -> None:
    x, flags = np.random.default_rng(0).random((4, 4, 3)), np.array([True, False, True, True])
    given = x.copy(), flags.copy()
    assert compiled(taken_apart)(*given, 2) == pytest.approx(taken_apart(x, flags, 2))
    np.testing.assert_array_equal(given[0], x)
    np.testing.assert_array_equal(given[1], flags)


def others(x: Any, record: Any, rows: Any) -> Any:
    x[0] = 3.0  # a row
    record[1]["b"] = record["a"][0] + x[1][2]
    return x[rows[0]][0, 1] + x[1, :2][0] + record[1].b


def test_what_is_no_item_of_numbers_is_left_to_numba() -> None:
    record = np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("a", "f8"), ("b", "f8")])
    x, rows = np.arange(6.0).reshape(2, 3), np.array([[0, 1]])
    assert compiled(others)(x.copy(), record.copy(), rows) == 3.0 + 3.0 + 6.0


def test_unaligned_arrays() -> None:
    def doubled(x: Any) -> Any:
        for i in range(len(x)):
            x[i] = 2.0 * x[i]

    room = np.zeros(33, np.uint8)
    x = room[1:].view("f8")
    x[:] = 1.0, 2.0, 3.0, 4.0
    compiled(doubled)(x)
    assert x.tolist() == [2.0, 4.0, 6.0, 8.0]


def test_bounds_are_checked_where_that_is_wanted() -> None:
    def last(x: Any, i: Any) -> Any:
        return x[i]

    with pytest.raises(IndexError):
        compiled(last, boundscheck=True)(np.ones(3), 3)
