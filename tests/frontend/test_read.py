"""The front end: what it reads, and where it says that things stand."""

import functools
import math

import numpy as np
import pytest
from numba import njit

from adcompile.errors import Unsupported
from adcompile.frontend.read import read
from adcompile.ir.nodes import Accum, Assign, Const, For, If, Return, Store, Update, While
from adcompile.ir.show import show
from adcompile.ir.walk import statements

SCALE = 2.5
TABLE = (1.0, 2.0)


def text(fn):
    return show(read(fn).function).strip()


def lines(fn):
    return [line.strip() for line in text(fn).splitlines()[1:]]


def test_operators_and_precedence():
    def f(a, b):
        c = -a**2 + (a - b) * 3 // b % 2
        d = not (a < b) or a >= b and b != 0.0
        return c if d else (a & 3) | (b ^ 1) << 2

    assert lines(f) == [
        "c = -a ** 2 + (a - b) * 3 // b % 2",
        "d = not a < b or a >= b and b != 0.0",
        "return c if d else a & 3 | (b ^ 1) << 2",
    ]


def test_names_of_outside_are_resolved():
    k = 4.0

    def f(x):
        return SCALE * x + k * math.pi + TABLE[1] + np.sin(x)

    source = read(f)
    assert set(source.resolved) == {"SCALE", "k", "math", "TABLE", "np"}
    (result,) = source.function.body
    assert isinstance(result, Return)
    assert "2.5 * x + 4.0 * np.pi" in text(f)


def test_chained_comparison():
    def f(a, b, c):
        return a < b <= c

    assert lines(f) == ["return a < b and b <= c"]


def test_assignments_of_every_shape():
    def f(x, A):
        a = b = x + 1.0
        a, b = b, a
        (p, q), r = (a, b), 3.0
        A[0] = p
        A[1] += q
        A[2] -= r
        A[3] *= a
        a **= 2
        return a

    body = read(f).function.body
    kinds = [type(s) for s in body]
    assert kinds.count(Store) == 2 and kinds.count(Accum) == 2 and kinds.count(Update) == 1
    assert lines(f)[:4] == ["a_value = x + 1.0", "a = a_value", "b = a_value", "a_new = b"]


def test_loops():
    def f(x, y, n):
        s = 0.0
        for i in range(1, n, 2):
            s += x[i]
        for v in x:
            s += v
        for k, (p, q) in enumerate(zip(x, y)):
            s += k * p * q
        while s < 3.0:
            s += 1.0
        return s

    body = read(f).function.body
    first, second, third = (s for s in body if isinstance(s, For))
    assert first.index == "i" and first.step == Const(2)
    assert [type(s) for s in second.body] == [Assign, Update]
    assert third.stop == read(f).function.body[3].stop
    assert any(isinstance(s, While) for s in body)


def test_a_loop_variable_that_outlives_its_loop_is_an_ordinary_variable():
    def f(x, n):
        i = 0
        for i in range(n):
            x[i] = 1.0
        return x[i]

    loop = read(f).function.body[1]
    assert loop.index != "i" and loop.body[0].target == "i"


def test_branches_nest():
    def f(x):
        if x > 1.0:
            return x
        elif x > 0.0:
            return -x
        else:
            return 2.0 * x

    (branch,) = read(f).function.body
    assert isinstance(branch.orelse[0], If)


def test_places_are_the_users():
    def f(x):
        y = x * 2.0
        return y

    source = read(f)
    first = source.function.body[0]
    assert first.span.line == f.__code__.co_firstlineno + 1 and first.span.column == 9
    assert first.origin == "y = x * 2.0"
    with open(first.span.file) as file:
        assert file.readlines()[first.span.line - 1][first.span.column - 1 : first.span.end_column - 1] == "y = x * 2.0"


def test_refusals_come_all_at_once_with_columns():
    def f(x):
        y = {x}
        return y + max({x})

    with pytest.raises(Unsupported) as caught:
        read(f)
    columns = [(r.span.line - f.__code__.co_firstlineno, r.span.column) for r in caught.value.refusals]
    assert columns == [(1, 13), (2, 24)]


def test_lambdas_are_told_apart():
    f, g = (lambda x: x * 2.0), (lambda y: y + 1.0)
    assert "x * 2.0" in text(f) and "y + 1.0" in text(g)
    h = lambda x: (  # noqa: E731
        x
        * 3.0
    )
    assert "x * 3.0" in text(h)


def test_lambdas_that_cannot_be_told_apart_are_refused():
    made = [lambda x, k=k: x * 2.0 * k for k in (1.0,)] + [lambda x, k=k: x * 3.0 * k for k in (1.0,)]  # noqa: E501
    texts = [text(f) for f in made]
    assert "2.0" in texts[0] and "3.0" in texts[1]


def test_decorated_functions_are_read_as_written():
    def passing(fn):
        @functools.wraps(fn)
        def inner(*args):
            return fn(*args)

        return fn

    @passing
    @njit
    def f(x):
        # a comment
        return x * 2.0  # another

    assert lines(f) == ["return x * 2.0"]


def test_docstrings_annotations_and_pass():
    def f(x: float) -> float:
        """Text."""
        y: float = x
        z: int
        pass
        return y

    assert lines(f) == ["y = x", "return y"]


def test_a_method_waits_for_types_and_a_module_does_not():
    def f(x):
        return x.sum(axis=0) + np.linalg.norm(x) + x.shape[0]

    assert [type(s) for s in statements(read(f).function.body)] == [Return]


def test_a_source_that_does_not_match_is_refused():
    namespace = {}
    exec(compile("def f(x):\n    return x\n", "<nowhere>", "exec"), namespace)
    with pytest.raises(Unsupported, match="no-source"):
        read(namespace["f"])
