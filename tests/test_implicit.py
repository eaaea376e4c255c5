"""`implicit`: the derivative of what a solver finds is that of its equation, as differentiating the solver gives it."""

import numpy as np
import pytest

from adcompile import InvalidArgument, Unsupported, grad, hessian, hvp, implicit, jvp, value_and_grad


def solve(a):
    x = 1.0
    for _ in range(60):
        x = 0.5 * (x + a / x)
    return x


def is_root(x, a):
    return x * x - a


root = implicit(solve, is_root)


def test_scalar():
    assert grad(root, jit=False)(4.0) == pytest.approx(0.25, rel=1e-14)
    assert jvp(root, jit=False)((4.0,), (2.0,))[1] == pytest.approx(0.5, rel=1e-14)
    assert grad(grad(root, jit=False), jit=False)(4.0) == pytest.approx(-1.0 / 32.0, rel=1e-13)
    assert hessian(root, jit=False)(4.0) == pytest.approx(-1.0 / 32.0, rel=1e-13)


def newton(a, b):
    x = np.ones(2)
    for _ in range(30):
        slope = np.array([[3.0 * x[0] ** 2 + a[0], 1.0], [b, 2.0 * x[1] + 2.0]])
        x = x - np.linalg.solve(slope, equations(x, a, b))
    return x


def equations(x, a, b):
    return np.array([x[0] ** 3 + a[0] * x[0] + x[1] - a[1], x[1] ** 2 + 2.0 * x[1] + b * x[0] - 3.0])


solution = implicit(newton, equations)


def by_theorem(a, b):
    x = solution(a, b)
    return np.sum(x * x * a)


def through_the_iterations(a, b):
    x = newton(a, b)
    return np.sum(x * x * a)


A = np.array([1.5, 2.0])
V = np.array([0.2, 1.0])


def test_vector():
    found = grad(by_theorem, wrt=("a", "b"), jit=False)(A, 0.3)
    expected = grad(through_the_iterations, wrt=("a", "b"), jit=False)(A, 0.3)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    assert found[1] == pytest.approx(expected[1], rel=1e-12)
    tangents = (V, 1.0)
    forward, by_iterations = (jvp(f, jit=False)((A, 0.3), tangents)[1] for f in (by_theorem, through_the_iterations))
    assert forward == pytest.approx(by_iterations, rel=1e-12)


def test_vector_at_second_order():
    gradient = grad(by_theorem, jit=False)
    ahead, behind = (gradient(A + h * V, 0.3) for h in (1e-4, -1e-4))
    np.testing.assert_allclose(hvp(by_theorem, jit=False)(A, 0.3, V), (ahead - behind) / 2e-4, rtol=1e-7)


def fixed(k, n):
    x = 0.5
    for _ in range(n):
        x = np.cos(k * x)
    return x


def is_fixed(x, k, n):
    return x - np.cos(k * x)


def test_fixed_point_compiled():
    point = implicit(fixed, is_fixed)
    value, slope = value_and_grad(point)(0.9, 200)
    assert value == pytest.approx(fixed(0.9, 200), rel=1e-14)
    assert slope == pytest.approx(grad(fixed, jit=False)(0.9, 200), rel=1e-12)


def two_equations(x, a):
    return np.array([x, a])


def test_refused():
    with pytest.raises(InvalidArgument, match="is_root takes 2 arguments, and has to take 3"):
        implicit(newton, is_root)
    with pytest.raises(Unsupported, match=r"`two_equations` returns float64\[:\] where the solution is float64"):
        grad(implicit(solve, two_equations), jit=False)(4.0)


def test_the_solver_runs_once():
    gradient = grad(by_theorem, wrt=("a", "b"), jit=False)
    gradient(A, 0.3)
    assert gradient.source.count("range(30)") == 1
