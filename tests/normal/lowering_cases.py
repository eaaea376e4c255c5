"""How the tests of array lowering compare: the lowered function, interpreted, against the same function under NumPy."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import grad
from adcompile.analysis.types_of import type_of_value
from adcompile.errors import Unsupported
from adcompile.ir.nodes import Function
from adcompile.ir.types import Type
from adcompile.pipeline import STAGES, Job
from tests.interpreter import run

Code = Callable[..., Any]


def core_of(fn: Code, *args: Any) -> Function:
    """`fn` after the stage `fixed_buffers`."""
    types: tuple[Type, ...] = tuple(map(type_of_value, args))
    job = Job(fn, types, "primal", ())
    function = Function("", (), ())
    for stage in STAGES:
        function = stage.run(function, job, {})
        stage.verify(function)
        if stage.name == "fixed_buffers":
            return function
    raise AssertionError("the stage `fixed_buffers` is gone")


def check(fn: Code, *args: Any, written: bool = True) -> None:
    """Asserts that `fn` lowered gives what NumPy gives: its result, what it does to its arguments, or an error.

    `written=False` where the caller's array may be left alone, as a derivative leaves it: its name was rebound."""
    lowered = core_of(fn, *args)
    plain, ours = copied(args), copied(args)
    try:
        expected = fn(*plain)
    except (ValueError, IndexError):
        with pytest.raises((ValueError, IndexError)):
            run(lowered, *ours)
        return
    found = run(lowered, *ours)
    same(found, expected)
    if written:
        same(ours, plain)


def copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with memory of their own, in the same layout."""
    return tuple(_twin(arg) if isinstance(arg, np.ndarray) else copy.copy(arg) for arg in args)


def _twin(x: np.ndarray) -> np.ndarray:
    """A copy with the strides of `x`, also negative ones and ones with gaps."""
    if x.size == 0 or x.base is None or not isinstance(x.base, np.ndarray):
        return x.copy(order="K")
    base = x.base.copy(order="K")
    offset = x.ctypes.data - x.base.ctypes.data
    flat = np.ndarray(base.size, base.dtype, base.tobytes("A"))
    return np.ndarray(x.shape, x.dtype, flat.copy(), offset, x.strides)


def same(found: Any, expected: Any) -> None:
    """Asserts that two results agree in structure, shape, dtype and value."""
    if isinstance(expected, tuple):
        assert isinstance(found, tuple) and len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            same(a, b)
        return
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray), found
        assert found.shape == expected.shape, f"{found.shape} is not {expected.shape}"
        wider = {"float32": ("float32", "float64")}  # as in Numba, a literal is no weaker than other numbers
        assert found.dtype in wider.get(expected.dtype.name, (expected.dtype,)), f"{found.dtype}: {expected.dtype}"
    tolerance = 1e-5 if np.asarray(expected).dtype == np.float32 else 1e-11
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def refused(code: str, fn: Code, *args: Any) -> None:
    """Asserts that `fn` is refused, with this code among the reasons."""
    with pytest.raises(Unsupported) as caught:
        core_of(fn, *args)
    assert code in [refusal.code for refusal in caught.value.refusals], str(caught.value)


def check_gradient(fn: Code, *args: Any) -> None:
    """Asserts that the gradient by the first argument agrees with central differences."""
    found = grad(fn, jit=False)(*copied(args))
    x = np.asarray(args[0], dtype=float)
    expected = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        values = []
        for step in (1e-6, -1e-6):
            moved = copied(args)
            moved[0][at] += step
            values.append(fn(*moved))
        expected[at] = (values[0] - values[1]) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)
