"""Loops that are known to be apart become vectors without tests of where arrays lie."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from adcompile import grad
from adcompile.backend.compile import Options, compiled
from adcompile.backend.emit import Emitted

TWO_LOOPS = """\
def two_loops(x, y, z, n):
    for i in range(n):
        y[i] += 2.0 * x[i]
        z[i] -= x[i]
    for i in range(n):
        z[i] += y[i] * x[i]
    return z
"""


def code(text: str, name: str, apart: tuple[int, ...]) -> tuple[Any, str]:
    dispatcher = compiled(name, Emitted(text, {}, apart=apart), Options()).dispatcher
    x = np.arange(40.0)
    result = dispatcher(x, x + 1.0, x + 2.0, 40)
    (llvm,) = dispatcher.inspect_llvm().values()
    return result, llvm


def asked_in_the_run(llvm: str) -> int:
    return len(re.findall(r"^vector\.memcheck\d*:", llvm, re.MULTILINE))


def test_llvm_asks_nothing_of_loops_that_are_apart() -> None:
    results, codes = zip(*(code(TWO_LOOPS, "two_loops", lines) for lines in ((), (2,))), strict=True)
    assert [asked_in_the_run(llvm) for llvm in codes] == [2, 1]
    assert ["llvm.loop.parallel_accesses" in llvm for llvm in codes] == [False, True]
    x = np.arange(40.0)
    for result in results:
        np.testing.assert_array_equal(result, x + 2.0 - x + (x + 1.0 + 2.0 * x) * x)


def test_the_lines_of_loops_are_found_in_long_ones_too() -> None:
    """Jumps over more than 255 instructions are coded in another way."""
    terms = "".join(f"        z[i] += {k}.0 * y[i]\n" for k in range(40))
    text = f"def long_loop(x, y, z, n):\n    for i in range(n):\n        y[i] += x[i]\n{terms}    return z\n"
    _, llvm = code(text, "long_loop", (2,))
    assert asked_in_the_run(llvm) == 0 and "llvm.loop.parallel_accesses" in llvm


def pairs(x: Any, mass: Any) -> float:
    a = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(i):
            d = x[i] - x[j]
            a[i] -= mass[j] * d / (1e-2 + d * d)
            a[j] += mass[i] * d / (1e-2 + d * d)
    return float(np.sum(a * a))


def test_pairs_of_bodies() -> None:
    """The loops over pairs are marked, and give what they give unmarked, at every length of the last vector."""
    fast, slow = grad(pairs), grad(pairs, jit=False)
    rng = np.random.default_rng(3)
    for n in (0, 1, 2, 7, 8, 9, 16, 21):
        args = rng.standard_normal(n), rng.uniform(0.5, 1.5, n)
        np.testing.assert_allclose(fast(*args), slow(*args), rtol=1e-10, atol=1e-12)
    (text,) = (made.library.get_llvm_str() for made in fast.overloads.values())
    assert "llvm.loop.parallel_accesses" in text
