"""One `return` is left, the last statement; the random programs of `test_no_jumps` run through this stage as well."""

from __future__ import annotations

import textwrap

import pytest

from adcompile.errors import InternalError
from adcompile.frontend.read import read
from adcompile.ir.show import show
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.single_return import single_return
from tests.interpreter import run


def shown(python) -> str:
    return show(single_return(no_jumps(read(python).function))).strip()


def expected(text: str) -> str:
    return textwrap.dedent(text).strip()


def test_the_rest_goes_into_the_else():
    def function(a, b):
        if a < 0.0:
            return b
        c = a * b
        return c + 1.0

    assert shown(function) == expected("""
        def function(a, b):
            if a < 0.0:
                result = b
            else:
                c = a * b
                result = c + 1.0
            return result
        """)


def test_a_short_rest_is_written_twice():
    def function(a, b):
        if a < 0.0:
            if b < 0.0:
                return 1.0
        elif b > 1.0:
            return 2.0
        return 3.0

    assert shown(function) == expected("""
        def function(a, b):
            if a < 0.0:
                if b < 0.0:
                    result = 1.0
                else:
                    result = 3.0
            else:
                if b > 1.0:
                    result = 2.0
                else:
                    result = 3.0
            return result
        """)


def test_a_long_rest_stands_under_a_flag():
    def function(a, b):
        if a < 0.0:
            c = a + b
            if b < 0.0:
                return c
            d = 2.0
        else:
            d = b
        d = d * a
        return d + 1.0

    assert shown(function) == expected("""
        def function(a, b):
            c = undefined()
            returned = False
            d = undefined()
            if a < 0.0:
                c = a + b
                if b < 0.0:
                    returned = True
                else:
                    d = 2.0
            else:
                d = b
            if returned:
                result = c
            else:
                d = d * a
                result = d + 1.0
            return result
        """)
    for a, b in ((-1.0, -1.0), (-1.0, 1.0), (1.0, 2.0)):
        assert run(single_return(no_jumps(read(function).function)), a, b, poison=True) == function(a, b)


def test_equal_values_need_no_question():
    def function(a):
        for _ in range(9):
            a = a / 2.0
            if a < 1.0:
                return a
        return a

    assert shown(function).endswith("    trip = trip + 1\n    result = a\n    return result")


def test_one_return_at_the_end_is_left_alone():
    def function(a):
        if a > 0.0:
            a = -a
        return a, (a, 1.0)

    surface = read(function).function
    assert single_return(surface) is surface


def test_tuples_stay_tuples():
    def function(a):
        if a > 0.0:
            return a, 1.0
        return 0.0, a

    assert "result = a, 1.0" in shown(function)
    assert run(single_return(read(function).function), 2.0) == (2.0, 1.0)


def test_a_function_without_a_value_returns_none():
    def function(u, a):
        if a > 0.0:
            return
        u[0] = a

    assert shown(function) == expected("""
        def function(u, a):
            if not a > 0.0:
                u[0] = a
            return None
        """)


def test_a_path_without_a_value_raises_in_the_run():
    def function(a):
        if a > 0.0:
            return a
        a = 2.0 * a

    one = single_return(read(function).function)
    assert run(one, 2.0) == 2.0
    with pytest.raises(TypeError, match="ends without a return"):
        run(one, -2.0)


def test_returns_in_loops_are_another_stage():
    def function(a):
        while a > 0.0:
            return a
        return 1.0

    with pytest.raises(InternalError):
        single_return(read(function).function)
