"""What is read does what Python does, and reading says what it made of it."""

import numpy as np
import pytest

from adcompile.frontend.read import read
from adcompile.ir.show import show
from tests.frontend.programs import CASES
from tests.interpreter import run


def arguments(shapes):
    dice = np.random.default_rng(0)
    return [dice.random(shape) if isinstance(shape, list) else shape for shape in shapes]


@pytest.mark.parametrize(("fn", "shapes"), CASES, ids=[fn.__name__ for fn, _ in CASES])
def test_agrees_with_python(fn, shapes):
    assert np.isclose(run(read(fn).function, *arguments(shapes)), fn(*arguments(shapes)), rtol=1e-14)


def body(fn):
    return [line.removeprefix("    ") for line in show(read(fn).function).strip().splitlines()[1:]]


def test_names_are_made_only_where_python_needs_them():
    def f(x, a, b):
        c, d = x[0], x[1]
        a, b = b, a
        p, q = x
        return a + b + c + d + p + q

    assert body(f)[:-1] == [
        "c = x[0]", "d = x[1]", "a_new = b", "b_new = a", "a = a_new", "b = b_new", "p = x[0]", "q = x[1]",
    ]  # fmt: skip


def test_indices_that_act_are_evaluated_once():
    def place(i):
        return i + 1

    def f(A, i):
        A[place(i), 0] *= 2.0
        A[place(i), 0] += 2.0
        return A[0, 0]

    assert body(f)[:2] == ["index = place(i)", "A[index, 0] = A[index, 0] * 2.0"]
    assert body(f)[2] == "A[place(i), 0] += 2.0"


def test_a_store_into_a_part():
    def f(A, i):
        A[i][0] = 1.0
        return A[0][0]

    assert body(f)[:2] == ["A_part = A[i]", "A_part[0] = 1.0"]


def test_loops_over_arrays_go_on_over_what_their_names_stood_for():
    def f(x, y):
        s = 0.0
        for v, w in zip(x, y):  # noqa: B905
            s += v * w
            x = y
        return s

    assert body(f)[1:] == [
        "items = x",
        "for v_w_index in range(min(len(items), len(y))):",
        "    v = items[v_w_index]",
        "    w = y[v_w_index]",
        "    s += v * w",
        "    x = y",
        "return s",
    ]


def test_new_names_are_free():
    def f(x, v_index, items):
        for v in x[1:]:
            items += v
        return items + v_index

    assert body(f)[:3] == [
        "items_2 = x[1:]",
        "for v_index_2 in range(len(items_2)):",
        "    v = items_2[v_index_2]",
    ]


def test_ranges_backwards():
    def f(x, n):
        for i in reversed(range(n)):
            x[i] = 1.0
        for i in reversed(range(2, n)):
            x[i] = 1.0
        for i in reversed(range(n, 0, -2)):
            x[i] = 1.0
        return x[0]

    assert [line for line in body(f) if line.startswith("for")] == [
        "for i in range(n - 1, -1, -1):",
        "for i in range(n - 1, 1, -1):",
        "for i in range(n + ((n + 1) // 2 - 1) * -2, n + 2, 2):",
    ]


def test_the_texts_of_statements_are_on_one_line_in_the_usual_spacing():
    def f(x):
        y = (x[0]+  # a comment
             x[1]); z = y*2.0  # fmt: skip  # noqa: E702
        for v in x:
            z+=v  # fmt: skip
        return  z  # fmt: skip

    first, second, loop, last = read(f).function.body
    assert (first.origin, second.origin, last.origin) == ("y = x[0] + x[1]", "z = y * 2.0", "return z")
    assert [stmt.origin for stmt in loop.body] == ["for v in x", "z += v"]


def test_arguments_of_library_functions_are_kept_as_written():
    def f(x):
        return np.sum(x, axis=0) + x.mean(axis=(0, 1)) + np.array([[x[0], 1.0], [2.0, x[1]]])[0, 1]

    assert body(f) == ["return np.sum(x, axis=0) + x.mean(axis=(0, 1)) + np.array(((x[0], 1.0), (2.0, x[1])))[0, 1]"]


def test_subscripts():
    def f(x, i):
        return x[1:-1, ..., None, ::2, i], x[(i, 0)], x[()], x[-1], x[i : i + 2]

    assert body(f) == ["return x[1:-1, ..., None, ::2, i], x[i, 0], x[()], x[-1], x[i:i + 2]"]
