"""What generated code calls: the same in CPython and compiled."""

import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from adcompile import runtime

GRID = np.arange(24.0).reshape(4, 6)
PAIRS = [
    (GRID, GRID, True),
    (GRID[1:], GRID[:-1], True),
    (GRID[:, 0], GRID[0], True),
    (GRID[0], GRID[1], False),
    (GRID[:, 0], GRID[:, 1], False),
    (GRID[0, ::2], GRID[0, 1::2], False),
    (GRID[::-1, 0], GRID[:, 1], False),
    (GRID[0, :0], GRID[0], False),
    (GRID.T, GRID[1], True),
    (GRID[0], GRID[0].copy(), False),
    (GRID[:, :2], GRID[:, 2:], True),  # they do not, but telling so would cost more than the copy
    (GRID[::2, ::3], GRID[::2, 1::3], False),
    (GRID[0, :1], GRID[0], True),
    (GRID[0, 1:2], GRID[:, 0], False),
    (np.broadcast_to(GRID[0, :1], (5,)), GRID[0], True),
    (np.broadcast_to(GRID[0, :1], (5,)), GRID[:, 1], False),
    (GRID[:, ::-1], GRID[::-1], True),
    (GRID.astype(np.float32)[:, 0], GRID[0], False),
]


@njit
def overlap(a, b):  # type: ignore[no-untyped-def]
    return runtime.overlap(a, b)


@pytest.mark.parametrize(("a", "b", "expected"), PAIRS)
def test_overlap(a: np.ndarray, b: np.ndarray, expected: bool) -> None:
    assert runtime.overlap(a, b) == expected
    assert np.shares_memory(a, b) <= expected


def test_overlap_compiled() -> None:
    assert [overlap(a, b) for a, b, _ in PAIRS] == [expected for _, _, expected in PAIRS]


def fill(tape, n):  # type: ignore[no-untyped-def]
    for k in range(n):
        tape = runtime.grown(tape, k)
        tape[k] = k
    return tape


@pytest.mark.parametrize("run", [fill, njit(fill)])
@pytest.mark.parametrize("shape", [(0,), (1,), (2, 3)])
def test_grown_keeps_what_is_there(run, shape) -> None:  # type: ignore[no-untyped-def]
    tape = run(np.empty(shape), 11)
    assert tape.shape[0] >= 11
    assert tape.shape[1:] == shape[1:]
    assert np.array_equal(tape[:11].T, np.broadcast_to(np.arange(11.0), tape[:11].T.shape))
    assert runtime.grown(tape, 10) is tape


def test_shapes_are_compared() -> None:
    runtime.check_same_shape(np.zeros(3), np.ones(3))
    with pytest.raises(ValueError, match="same shape"):
        runtime.check_same_shape(np.zeros(3), np.ones(4))


def test_freed_memory_stays_at_hand():
    program = """
import resource
import numpy as np
from adcompile.memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(100_000) for _ in range(10)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

keep_freed_memory()
faults()
print(faults())
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 200  # of 2,000 pages
