"""Derivatives made and called inside functions that are differentiated themselves: against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from adcompile import (
    AdcompileError,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    sparse_hessian,
    sparse_jacobian,
    value_and_grad,
    vjp,
)
from tests import oracle

TS, X = np.linspace(0.1, 0.9, 4), np.array([0.5, 1.2])


def cubic(t, k):
    return k * t**3


slope, along, curvature = grad(cubic), jvp(cubic, wrt="t"), grad(grad(cubic))
both = value_and_grad(cubic, wrt=("t", "k"))


def of_a_module(t, k):
    value, (by_t, by_k) = both(t, k)
    return slope(t, k) + slope(k=k, t=t) * along((t, k), (2.0,))[1] + curvature(t, k) * value + by_t * by_k


def of_a_module_by_hand(t, k):
    return 3 * k * t**2 + 18 * k**2 * t**4 + 6 * k**2 * t**4 + 3 * k * t**5


def of_locals(theta, t):
    def net(s, scale=1.0):
        return scale * np.sin(theta[0] * s) + theta[1] * s

    u = lambda s: net(s, 2.0) ** 2  # noqa: E731
    du = grad(u)
    return grad(du)(t) + du(t) * jvp(u)((t,), (1.0,))[1] + value_and_grad(net)(t)[1] + grad(lambda s: t * s**3)(t)


def of_locals_by_hand(theta, t):
    a, b = theta
    net, d, dd = 2 * np.sin(a * t) + b * t, 2 * a * np.cos(a * t) + b, -2 * a * a * np.sin(a * t)
    return 2 * d * d + 2 * net * dd + (2 * net * d) ** 2 + a * np.cos(a * t) + b + 3 * t**3


def of_arrays(x, a):
    f = lambda y: np.array([y[0] * y[1] * x[0], np.sin(y[1]) * a])  # noqa: E731
    s = lambda y: np.sum(f(y) * f(y))  # noqa: E731
    return np.sum(jacobian(f)(x) ** 2) + hvp(s)(x, x)[0] + np.sum(vjp(f).seeded(x, x * a))


def of_arrays_by_hand(x, a):
    p, q = x
    cos = np.cos(q)
    h = np.array([[2 * p**2 * q**2, 4 * p**3 * q]])
    total = (q * p) ** 2 + (p * p) ** 2 + (a * cos) ** 2 + h[0, 0] * p + h[0, 1] * q
    return total + a * (p * q * p + p * p * p + q * a * cos)


def pullbacks(x, a):
    value, pullback = vjp(lambda y: a * y * y)(x)
    x[0] = 7.0
    return np.sum(pullback(value) * pullback(x))


def pullbacks_by_hand(x, a):
    y = np.array([7.0, x[1]])
    return np.sum(2 * a * x * a * x**2 * 2 * a * x * y)


def written(x, a):
    buffer = x * a

    def u(y):
        y[0] = 2.0 * y[0] * y[1]
        return np.sum(y * y * buffer)

    before = grad(u)(x)
    buffer[1] = buffer[0] * x[0]
    return np.sum(before * x) + grad(u)(x)[1]


def written_by_hand(x, a):
    p, q = x
    first = np.array([8 * p * q**2 * p * a, 8 * p**2 * q * p * a + 2 * q * q * a])
    return np.sum(first * x) + 8 * p**2 * q * p * a + 2 * q * p * a * p


def residual(theta, ts):
    """A loss of the equation u'' = -u at some times, of a function that is made for each parameter."""
    total = 0.0
    for t in ts:
        u = lambda s: theta[0] * s + theta[1] * s**2 + theta[2] * s**3  # noqa: E731
        total += (grad(grad(u))(t) + u(t)) ** 2
    return total + (theta[0] - 1.0) ** 2


def residual_by_hand(theta, ts):
    a, b, c = theta
    return np.sum((2 * b + 6 * c * ts + a * ts + b * ts**2 + c * ts**3) ** 2) + (a - 1.0) ** 2


def in_branches(x, k):
    g = lambda t: k * t * t  # noqa: E731
    total = 0.0
    while total < 1.0:
        total += grad(g)(x) if x > 0.0 else 0.5
    return total * np.sin(x)


def in_branches_by_hand(x, k):
    return (2 * k * x * np.ceil(1.0 / (2 * k * x))) * np.sin(x)


def shadowed(t, k):
    inner = lambda s: t * s**2  # noqa: E731
    outer = lambda t: inner(t) * k * t  # noqa: E731
    return grad(outer)(k) + grad(outer, wrt="t")(t)


CASES = [
    (of_a_module, of_a_module_by_hand, (0.7, 1.3)),
    (of_locals, of_locals_by_hand, (X, 0.8)),
    (of_arrays, of_arrays_by_hand, (X, 1.1)),
    (pullbacks, pullbacks_by_hand, (X, 0.6)),
    (residual, residual_by_hand, (np.array([0.3, -0.2, 0.5]), TS)),
    (written, written_by_hand, (X, 0.6)),
    (in_branches, in_branches_by_hand, (0.3, 1.1)),
    (shadowed, lambda t, k: 3 * t * k * k**2 + 3 * t**3 * k, (0.7, 1.3)),
]


@pytest.mark.parametrize(("function", "by_hand", "args"), CASES, ids=[case[0].__name__ for case in CASES])
def test_against_closed_forms(function, by_hand, args):
    value, adjoints = value_and_grad(function, wrt=(0, 1), jit=False)(*args)
    assert np.isclose(value, by_hand(*args), rtol=1e-13)
    exact = grad(by_hand, wrt=(0, 1), jit=False)(*args)
    along = oracle.direction(args, 1)
    _, tangent = jvp(function, jit=False)(args, along)
    for one, other in zip(adjoints, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)
    assert np.isclose(tangent, oracle.dot(exact, along), rtol=1e-11)


def test_second_derivatives_and_compiled():
    function, by_hand, args = CASES[4]
    np.testing.assert_allclose(hessian(function, jit=False)(*args), hessian(by_hand, jit=False)(*args), rtol=1e-10)
    np.testing.assert_allclose(grad(function)(*args), grad(by_hand, jit=False)(*args), rtol=1e-11)


def test_a_residual_is_fitted():
    start = np.array([0.5, 0.0, 0.0])
    step = np.linalg.solve(hessian(residual, jit=False)(start, TS), grad(residual, jit=False)(start, TS))
    fitted = start - step  # the residual is linear in the parameters: one step of Newton's
    np.testing.assert_allclose(fitted @ [TS, TS**2, TS**3], np.sin(TS), atol=2e-2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: grad(lambda t: t)(2), "grad of lambda_: t is an int64"),
        (lambda x: grad(lambda t: np.array([t, t]))(x), "returns an array"),
        (lambda x: grad(lambda t, s: t * s)(x), "wrong-arguments"),
        (lambda x: grad(lambda t: t, wrt="s")(x), "wrt='s' is none of the parameters t"),
        (lambda x: grad(jvp(lambda t: t * x))((x,), (1.0,)), "grad of jvp of a local function"),
    ],
)
def test_refused(function, message):
    with pytest.raises(AdcompileError, match=message):
        grad(function, jit=False)(1.5)


def writes_what_it_captured(x):
    buffer = np.zeros(2)

    def u(t):
        buffer[0] = t
        return buffer[0] * t

    return grad(u)(x) + buffer[0]


def calls_its_own(x):
    return x * grad(calls_its_own)(x)


def gives_it_back(x):
    return grad(lambda t: t * x)


def test_refused_with_its_place():
    with pytest.raises(AdcompileError, match=r"derivative-inside: `u` may write into an array(.|\n)*buffer\[0\] = t"):
        grad(writes_what_it_captured, jit=False)(1.5)
    with pytest.raises(AdcompileError, match=r"recursive-call(.|\n)*calls_its_own\)\(x\)"):
        grad(calls_its_own, jit=False)(1.5)
    with pytest.raises(AdcompileError, match="derivative-inside"):
        grad(gives_it_back, jit=False)(1.5)


def one_value(x):
    return x[0] ** 3 * x[1]


def scaled_cubes(t, k):
    return k * np.sum(t**3)


def linearized_at_once(x):
    return linearize(one_value, x)[1](X) * linearize(one_value, x)[0]


def linearized_twice_used(x):
    value, linear = linearize(scaled_cubes, x, x[1])
    x = 2.0 * x  # the point stays
    return value * linear(X, 1.0) + linear(x, 0.0)


def linearized_alone(x):
    linear = linearize(scaled_cubes, x, x[1], wrt="k")[1]
    return linear(2.0)


def a_sparse_matrix(x):
    return np.sum(sparse_jacobian(cubes)(x).toarray() ** 2) + np.sum(sparse_hessian(one_value)(x) @ x)


def cubes(x):
    return x**3


def by_hand(x):
    return 9.0 * np.sum(x**4) + 9.0 * x[0] ** 2 * x[1] + 3.0 * x[0] ** 3


LINEARIZED = {
    linearized_at_once: lambda x: (3.0 * x[0] ** 2 * x[1] * X[0] + x[0] ** 3 * X[1]) * x[0] ** 3 * x[1],
    linearized_twice_used: lambda x: (
        x[1] * np.sum(x**3) * (x[1] * np.sum(3.0 * x**2 * X) + np.sum(x**3)) + 6.0 * x[1] * np.sum(x**3)
    ),
    linearized_alone: lambda x: 2.0 * np.sum(x**3),
    a_sparse_matrix: by_hand,
}


@pytest.mark.parametrize("function", LINEARIZED, ids=lambda function: function.__name__)
def test_linearize_and_sparse_matrices_inside(function):
    exact = grad(LINEARIZED[function], jit=False)
    np.testing.assert_allclose(grad(function, jit=False)(np.array([0.7, -1.1])), exact(np.array([0.7, -1.1])), 1e-12)
