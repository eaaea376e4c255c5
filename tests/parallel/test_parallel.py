"""Derivatives of parallel loops: those of ordinary loops, without races, and parallel where it is proven."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit, prange

from adcompile import Derivative, grad, hvp, jvp, value_and_grad, vjp
from adcompile.errors import InvalidArgument
from tests import oracle
from tests.corpus.registry import fresh
from tests.parallel.programs import PROGRAMS, Program, collisions
from tests.parallel.races import watched
from tests.test_golden import FOLDER, UPDATE

EACH = pytest.mark.parametrize("name", PROGRAMS)
SIZES = (0, 1, 2, 3, 5, 8, 23)
LEAST = {"mean_of": 1, "zero_trip": 3}  # rows, where a function needs some
COMPILED = ("pure_map", "collisions", "rows", "scratch_of_any_length", "roots_by_iteration", "steps", "stencil2d",
            "index_in_arithmetic", "branchy", "bins")  # fmt: skip


def floats(args: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(place for place, value in enumerate(args) if np.asarray(value).dtype.kind == "f")


def kinds(program: Program, args: tuple[Any, ...], **options: Any) -> list[tuple[Derivative, tuple[Any, ...]]]:
    """Reverse and forward mode by all floats, with arguments."""
    wrt = floats(args)
    value = program.function(*fresh(args))
    value = value if np.ndim(value) else float(value)  # CPython's float32 is Numba's float64 here
    (seed,) = oracle.direction((value,), 1)
    tangents = oracle.direction([args[place] for place in wrt], 2)
    return [
        (vjp(program.function, wrt=wrt, **options).seeded, (*args, seed)),
        (jvp(program.function, wrt=wrt, **options), (args, tangents)),
    ]


def close(found: Any, expected: Any) -> bool:
    single = any(np.asarray(leaf).dtype == np.float32 for leaf in oracle.leaves(expected))
    return oracle.distance(found, expected) <= (1e-5 if single else 1e-12)


def sizes(name: str) -> tuple[int, ...]:
    return tuple(size for size in SIZES if size >= LEAST.get(name, 0))


@EACH
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_same_and_no_races(name: str, threads: int) -> None:
    program = PROGRAMS[name]
    loops = 0
    for size in sizes(name):
        args = program.arguments(size)
        both = zip(kinds(program, args, jit=False, parallel=True), kinds(program, args, jit=False), strict=True)
        for (divided, given), (ordinary, _) in both:
            generated = divided.generated(divided.types_of(*given)).python
            found, ran = watched(generated, threads)(*fresh(given))
            loops += ran
            assert close(found, ordinary(*fresh(given))), (size, divided.request.kind)
    assert bool(loops) == program.proven


@EACH
def test_second_order(name: str) -> None:
    program = PROGRAMS[name]
    args = program.arguments(5)
    if np.ndim(program.function(*fresh(args))):
        return
    (v,) = oracle.direction(args[:1], 3)

    def both(**options: Any) -> list[Any]:
        gradient = grad(program.function, **options)
        return [hvp(program.function, **options)(*fresh(args), v), vjp(gradient, **options).seeded(*fresh(args), v)]

    for found, expected in zip(both(jit=False, parallel=True), both(jit=False), strict=True):
        assert close(found, expected)


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name: str) -> None:
    """Races that are there show rarely: large sizes, many times."""
    program = PROGRAMS[name]
    args = program.arguments(20_000)
    for (divided, given), (ordinary, _) in zip(kinds(program, args, parallel=True), kinds(program, args), strict=True):
        expected = ordinary(*given)
        first = divided(*given)
        assert oracle.distance(first, expected) <= 1e-11
        for _ in range(20):
            assert oracle.unchanged(divided(*given), first)  # the same threads, the same rounding


def test_prange_is_range_without_the_option() -> None:
    args = PROGRAMS["collisions"].arguments(5)
    assert "prange" not in grad(collisions, jit=False).source_for(*args)
    assert "in prange(threads)" in grad(collisions, jit=False, parallel=True).source_for(*args)
    again = grad(grad(lambda x: collisions(np.full(3, x), np.arange(3), 0.5), jit=False, parallel=True), jit=False)
    assert "prange" not in again.source_for(1.0)


def test_range_stays_range() -> None:
    def ordinary(x):
        s = 0.0
        for i in range(x.shape[0]):
            s += np.sin(x[i])
        return s

    assert "prange" not in grad(ordinary, jit=False, parallel=True).source_for(np.ones(3))


def test_without_a_proof_the_loop_is_ordinary() -> None:
    text = grad(PROGRAMS["recurrence"].function, jit=False, parallel=True).source_for(np.ones(3), 0.5)
    assert "prange" not in text
    assert text == grad(PROGRAMS["recurrence"].function, jit=False).source_for(np.ones(3), 0.5)


def test_an_error_in_the_loop_is_raised() -> None:
    def too_short(x, n):
        s = 0.0
        for i in prange(x.shape[0]):
            t = np.zeros(n - i)
            t[0] = x[i]
            s += t[0] * t[0]
        return s

    with pytest.raises(ValueError, match="negative dimensions"):
        grad(too_short, parallel=True)(np.ones(4), 2)


def test_lengths_are_checked_before_the_loop() -> None:
    derivative = grad(PROGRAMS["row_expr"].function, parallel=True)
    with pytest.raises(ValueError, match="could not be broadcast together"):
        derivative(np.ones((4, 3)), np.ones(2))
    assert derivative(np.ones((0, 3)), np.ones(2)).shape == (0, 3)
    assert "prange" in derivative.source


@pytest.mark.parametrize("other", [{"boundscheck": True}, {"error_model": "python"}])
def test_options_that_would_lose_errors(other: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="Numba drops errors in parallel loops"):
        grad(collisions, parallel=True, **other)


def test_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path))
    args = PROGRAMS["collisions"].arguments(50)
    expected = grad(collisions)(*args)
    assert close(grad(collisions, parallel=True, cache=True)(*args), expected)


def test_each_layout_is_compiled_under_the_same_options() -> None:
    derivative = grad(collisions, parallel=True)
    args = PROGRAMS["collisions"].arguments(50)
    strided = [np.repeat(arg, 2)[::2] if np.ndim(arg) else arg for arg in args]
    assert close(derivative(*args), derivative(*strided))
    dispatcher = derivative.generated(derivative.types_of(*args)).dispatcher
    assert len(dispatcher.overloads) == 2
    allowed = dispatcher.targetoptions["parallel"]
    assert (allowed.prange, allowed.reduction, allowed.fusion, allowed.numpy) == (True, False, False, False)


def test_from_compiled_code() -> None:
    both = value_and_grad(PROGRAMS["map_sum"].function, parallel=True)

    @njit
    def twice(x, k):
        value, adjoint = both(x, k)
        return 2.0 * value, 2.0 * adjoint

    x = np.linspace(0.0, 1.0, 1001)
    value, adjoint = value_and_grad(PROGRAMS["map_sum"].function)(x, 0.7)
    assert close(twice(x, 0.7), (2.0 * value, 2.0 * adjoint))


def test_pickled() -> None:
    derivative = pickle.loads(pickle.dumps(grad(collisions, jit=False, parallel=True)))
    assert "prange" in derivative.source_for(*PROGRAMS["collisions"].arguments(4))


@pytest.mark.parametrize("name", ["collisions", "stencil"])
def test_text(name: str) -> None:
    args = PROGRAMS[name].arguments(5)
    derivative = vjp(PROGRAMS[name].function, wrt=("x", "k"), jit=False, parallel=True)
    text, file = derivative.source_for(*args), FOLDER / f"{name}_parallel.py"
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
