"""Every function of the corpus, in every mode, at first and second order, in CPython and a part of it through Numba.

The modes are held to each other by inner products, to 1e-12 of the products' size, and to the truth: a complex step
through the plain function where it takes one, extrapolated differences where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile import grad, jvp, vjp
from tests import oracle
from tests.corpus import CASES, Case
from tests.corpus.registry import fresh, is_float
from tests.texts import defined

NUMBERED = [
    pytest.param(case, id=f"{case.name}-{sum(c.name == case.name for c in CASES[:number])}")
    for number, case in enumerate(CASES)
]
COMPILED = [each for each in NUMBERED if each.values[0].jit]


def one_number(case: Case) -> bool:
    """Whether the value of a case is one real number, so that it has a gradient."""
    with np.errstate(all="ignore"):
        value = case.function(*case.fresh())
    return not isinstance(value, tuple) and np.ndim(value) == 0 and np.isrealobj(value)


TWICE = [each for each in NUMBERED if each.values[0].twice and one_number(each.values[0])]


def single(case: Case) -> bool:
    """Whether a case computes in single precision."""
    return any(getattr(leaf, "dtype", None) in (np.float32, np.complex64) for leaf in oracle.leaves(case.args))


def places(case: Case) -> list[int]:
    names = case.function.__code__.co_varnames
    return [names.index(name) for name in case.wrt]


def of_floats(case: Case) -> tuple[Callable[..., Any], list[int]]:
    """The function with its arguments that are no floats bound, and the places of the others.

    Reverse over forward differentiates by the tuple of all arguments, which has to hold nothing but floats."""
    floats = [place for place, value in enumerate(case.args) if is_float(value)]
    if len(floats) == len(case.args):
        return case.function, floats
    names = case.function.__code__.co_varnames[: len(case.args)]
    bound = {name: value for name, value in zip(names, case.args, strict=True) if not is_float(value)}
    text = (
        f"def bound({', '.join(names[place] for place in floats)}):\n    return function({', '.join(names)})\n"
    )
    return defined(text, f"<bound {case.name}>", {"function": case.function, **bound})["bound"], floats


def called(function: Callable[..., Any], *args: Any) -> Any:
    """The value of a call that must leave its arguments as they were."""
    given = fresh(args)
    with np.errstate(divide="ignore", invalid="ignore"):  # a slope may be infinite where nothing goes through it
        value = function(*given)
    assert oracle.unchanged(args, given), "a derivative call changed an argument"
    return value


def truth(case: Case, along: Any) -> tuple[np.ndarray, float]:
    """The derivative of the plain function along a direction, and how far to trust it."""
    full = oracle.embedded(case.args, places(case), along)
    with np.errstate(all="ignore"):
        if case.analytic and not single(case):
            exact = oracle.by_complex_step(case.function, case.args, full)
            if exact is not None:
                return exact, 1e-12
        if single(case):
            return oracle.by_differences(case.function, case.args, full, first=0.5, levels=3)[0], 2e-3
        value, error = oracle.by_differences(case.function, case.args, full)
        assert error < 1e-6, f"differences do not settle: {error}"
        return value, 1e-8 + 10.0 * error


def first_order(case: Case, jit: bool) -> None:
    wrt = tuple(case.args[place] for place in places(case))
    along = oracle.direction(wrt, 1)
    close = 1e-5 if single(case) else 1e-12
    value, tangent = called(jvp(case.function, wrt=case.wrt, jit=jit), case.args, along)
    with np.errstate(all="ignore"):
        plain = case.function(*case.fresh())
    assert oracle.distance(value, plain) < close, "forward mode: the value"

    exact, trust = truth(case, along)
    assert oracle.distance(oracle.flat(tangent), exact) < trust, "forward mode: the tangent"

    value, pullback = called(vjp(case.function, wrt=case.wrt, jit=jit), *case.args)
    assert oracle.distance(value, plain) < close, "reverse mode: the value"
    seed = oracle.direction((plain,), 2)[0]
    adjoint = called(pullback, seed)
    product = oracle.dot(seed, tangent)
    assert abs(product - oracle.dot(adjoint, along)) <= close * (
        oracle.size(seed, tangent) + oracle.size(adjoint, along)
    ), "forward against reverse"


@pytest.mark.parametrize("case", NUMBERED)
def test_first_order(case: Case) -> None:
    first_order(case, jit=False)


@pytest.mark.parametrize("case", COMPILED)
def test_first_order_compiled(case: Case) -> None:
    first_order(case, jit=True)


def second_order(case: Case, jit: bool) -> None:
    """The product of the Hessian with one direction, four ways, and the plain differences of the gradient."""
    wrt = tuple(case.args[place] for place in places(case))
    u, v = oracle.direction(wrt, 1), oracle.direction(wrt, 2)
    close = 1e-4 if single(case) else 1e-12
    gradient = grad(case.function, wrt=case.wrt, jit=jit)

    forward_reverse = called(jvp(gradient, wrt=case.wrt, jit=jit), case.args, u)[1]
    reverse_reverse = called(called(vjp(gradient, wrt=case.wrt, jit=jit), *case.args)[1], u)
    assert oracle.distance(reverse_reverse, forward_reverse) < close, "reverse over reverse"

    function, wanted = of_floats(case)
    primals = tuple(case.args[place] for place in wanted)
    here = [wanted.index(place) for place in places(case)]
    tangent = jvp(function, wrt=case.wrt, jit=jit)
    along = oracle.embedded(primals, here, v)
    forward_forward = called(jvp(tangent, jit=jit), (primals, u), (along, oracle.zero(u)))[1][1]
    assert abs(forward_forward - oracle.dot(forward_reverse, v)) <= 10.0 * close * (
        1.0 + oracle.size(forward_reverse, v)
    ), "forward over forward"
    value, pullback = called(vjp(tangent, wrt="primals", jit=jit), primals, u)
    full = called(pullback, tuple(type(entry)(one) for entry, one in zip(value, (0.0, 1.0), strict=True)))
    reverse_forward = tuple(full[place] for place in here)
    assert oracle.distance(reverse_forward, forward_reverse) < close, "reverse over forward"

    if not single(case):
        full = oracle.embedded(case.args, places(case), u)
        exact, error = oracle.by_differences(gradient, case.args, full)
        assert error < 1e-5, f"differences do not settle: {error}"
        assert oracle.distance(oracle.flat(forward_reverse), exact) < 1e-7 + 10.0 * error, "the Hessian"


@pytest.mark.parametrize("case", TWICE)
def test_second_order(case: Case) -> None:
    second_order(case, jit=False)
