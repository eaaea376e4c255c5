"""Names and statements are those of Numba's own pass; calls are typed as Numba types them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from numba.core import compiler, ssa

from adcompile.backend.remembered import Remembering
from adcompile.backend.single_assignment import single_assignment
from adcompile.backend.vecmath import VectorMath


def branches(x: Any, n: Any) -> Any:
    a = b = 0.0
    for i in range(n):
        if x[i] > 0.0:
            a, b = b, a + x[i]
        elif x[i] < -1.0:
            c = a
            while c < 3.0:
                c += 1.0
                if c == b:
                    break
            else:
                b = c
        else:
            continue
        a = a * 2.0
    return a + b


def nested(x: Any, n: Any) -> Any:
    s = 0.0
    for i in range(n):
        t = s
        for j in range(i):
            t = t + x[j] if x[j] > t else t - 1.0
            s = max(s, t)
        x[i] = t
    t = s
    return t, x


def once(x: Any, n: Any) -> Any:
    return x[n - 1]


def _written(blocks: Any) -> str:
    return "\n".join(f"{label}: {stmt}" for label, block in blocks.items() for stmt in block.body)


@pytest.mark.parametrize("function", [branches, nested, once])
def test_names_are_numbas(function: Any) -> None:
    ours, numbas = (step(compiler.run_frontend(function).blocks) for step in (single_assignment, ssa._run_ssa))
    assert _written(ours) == _written(numbas)


def test_values_and_types_are_numbas() -> None:
    x = np.array([0.5, -2.0, 1.0, 0.0, 3.0])
    ours, numbas = numba.njit(pipeline_class=VectorMath)(nested), numba.njit(nested)
    np.testing.assert_equal(ours(x.copy(), 5), numbas(x.copy(), 5))
    assert ours.nopython_signatures == numbas.nopython_signatures


def test_a_call_is_typed_once() -> None:
    class Counting:
        asked = 0

        def resolve_function_type(self, function: Any, args: Any, keywords: Any) -> Any:
            self.asked += 1
            return None if args == ("nothing",) else (function, args)

    counting = Counting()
    context = Remembering(counting)
    function = numba.core.registry.cpu_target.typing_context.resolve_value_type(np.sin)
    for _ in range(3):
        assert context.resolve_function_type(function, ("float",), {}) == (function, ("float",))
    assert counting.asked == 1
    context.resolve_function_type(function, ("int",), {})
    context.resolve_function_type(function, ("float",), {"out": "float"})
    context.resolve_function_type("static", ("float",), {})
    for _ in range(2):
        assert context.resolve_function_type(function, ("nothing",), {}) is None
    assert counting.asked == 6
