"""Series: every rule against Cauchy's integral or nested forward mode, loops, branches, memory, shapes and types."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit
from scipy import special

from adcompile import InvalidArgument, grad, hessian, jacobian, jvp, taylor, vmap
from adcompile.ir import ops
from adcompile.rules.registry import all_rules
from adcompile.runtime import multiply_no_nan

X, V = np.array([0.3, -0.2, 1.1]), np.array([1.0, 0.5, -1.0])
NONE = (np.where, np.ldexp, np.copysign, np.nan_to_num, multiply_no_nan, math.remainder)  # of no line, or not Numba's
NAMES = ("polygamma", "nextafter")  # of an integer; of neighbours
OF_SCIPY = ("gammaln", "digamma", "ndtr", "expit", "j0", "i1", "beta", "xlogy")
RULES = [
    rule
    for rule in all_rules()
    if rule.fn not in NONE and rule.fn.__name__ not in NAMES and getattr(special, rule.fn.__name__, None) is not rule.fn
]
KINKED = {np.absolute, np.maximum, np.minimum, max, min, np.clip, np.remainder, np.fmod}
REAL = {math.erf, math.erfc, np.hypot, np.arctan2, np.cbrt, np.logaddexp, np.logaddexp2, np.sinc, np.deg2rad} | KINKED
REAL |= {np.rad2deg, math.gamma, math.lgamma}


def by_integral(function, order, radius=0.05, points=32):
    """The coefficients of an analytic function at 0, by Cauchy's integral over a small circle."""
    circle = radius * np.exp(2j * np.pi * np.arange(points) / points)
    values = np.array([function(z) for z in circle])
    return np.array([np.mean(values * (circle / radius) ** -k).real / radius**k for k in range(order + 1)])


def by_nesting(function, x, order):
    """The same by forward mode over forward mode."""
    found, factor = [function(x)], 1.0
    for k in range(1, order + 1):
        function = grad(function, jit=False)
        factor *= k
        found.append(function(x) / factor)
    return np.array(found)


def line_of(fn, a, b=None, c=None):
    """A function of one number that moves every argument."""
    if fn is ops.power:
        return lambda t: (a + t * (1.0 + t)) ** (b + 0.5 * t)
    if b is None:
        return lambda t: fn(a + t * (1.0 + t))
    if c is None:
        return lambda t: fn(a + t * (1.0 + t), b + 0.5 * t)
    return lambda t: fn(a + t, b - t * t, c + 0.5 * t)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.fn.__name__)
def test_a_rule(rule):
    line = line_of(rule.fn, *rule.samples[0])
    found = taylor(line, 4, jit=False)(0.0, 1.0)
    if rule.fn in REAL:
        np.testing.assert_allclose(found[:4], by_nesting(line, 0.0, 3), rtol=1e-10, atol=1e-12)
    else:
        np.testing.assert_allclose(found, by_integral(line, 4), rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(found[:3], by_nesting(line, 0.0, 2), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OF_SCIPY)
def test_a_rule_of_scipy(name):
    fn = getattr(special, name)
    line = line_of(fn, 0.7) if fn.nin == 1 else line_of(fn, 0.7, 1.6)
    found = taylor(line, 3, jit=False)(0.0, 1.0)
    np.testing.assert_allclose(found, by_nesting(line, 0.0, 3), rtol=1e-10, atol=1e-12)


TAIL = [0.0, 1382 / 155925, 0.0]
CLOSED = [
    (lambda x: 1.0 / (1.0 - x), 0.0, [1.0] * 13),
    (lambda x: np.exp(x), 0.0, [1.0 / math.factorial(k) for k in range(13)]),
    (lambda x: np.log1p(x), 0.0, [0.0, *((-1.0) ** (k + 1) / k for k in range(1, 13))]),
    (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, 0.7, [1.0, *[0.0] * 12]),
    (lambda x: np.sqrt(1.0 + x), 0.0, [math.prod((1.5 - j) / j for j in range(1, k + 1)) for k in range(13)]),
    (lambda x: (1.0 + x) ** 5, 0.0, [*map(float, (1, 5, 10, 10, 5, 1)), *[0.0] * 7]),
    (lambda x: x**3, 0.0, [0.0, 0.0, 0.0, 1.0, *[0.0] * 9]),
    (lambda x: np.arctan(x), 0.0, [0.0 if k % 2 == 0 else (-1.0) ** (k // 2) / k for k in range(13)]),
    (lambda x: np.tan(x), 0.0, [0.0, 1.0, 0.0, 1 / 3, 0.0, 2 / 15, 0.0, 17 / 315, 0.0, 62 / 2835, *TAIL]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "coefficients"), CLOSED)
def test_closed_forms_of_order_twelve(function, x, coefficients):
    np.testing.assert_allclose(taylor(function, 12, jit=False)(x, 1.0), coefficients, rtol=1e-12, atol=1e-13)


def mixed(x, k):
    y = np.empty_like(x)
    s = 0.0
    for i in range(x.shape[0]):
        y[i] = x[i] ** 3 if x[i] > 0.0 else np.tanh(k * x[i])
        s += np.sqrt(1.0 + y[i] * y[i]) * k
        x[i] = 2.0 * y[i]
    while s > 3.0:
        s = s * 0.7 * x[0]
    if s > 0.0:
        s = np.exp(s) / (2.0 + x[2])
    return s, y @ x, np.outer(y, x) @ x + np.maximum(x, y)


@pytest.mark.parametrize("wrt", ["x", ("x", "k")])
def test_loops_branches_memory_and_products(wrt):
    v = {"x": V, ("x", "k"): (V, 0.4)}[wrt]
    dx, dk = (V, 0.0) if wrt == "x" else (V, 0.4)
    found = taylor(mixed, 2, wrt=wrt, jit=False)(X, 2.0, v)

    def line(t, x, k, dx, dk):
        return mixed(x + t * dx, k + t * dk)

    def first(t, x, k, dx, dk):
        a, b, c = jvp(line, wrt="t")((t, x, k, dx, dk), (1.0,))[1]
        return a, b, c

    args = (0.0, X, 2.0, dx, dk)
    exact = [mixed(X.copy(), 2.0), *jvp(first, wrt="t", jit=False)(args, (1.0,))]
    for part in range(3):
        for k in range(3):
            np.testing.assert_allclose(found[part][k], exact[k][part] / math.factorial(k), rtol=1e-10, atol=1e-11)
    assert [part.shape for part in found] == [(3,), (3,), (3, 3)]


def test_compiled_and_from_compiled_code():
    series = taylor(mixed, 2)
    for one, other in zip(series(X, 2.0, V), taylor(mixed, 2, jit=False)(X, 2.0, V), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)

    @njit
    def last(x, k, v):
        return series(x, k, v)[0][2]

    assert last(X, 2.0, V) == series(X, 2.0, V)[0][2]


def test_second_order_is_that_of_the_hessian():
    def energy(x):
        total = 0.0
        for i in range(x.shape[0] - 1):
            total += np.exp(x[i] * x[i + 1]) / (1.0 + x[i] ** 2)
        return total

    found = taylor(energy, 2, jit=False)(X, V)
    np.testing.assert_allclose(found[2], 0.5 * V @ hessian(energy, jit=False)(X) @ V, rtol=1e-13)
    slope = grad(lambda x: taylor(energy, 2)(x, V)[1], jit=False)(X)
    np.testing.assert_allclose(slope, hessian(energy, jit=False)(X) @ V, rtol=1e-12)
    rows = vmap(taylor(energy, 1), jit=False)(np.array([X, V]), np.array([V, X]))
    np.testing.assert_allclose(rows[0], found[:2], rtol=1e-13)
    assert jacobian(taylor(lambda x: x * x, 2), jit=False)(2.0, 1.0).tolist() == [4.0, 2.0, 0.0]


def test_shapes_types_and_orders():
    single = taylor(lambda x: x * x, 2, jit=False)(X.astype(np.float32), V.astype(np.float32))
    assert single.shape == (3, 3) and single.dtype == np.float32
    assert taylor(lambda x: x * x, 0, jit=False)(3.0, 1.0).tolist() == [9.0]
    assert taylor(lambda x: 4.0, 2, jit=False)(3.0, 1.0).tolist() == [4.0, 0.0, 0.0]
    np.testing.assert_array_equal(taylor(lambda x: np.ones(2), 1, jit=False)(X, V), [[1.0, 1.0], [0.0, 0.0]])


def test_high_orders_are_quick():
    series = taylor(lambda x: np.exp(np.sin(x)) / (1.0 + x * x), 20, jit=False)
    exact = by_integral(lambda z: np.exp(np.sin(0.2 + z)) / (1.0 + (0.2 + z) ** 2), 20, radius=0.8, points=256)
    np.testing.assert_allclose(series(0.2, 1.0), exact, rtol=1e-9, atol=1e-9)
    assert len(series.source.splitlines()) < 600  # two hundred and more for each product, not 2**30


def test_refused():
    for order in (-1, 1.5, True, 65):
        with pytest.raises(InvalidArgument, match="order="):
            taylor(mixed, order)
    with pytest.raises(InvalidArgument, match=r"v is float64, and has to be array\(float64, 1d\)|v is float64"):
        taylor(mixed, 2)(X, 2.0, 1.0)
    with pytest.raises(ValueError, match="same shape"):
        taylor(mixed, 2, jit=False)(X, 2.0, V[:2])
    with pytest.raises(InvalidArgument, match="the result of <lambda> holds int64: a series has floats"):
        taylor(lambda x: 3, 1)(1.0, 1.0)
