"""Calls are replaced by what they do, in the order in which Python does it."""

from __future__ import annotations

import textwrap

import numba
import numpy as np
import pytest
import scipy.special

from adcompile.frontend.read import read
from adcompile.ir.nodes import Assign, Call, Function
from adcompile.ir.show import show
from adcompile.ir.walk import expressions, nodes, statements
from adcompile.normal.flow import refused
from adcompile.normal.inline import inlined
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.single_return import single_return
from adcompile.normal.unbound import checked
from tests.interpreter import run
from tests.normal import callees
from tests.normal.callees import apply, bump, clip, find, low_clip, rotate, square, twice
from tests.normal.random_calls import program
from tests.normal.texts import function_of


def prepared(python) -> Function:
    return single_return(no_jumps(read(python).function))


def shown(python) -> str:
    return show(inlined(prepared(python)).function).strip()


def expected(text: str) -> str:
    return textwrap.dedent(text).strip()


@numba.njit
def compiled_square(v):
    return v * v


def test_one_line_functions_stay_on_the_line():
    def function(x, i):
        return 1.0 + square(x) * compiled_square(x[i])

    assert shown(function) == expected("""
        def function(x, i):
            v = x[i]
            return 1.0 + x * x * (v * v)
        """)


def test_bodies_are_spliced_and_names_stay_apart():
    def function(value, low):
        result = clip(value * 2.0, high=low)
        return result + clip(value)

    assert shown(function) == expected("""
        def function(value, low):
            value_2 = value * 2.0
            if value_2 < 0.0:
                result_2 = 0.0
            else:
                if value_2 > low:
                    result_2 = low
                else:
                    result_2 = value_2
            result = result_2
            if value < 0.0:
                result_3 = 0.0
            else:
                if value > 1.0:
                    result_3 = 1.0
                else:
                    result_3 = value
            return result + result_3
        """)


def test_reads_before_a_call_that_writes_come_before_it():
    def function(u):
        return u[0] + bump(u) * u[0]

    u, v = np.ones(3), np.ones(3)
    assert run(inlined(prepared(function)).function, u) == function(v) == 10.0
    assert np.array_equal(u, v)


def test_what_python_skips_is_skipped():
    def function(u, a):
        b = bump(u) if a > 0.0 else a
        if a > 1.0 and bump(u) > 0.0:
            b += 1.0
        if a > 2.0 or bump(u) > 0.0:
            b += 1.0
        return b

    for a in (-1.0, 0.5, 1.5, 2.5):
        u, v = np.ones(3), np.ones(3)
        assert run(inlined(prepared(function)).function, u, a, poison=True) == function(v, a)
        assert np.array_equal(u, v)


def test_a_test_with_a_body_runs_before_every_trip():
    def function(u):
        n = 0
        while bump(u) < 9.0:
            n += 1
        return n

    assert shown(function) == expected("""
        def function(u):
            n = 0
            u[0] += 2.0
            goes_on = u[0] < 9.0
            while goes_on:
                n += 1
                u[0] += 2.0
                goes_on = u[0] < 9.0
            return n
        """)


def test_functions_are_arguments():
    def function(a):
        return apply(square, a) + twice(low_clip, a)

    result = inlined(prepared(function))
    assert result.sources == (apply, square, twice, clip)
    for a in (-1.0, 0.5, 3.0):
        assert run(result.function, a, poison=True) == function(a)


def why_not(function):
    """What stands in the way: said where the call stands, since that may turn out to be dead."""
    (refusal,) = refused(inlined(prepared(function)).function.body)
    return refusal.render()


def test_a_function_argument_of_the_function_itself():
    result = inlined(prepared(apply), known={"f": square})
    assert run(result.function, None, 3.0) == 10.0
    assert why_not(apply).startswith("unknown-function: which function `f` is")


def test_calls_for_their_effect():
    def function(u):
        rotate(u)
        bump(u)
        return u[0]

    u = np.array([1.0, 2.0, 3.0])
    assert run(inlined(prepared(function)).function, u) == 4.0
    assert np.array_equal(u, [4.0, 3.0, 1.0])


def halved(a):
    return halved(a / 2.0) if a > 1.0 else a


def powered(a, n):
    return 1.0 if n == 0 else a * powered(a, n - 1)


def test_recursion_stays_a_call():
    def function(a):
        return halved(a)

    calls = [s.value for s in statements(inlined(prepared(function)).function.body) if isinstance(s, Assign)]
    assert [call.fn.recursive for call in calls] == [True]


def test_recursion_over_literals_is_written_out():
    def function(a):
        return powered(a, 3)

    assert run(inlined(prepared(function)).function, 2.0) == 8.0


def test_functions_without_source_or_rule_are_refused():
    no_source = eval("lambda v: v")
    unknown = scipy.special.pdtrik

    def function(a):
        return unknown(a, 1.0)

    def other(a):
        return no_source(a)

    for python in (function, other):
        assert why_not(python).startswith("no-rule: call of")


def test_wrong_arguments_are_refused():
    def function(a):
        return square(a, a)

    assert why_not(function).startswith("wrong-arguments: `square`: too many positional arguments")


def test_refusals_inside_a_callee_point_into_it():
    def function(a):
        return calls_unknown(a)

    (refusal,) = refused(inlined(prepared(function)).function.body)
    assert refusal.function == "calls_unknown"


def calls_unknown(a):
    return scipy.special.pdtrik(a, 1.0)


def test_library_functions_stay_calls():
    def function(a):
        return np.sin(a) + abs(a) + float(find(a, 0.0)) + np.sum(a) + len(a)

    kept = {
        node.fn
        for stmt in statements(inlined(prepared(function)).function.body)
        for expr in expressions(stmt)
        for node in nodes(expr)
        if isinstance(node, Call)
    }
    assert {np.sin, abs, float, np.sum, len} <= kept
    assert find not in kept


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_random_programs(first):
    known = {}

    def read_once(python):
        if python not in known:
            known[python] = read(python)
        return known[python]

    for seed in range(first, first + 40):
        python = function_of(program(seed), callees.CALLEES)
        function = inlined(prepared(python), read_once).function
        assert checked(function) is function
        for data in range(3):
            dice = np.random.default_rng(data)
            one, v = dice.normal(size=3), float(dice.normal())
            two = one.copy()
            with np.errstate(all="ignore"):
                got, right = run(function, one, v, poison=True), python(two, v)
            assert np.array_equal(got, right, equal_nan=True), seed
            assert np.array_equal(one, two, equal_nan=True), seed
