"""Random programs: each is differentiated rightly, or refused in clear words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.generator import program
from tests.program import Line, Program, runs, shrunk
from tests.strategies import programs
from tests.verdict import verdict


@pytest.mark.parametrize("seed", range(12))
def test_program_of_seed(seed: int) -> None:
    _fares_well(program(seed), order=2 if seed < 6 else 1)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_any_program(written: Program) -> None:
    _fares_well(written, order=1)


def test_a_seed_gives_one_program() -> None:
    assert program(5).text == program(5).text != program(6).text


def test_programs_run() -> None:
    assert all(runs(program(seed)) for seed in range(30))


def test_shrinking_leaves_lines_out() -> None:
    body = (Line("s = a"), Line("for i in range(3):", (Line("s += a"), Line("a = 2.0"))), Line("return s", kept=True))
    written = Program("def f(a):", body, (1.0,), ("a",))
    least = shrunk(written, lambda smaller: "s += a" in smaller.text)
    assert least.text == "def f(a):\n    s = a\n    s += a\n    return s\n"


def _fares_well(written: Program, order: int) -> None:
    what = verdict(written, order)
    if not what.startswith(("ok", "refused")):
        least = shrunk(written, lambda smaller: verdict(smaller, order) == what)
        pytest.fail(f"{what}\n{least.text}\narguments: {least.args}", pytrace=False)


@pytest.mark.parametrize("seed", range(8))
def test_wide_programs(seed: int) -> None:
    _fares_well(program(seed, wide=True), order=1)


@pytest.mark.parametrize("seed", range(4))
def test_programs_with_complex_numbers(seed: int) -> None:
    _fares_well(program(seed, small=True, complex_=True), order=1)
