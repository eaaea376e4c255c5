"""Functions with expressions of hundreds of terms, or many branches: neither Python's limit on calls nor time is in
the way."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

from adcompile import grad, jvp
from tests.texts import defined


def polynomial(terms: int) -> str:
    """A text with a sum of powers in one expression, as formulas fitted to measurements have it."""
    parts = (f"{1 / (number + 1)!r} * x ** {number % 7} * y ** {number % 5}" for number in range(terms))
    return f"def f(x, y):\n    return {' + '.join(parts)}\n"


def nested(calls: int) -> str:
    """A text with calls inside of each other."""
    return f"def f(x, y):\n    return {'np.sin(y + ' * calls}x * y{')' * calls}\n"


def guarded(terms: int) -> str:
    """A text with a conditional expression among many terms."""
    some = " + ".join(f"np.sin(x * {k}.5) * y" for k in range(terms // 2))
    return f"def f(x, y):\n    return {some} + ({some} if np.real(x) > 0.5 else x / 0.0) + {some}\n"


def called(calls: int) -> str:
    """A text with a small function of the user's called many times in one expression."""
    return f"def h(a, b):\n    return a * b + 0.5\n\ndef f(x, y):\n    return {'h(y, ' * calls}x * y{')' * calls}\n"


def test_an_expression_of_many_terms() -> None:
    terms = 210
    f = defined(polynomial(terms), f"<polynomial of {terms}>", {})["f"]
    truth = sum((i % 7) * 0.7 ** (i % 7 - 1) * 0.9 ** (i % 5) / (i + 1) for i in range(terms))
    np.testing.assert_allclose(grad(f, jit=False)(0.7, 0.9), truth, rtol=1e-12)


def test_a_loop_that_doubles_what_it_has_at_every_line() -> None:
    lines = "".join(f"        t{k + 1} = t{k} * u[i] + t{k} * a\n" for k in range(60))
    loop = f"    for i in range(len(u)):\n        t0 = a\n{lines}        s += t60\n"
    text = f"def f(a, u):\n    s = 0.0\n{loop}    return s\n"
    f = defined(text, "<doubled>", {"np": np})["f"]
    np.testing.assert_allclose(grad(f, jit=False)(0.5, np.full(2, 0.5)), 2 * (1.0 + 60 * 0.5), rtol=1e-12)


def test_three_times_the_lines_take_no_nine_times_the_work() -> None:
    def work(lines: int) -> int:
        """The calls that Python makes for a gradient: a measure of time that no other load changes."""
        steps = "".join(
            f"    a{i + 1} = np.sin(a{i}) * b{i} + {i}.5\n    b{i + 1} = b{i} * 0.5 + a{i} * x\n"
            for i in range(lines // 2)
        )
        text = f"def f(x):\n    a0, b0 = x, 1.0\n{steps}    return a{lines // 2} + b{lines // 2}\n"
        f = defined(text, f"<{lines} lines>", {"np": np})["f"]
        calls = [0]

        def count(frame: FrameType, event: str, argument: Any) -> None:
            calls[0] += event == "call"

        gradient = grad(f, jit=False)
        sys.setprofile(count)
        try:
            gradient.source_for(0.5)
        finally:
            sys.setprofile(None)
        return calls[0]

    work(10)
    assert work(150) < 4.0 * work(50)


@pytest.mark.parametrize("build", [polynomial, nested, guarded, called], ids=lambda build: build.__name__)
def test_long_expressions_are_differentiated_in_pieces(build: Callable[[int], str]) -> None:
    f = defined(build(100), f"<{build.__name__} of 100>", {"np": np})["f"]
    step = 1e-200
    truth = (f(0.7 + step * 1j, 0.9).imag / step, f(0.7, 0.9 + step * 1j).imag / step)
    np.testing.assert_allclose(grad(f, wrt=("x", "y"), jit=False)(0.7, 0.9), truth, rtol=1e-12)
    tangent = jvp(f, wrt=("x", "y"), jit=False)((0.7, 0.9), (1.0, 2.0))[1]
    np.testing.assert_allclose(tangent, truth[0] + 2.0 * truth[1], rtol=1e-12)


def test_a_long_expression_in_a_loop_that_a_branch_may_skip() -> None:
    terms = " + ".join(f"np.sin(u[i - 1] * {k}.5 + x) * u[{k % 4}]" for k in range(60))
    text = (
        "def f(x, y):\n    u = np.full(4, 0 * x) + y\n    for i in range(1, 4):\n"
        f"        if i != 2:\n            u[i] = 0.01 * ({terms})\n    return np.sum(u * u)\n"
    )
    f = defined(text, "<a long line in a loop>", {"np": np})["f"]
    truth = [f(0.7 + 1e-200j, 0.9).imag / 1e-200, f(0.7, 0.9 + 1e-200j).imag / 1e-200]
    np.testing.assert_allclose(grad(f, wrt=("x", "y"), jit=False)(0.7, 0.9), truth, rtol=1e-12)


def test_branches_deep_in_branches_are_asked_once_each() -> None:
    tests = "".join(f"    elif x < {number}.5:\n        y = x * {number}.0\n" for number in range(1, 25))
    text = f"def f(x):\n    if x < 0.5:\n        y = x\n{tests}    else:\n        y = x * x\n    return y\n"
    f = defined(text, "<branches>", {})["f"]
    assert [grad(f, jit=False)(x) for x in (0.2, 7.0, 24.0, 30.0)] == [1.0, 7.0, 24.0, 60.0]
