"""Functions with one expression of hundreds of terms: neither Python's limit on calls nor time is in the way."""

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
