"""Every pass, and all of them together, keeps what random programs compute."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adcompile.ir.nodes import Call, Const, Expr, Function
from adcompile.ir.verify import verify_core
from adcompile.optimise import PASSES, hoist, optimised
from adcompile.optimise.held import held
from adcompile.optimise.rewriting import each_expression
from tests.interpreter import run
from tests.optimise.programs import Program


def check(seed: int, change: Callable[[Function], Function]) -> None:
    function = Program(seed).function
    verify_core(function)
    after = change(function)
    verify_core(after)
    for k in range(2):
        arguments = Program.arguments(10 * seed + k)
        expected = results(function, arguments)
        rounded = results(function, [np.asarray(a, float) if np.ndim(a) else float(a) for a in arguments])
        if not close(rounded, expected, 1e-11):
            continue  # rounding alone makes anything of this program
        assert close(results(after, arguments), expected, 1e-9), f"seed {seed}"


def results(function: Function, arguments: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        return run(replace(function, body=each_expression(function.body, poisoned)), *copy.deepcopy(arguments))


def poisoned(expr: Expr) -> Expr:
    """An allocation without contents, with contents that show."""
    if isinstance(expr, Call) and expr.fn is np.empty_like:
        return Call(np.full_like, (*expr.args, Const(1e3)))
    if isinstance(expr, Call) and expr.fn is np.empty:
        return Call(np.full, (*expr.args, Const(1e3)))
    return expr


def close(left: Any, right: Any, tolerance: float) -> bool:
    return all(np.allclose(a, b, tolerance, tolerance, equal_nan=True) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("change", [*PASSES, hoist, held], ids=lambda p: p.__name__)
def test_a_pass_keeps_the_meaning(change: Callable[[Function], Function]) -> None:
    for seed in range(40):
        check(seed, change)


@pytest.mark.parametrize("part", range(3))
def test_all_passes_keep_the_meaning(part: int) -> None:
    for seed in range(1000 + 40 * part, 1040 + 40 * part):
        check(seed, optimised)
