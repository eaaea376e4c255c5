"""Rules of complex numbers against differences along both axes, with no compiler involved."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from adcompile.rules.registry import Elementwise, all_complex_rules

STEP = 1e-3
POINTS = ((0.3 + 0.4j, 0.7 - 0.9j), (-1.2 + 0.5j, 0.4 + 0.3j), (0.7 - 0.9j, -0.3 + 0.2j))


def rules() -> list[Any]:
    return [
        pytest.param(rule, position, id=f"{getattr(rule.fn, '__name__', rule.fn)}-{position}")
        for rule in all_complex_rules()
        for position, partial in enumerate(rule.partials)
        if partial is not None and rule.fn is not np.conjugate
    ]


def along(rule: Elementwise, point: tuple[Any, ...], position: int, direction: complex) -> Any:
    """The derivative of the function when one argument moves in a direction: central differences of order six."""

    def at(shift: float) -> Any:
        moved = list(point)
        moved[position] = moved[position] + shift * STEP * direction
        return rule.fn(*moved)

    return (45.0 * (at(1) - at(-1)) - 9.0 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60.0 * STEP)


@pytest.mark.parametrize("rule, position", rules())
def test_a_change_of_an_argument_changes_the_result_by_the_partial_times_it(rule: Elementwise, position: int) -> None:
    partial = rule.partials[position]
    assert partial is not None
    own = [point for point in rule.samples if np.iscomplexobj(point[0])] or POINTS
    for point in ((0.3, 0.8), (-0.4, 0.5)) if rule.fn is builtins.complex else own:
        point = point[: len(rule.partials)]
        result = rule.fn(*point)
        for direction in (1.0, 1j) if np.iscomplexobj(point[0]) else (1.0,):
            change = partial(*point, result) * direction
            expected = along(rule, point, position, direction)
            change = change if np.iscomplexobj(result) else np.real(change)
            assert abs(change - expected) < 1e-8 * (1.0 + abs(expected)), (point, direction)


def test_the_slope_of_abs_at_the_origin_is_zero() -> None:
    for rule in all_complex_rules():
        if rule.fn is np.absolute:
            with np.errstate(invalid="ignore"):
                assert rule.partials[0](0j, 0.0) == 0.0  # type: ignore[misc]
