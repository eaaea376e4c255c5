"""SciPy's special functions in compiled code, and the derivatives of the gamma function."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy import special

from adcompile import grad, jvp
from adcompile.errors import InvalidArgument, Unsupported
from adcompile.rules.registry import rule_for
from adcompile.special import NAMES, polygamma

ARGUMENTS = {1: (0.3,), 2: (1.0, 0.7), 3: (0.7, 1.6, 0.3), 4: (0.7, 1.6, 2.1, 0.3)}


def test_compiled_values_are_those_of_scipy():
    assert all(rule_for(getattr(special, name)) is not None for name in NAMES)
    fns = [getattr(special, name) for name in (*NAMES[::6], "betainc", "hyp2f1", "jn")]
    calls = [f"    f{k}({', '.join(map(repr, ARGUMENTS[fn.nin]))})," for k, fn in enumerate(fns)]
    namespace = {f"f{k}": fn for k, fn in enumerate(fns)}
    exec("def values():\n    return np.array([\n" + "\n".join(calls) + "\n    ])", {**namespace, "np": np}, namespace)
    expected = [fn(*ARGUMENTS[fn.nin]) for fn in fns]
    np.testing.assert_array_equal(numba.njit(namespace["values"])(), expected)


@pytest.mark.parametrize("n", range(6))
def test_polygamma(n):
    for x in (1e-8, 0.3, 1.0, 2.5, 15.9, 40.0, 1e6):
        assert polygamma(n, x) == pytest.approx(float(special.polygamma(n, x)), rel=1e-13, abs=1e-14)
    assert polygamma(n, math.inf) == (math.inf if n == 0 else 0.0)


@pytest.mark.parametrize(("n", "x", "value"), [
    (0, -0.5, 0.03648997397857652), (0, -2.25, 4.158583564657972), (1, -0.5, 8.934802200544679),
    (2, -0.5, -0.82879664423432), (3, -1.4, 283.34389027483367), (0, 1.4616321449683622, -9.24e-17),
])  # fmt: skip
def test_polygamma_at_negative_numbers_and_at_its_root(n, x, value):
    assert polygamma(n, x) == pytest.approx(value, rel=1e-12, abs=1e-15)


def test_tails():
    for x, exact in ((-1e3, 1000.000999998), (-40.0, 40.024968847207264), (0.0, math.sqrt(2.0 / math.pi))):
        assert grad(lambda t: special.log_ndtr(t), jit=False)(x) == pytest.approx(exact, rel=1e-14)
    assert grad(lambda t: special.expit(t), jit=False)(40.0) == pytest.approx(math.exp(-40.0), rel=1e-14)


def test_a_zero_times_an_infinite_slope():
    assert grad(lambda x, y: special.xlogy(0.0, y) * x, wrt=("x", "y"), jit=False)(2.0, 0.0) == (0.0, 0.0)


def test_an_argument_without_a_derivative_is_refused_where_it_varies():
    assert grad(lambda x: special.gammainc(1.0, x), jit=False)(0.5) == pytest.approx(math.exp(-0.5))
    for derivative in (grad(lambda a: special.gammainc(a, 0.5)), grad(lambda v: special.jv(v, 0.5))):
        with pytest.raises(Unsupported, match="no derivative by its argument 1"):
            derivative(1.0)
    with pytest.raises(Unsupported, match="no derivative by its argument 1"):
        jvp(lambda a: special.gammainc(a, 0.5))((1.0,), (1.0,))


def test_float32():
    value, tangent = jvp(lambda x: special.erf(x))((np.float32(0.3),), (np.float32(1.0),))
    assert value == pytest.approx(math.erf(0.3), rel=1e-6) and tangent == pytest.approx(1.0312612, rel=1e-6)


def test_it_is_not_saved_without_adcompile(tmp_path):
    derivative = grad(lambda x: special.j0(x), jit=False)
    with pytest.raises(InvalidArgument, match=r"scipy\.special"):
        derivative.save(tmp_path / "module.py", 1.0)
