"""References to arguments: none is lost, none is given back twice."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.runtime import _nrt_python, rtsys

from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted

Array = np.ndarray[Any, Any]

GIVES_THEM_BACK = """\
def gives_them_back(x, y):
    pair = x, y
    return pair[0], pair, x
"""
MAY_HAVE_ANOTHER = """\
def may_have_another(x, n):
    if n > 2:
        x = np.zeros(n)
    for k in range(n):
        x = x + x
    return x
"""
RAISES = """\
def raises(x, n):
    y = x[1:]
    if n > 2:
        raise ValueError("n")
    return y
"""


def made(text: str, name: str) -> Any:
    return compiled(name, Emitted(text, {"np": np}), Options()).dispatcher


def test_arguments_that_are_returned() -> None:
    function = made(GIVES_THEM_BACK, "gives_them_back")
    x, y = np.arange(3.0), np.arange(4.0)
    function(x, y)
    before = sys.getrefcount(x), sys.getrefcount(y)
    for _ in range(5):
        first, (second, third), fourth = function(x, y)
        np.testing.assert_array_equal(first, x)
        del first, second, third, fourth
    assert (sys.getrefcount(x), sys.getrefcount(y)) == before
    kept = function(np.arange(3.0), np.arange(4.0))
    np.testing.assert_array_equal(kept[1][1], np.arange(4.0))


@pytest.mark.parametrize("n", [0, 1, 5])
def test_arguments_that_get_another_value(n: int) -> None:
    function = made(MAY_HAVE_ANOTHER, "may_have_another")
    x = np.arange(3.0)
    function(x, n)
    before = sys.getrefcount(x)
    np.testing.assert_array_equal(function(x, n), x * 2**n if n <= 2 else np.zeros(n))
    assert sys.getrefcount(x) == before


def test_arrays_of_a_compiled_caller_are_freed_once() -> None:
    inner, other, raises = made(GIVES_THEM_BACK, "gives_them_back"), made(MAY_HAVE_ANOTHER, "may_have_another"), made(
        RAISES, "raises"
    )  # fmt: skip

    @njit
    def caller(n: int) -> float:
        total = 0.0
        for k in range(n):
            a, pair, _ = inner(np.full(3, k + 1.0), np.full(4, 2.0))
            total += a[0] + pair[1][3] + other(np.ones(3), k)[0] + raises(np.ones(2), 0)[0]
        return total

    caller(1)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        total = caller(6)
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert total == 21.0 + 12.0 + (1.0 + 2.0 + 4.0) + 6.0
    assert after.alloc - before.alloc == after.free - before.free


def test_an_argument_of_a_function_that_raises() -> None:
    function = made(RAISES, "raises")
    x = np.arange(3.0)
    function(x, 0)
    before = sys.getrefcount(x)
    with pytest.raises(ValueError, match="n"):
        function(x, 3)
    assert sys.getrefcount(x) >= before
    np.testing.assert_array_equal(function(x, 0), x[1:])
