"""Functions with expressions of hundreds of terms, or many branches: neither Python's limit on calls nor time is in
the way."""

from time import process_time

import numpy as np

from adcompile import grad
from tests.texts import defined


def polynomial(terms: int) -> str:
    """A text with a sum of powers in one expression, as formulas fitted to measurements have it."""
    parts = (f"{1 / (number + 1)!r} * x ** {number % 7} * y ** {number % 5}" for number in range(terms))
    return f"def f(x, y):\n    return {' + '.join(parts)}\n"


def test_an_expression_of_many_terms() -> None:
    terms = 210
    f = defined(polynomial(terms), f"<polynomial of {terms}>", {})["f"]
    truth = sum((i % 7) * 0.7 ** (i % 7 - 1) * 0.9 ** (i % 5) / (i + 1) for i in range(terms))
    np.testing.assert_allclose(grad(f, jit=False)(0.7, 0.9), truth, rtol=1e-12)


def test_three_times_the_lines_take_no_nine_times_as_long() -> None:
    def seconds(lines: int) -> float:
        steps = "".join(
            f"    a{i + 1} = np.sin(a{i}) * b{i} + {i}.5\n    b{i + 1} = b{i} * 0.5 + a{i} * x\n"
            for i in range(lines // 2)
        )
        text = f"def f(x):\n    a0, b0 = x, 1.0\n{steps}    return a{lines // 2} + b{lines // 2}\n"
        f = defined(text, f"<{lines} lines>", {"np": np})["f"]
        start = process_time()
        grad(f, jit=False)(0.5)
        return process_time() - start

    seconds(10)
    assert seconds(240) < 7.0 * seconds(80)


def test_branches_deep_in_branches_are_asked_once_each() -> None:
    tests = "".join(f"    elif x < {number}.5:\n        y = x * {number}.0\n" for number in range(1, 25))
    text = f"def f(x):\n    if x < 0.5:\n        y = x\n{tests}    else:\n        y = x * x\n    return y\n"
    f = defined(text, "<branches>", {})["f"]
    start = process_time()
    assert [grad(f, jit=False)(x) for x in (0.2, 7.0, 24.0, 30.0)] == [1.0, 7.0, 24.0, 60.0]
    assert process_time() - start < 30.0  # not twice as long for every branch more
