"""No jumps are left, runs agree with Python's, and the result reads well."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from adcompile.errors import Unsupported
from adcompile.frontend.read import read
from adcompile.ir.nodes import Break, Continue, For, Function, Return, While
from adcompile.ir.show import show
from adcompile.ir.walk import statements
from adcompile.normal.no_jumps import no_jumps
from adcompile.normal.single_return import single_return
from adcompile.normal.unbound import checked
from tests.interpreter import run
from tests.normal.random_jumps import program
from tests.normal.texts import function_of


def shown(function: Function) -> str:
    return show(function).strip()


def expected(text: str) -> str:
    return textwrap.dedent(text).strip()


def skip_and_stop(x):
    total = 0.0
    for i in range(x.shape[0]):
        if x[i] < 0.0:
            continue
        if x[i] > 9.0:
            break
        total += x[i]
    return total


def newton(x):
    while True:
        step = np.sin(x)
        x = x - step
        if abs(step) < 1e-9:
            break
    return x, step


def first_above(x, limit):
    for i in range(len(x)):
        if x[i] > limit:
            return i
    return -1


def pair_at(x, y):
    for i in range(3):
        for j in range(i, 5):
            if x[i] < y[j]:
                return i + j
    return -1


def last_index(x):
    i = 0
    for i in range(1, 4):
        if x[i] < 0.0:
            break
    return i


def backwards(x):
    total = 0.0
    for i in range(len(x) - 1, -1, -2):
        if x[i] < 0.0:
            return total
        total += x[i] * i
    return total


def bound_changes(x, n):
    total = 0.0
    for i in range(n):
        n = n - 1
        if total > 5.0:
            break
        total += x[i]
    return total + n


def guarded(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            if x[i] > 2.0:
                continue
            y = x[i]
        else:
            y = -x[i]
        total += y
    return total


def several(x):
    total = 0.0
    while total < 100.0:
        total += x[0] + 1.0
        if total > 50.0:
            return total
        if total > x[1] * 10.0:
            return -total
        if total > x[2] * 20.0:
            break
    return 0.0


@pytest.mark.parametrize("function", [skip_and_stop, backwards, guarded, several, last_index, newton])
def test_agrees_with_python(function):
    dice = np.random.default_rng(0)
    for _ in range(20):
        x = np.abs(dice.normal(size=5) * 3.0) if function is several else dice.normal(size=5) * 6.0
        argument = float(x[0]) if function is newton else x
        assert run(no_jumps(read(function).function), argument, poison=True) == function(argument)


@pytest.mark.parametrize("limit", [-9.0, 0.0, 0.5, 9.0])
def test_agrees_with_python_on_two_arguments(limit):
    x, y = np.random.default_rng(1).normal(size=(2, 5))
    assert run(no_jumps(read(first_above).function), x, limit, poison=True) == first_above(x, limit)
    assert run(no_jumps(read(pair_at).function), x, y + limit, poison=True) == pair_at(x, y + limit)
    assert run(no_jumps(read(bound_changes).function), x * 4.0, 5, poison=True) == bound_changes(x * 4.0, 5)


def test_reads_well():
    assert shown(no_jumps(read(newton).function)) == expected("""
        def newton(x):
            step = undefined()
            done = False
            while not done:
                step = np.sin(x)
                x = x - step
                done = abs(step) < 1e-09
            return x, step
        """)
    assert shown(no_jumps(read(first_above).function)) == expected("""
        def first_above(x, limit):
            returned = False
            i_stop = len(x)
            i = 0
            while i < i_stop and not returned:
                if x[i] > limit:
                    returned = True
                else:
                    i = i + 1
            if returned:
                return i
            return -1
        """)
    assert shown(no_jumps(read(pair_at).function)) == expected("""
        def pair_at(x, y):
            j = undefined()
            returned = False
            i = 0
            while i < 3 and not returned:
                j = i
                while j < 5 and not returned:
                    if x[i] < y[j]:
                        returned = True
                    else:
                        j = j + 1
                if not returned:
                    i = i + 1
            if returned:
                return i + j
            return -1
        """)


def test_a_continue_alone_keeps_the_for():
    def function(x, n):
        total = 0.0
        for i in range(n):
            if x[i] < 0.0:
                continue
            total += x[i]
        return total

    assert shown(no_jumps(read(function).function)) == expected("""
        def function(x, n):
            total = 0.0
            for i in range(n):
                if not x[i] < 0.0:
                    total += x[i]
            return total
        """)


def test_the_test_is_not_evaluated_after_a_break():
    def function(x):
        i = 0
        while x[i] > 0.0:
            i += 1
            if i == len(x):
                break
        return i

    assert run(no_jumps(read(function).function), np.ones(4)) == 4


def test_what_has_no_value_raises_in_the_run():
    def after_loop(x):
        for i in range(len(x)):
            last = x[i]
        return last

    def in_branch(x):
        if x > 0.0:
            y = x
        return y

    def perhaps_read(x, n):
        if n > 2:
            y = x[0]
        return n > 2 and y > 0.0

    for function, good, bad, name in (
        (after_loop, (np.ones(2),), (np.ones(0),), "last"),
        (in_branch, (1.0,), (-1.0,), "y"),
        (perhaps_read, (np.ones(2), 3), None, "y"),
        (perhaps_read, (np.ones(2), 1), None, "y"),
    ):
        flags = no_jumps(read(function).function)
        assert run(flags, *good) == function(*good)
        if bad is not None:
            with pytest.raises(UnboundLocalError, match=f"'{name}'"):
                run(flags, *bad)


def test_a_test_that_acts_is_not_asked_twice():
    def function(x, g):
        if x > 0.0:
            y = x
        return g(x) and y > 0.0

    with pytest.raises(Unsupported, match="maybe-undefined: `y` may be undefined here"):
        no_jumps(read(function).function)


def test_a_step_known_only_at_run_time_is_refused():
    def function(x, k):
        for i in range(0, 5, k):
            if x[i] > 0.0:
                return x[i]
        return 0.0

    with pytest.raises(Unsupported, match="unsupported-step"):
        no_jumps(read(function).function)


def _no_jumps_left(function: Function) -> bool:
    loops = [stmt for stmt in statements(function.body) if isinstance(stmt, (For, While))]
    inside = [stmt for loop in loops for stmt in statements(loop.body)]
    return not any(isinstance(stmt, (Break, Continue, Return)) for stmt in inside)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_programs(first):
    ran = 0
    for seed in range(first, first + 50):
        python = function_of(program(seed))
        surface = read(python).function
        try:
            flags = no_jumps(surface)
        except Unsupported as error:
            assert error.refusals[0].code == "maybe-undefined", program(seed)
            continue
        one = single_return(flags)
        assert _no_jumps_left(flags), program(seed)
        assert [s for s in statements(one.body) if isinstance(s, Return)] == [one.body[-1]], program(seed)
        assert checked(flags) is flags
        assert checked(one) is one
        for data in range(3):
            dice = np.random.default_rng(data)
            x, n = dice.normal(size=5) * 3.0, int(dice.integers(0, 4))
            try:
                right = python(x, n)
            except UnboundLocalError:
                for function in (flags, one):
                    with pytest.raises(UnboundLocalError):
                        run(function, x, n, poison=True, trips=100_000)
                continue
            for function in (surface, flags, one):
                got = run(function, x, n, poison=True, trips=100_000)
                assert np.array_equal(got, right, equal_nan=True), (seed, show(function))
            ran += 1
    assert ran > 75
