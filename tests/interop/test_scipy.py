"""SciPy's solvers with derivatives, called from Python and from C."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import least_squares, minimize, root
from scipy.sparse import issparse

from adcompile import InvalidArgument, grad, hessian, hvp, jacobian, sparse_jacobian, value_and_grad
from adcompile.interop.scipy import low_level


def rosenbrock(x):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def test_minimize_with_gradient_and_hessian():
    start = np.array([-1.2, 1.0, 0.5])
    fit = minimize(value_and_grad(rosenbrock), start, jac=True)
    np.testing.assert_allclose(fit.x, 1.0, atol=1e-4)
    fit = minimize(value_and_grad(rosenbrock), start, jac=True, hess=hessian(rosenbrock), method="trust-exact")
    np.testing.assert_allclose(fit.x, 1.0, atol=1e-6)
    fit = minimize(value_and_grad(rosenbrock), start, jac=True, hessp=hvp(rosenbrock), method="Newton-CG")
    np.testing.assert_allclose(fit.x, 1.0, atol=1e-4)


def test_least_squares():
    t = np.linspace(0.0, 2.0, 20)

    def residuals(p, t, y):
        return p[0] * np.exp(-p[1] * t) - y

    fit = least_squares(residuals, [1.0, 1.0], jac=jacobian(residuals), args=(t, 2.0 * np.exp(-0.7 * t)))
    np.testing.assert_allclose(fit.x, [2.0, 0.7], rtol=1e-8)


def test_least_squares_with_a_sparse_jacobian():
    def residuals(u):
        out = np.empty_like(u)
        for i in range(u.shape[0]):
            left = u[i - 1] if i > 0 else 0.0
            out[i] = u[i] ** 3 + u[i] - left - 1.0
        return out

    matrix = sparse_jacobian(residuals, jit=False)
    fit = least_squares(residuals, np.ones(30), jac=matrix, tr_solver="lsmr", xtol=1e-12, ftol=1e-12, gtol=1e-12)
    assert issparse(matrix(fit.x))
    assert matrix(fit.x).nnz == 59
    np.testing.assert_allclose(residuals(fit.x), 0.0, atol=1e-8)


def test_root():
    def f(x):
        return np.array([x[0] ** 2 + x[1] - 3.0, x[0] - x[1] ** 2 + 1.0])

    found = root(f, [1.5, 1.0], jac=jacobian(f))
    np.testing.assert_allclose(f(found.x), 0.0, atol=1e-10)


def test_stiff_equations():
    def rober(t, y):
        slow, fast = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return np.array([-slow, slow - fast, fast])

    by_state = jacobian(rober, wrt="y")
    done = solve_ivp(rober, (0.0, 40.0), [1.0, 0.0, 0.0], method="BDF", jac=by_state, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(done.y[:, -1], [0.7158, 9.185e-6, 0.2842], rtol=1e-3)  # Hairer & Wanner, II, p. 157


def test_quad_calls_derivatives_from_c():
    assert quad(low_level(grad(lambda x: np.sin(x) ** 2)), 0.0, 1.0)[0] == pytest.approx(np.sin(1.0) ** 2, rel=1e-12)
    assert quad(low_level(lambda x, k: k * x), 0.0, 1.0, args=(4.0,))[0] == pytest.approx(2.0)


def test_a_function_of_nothing_is_refused():
    with pytest.raises(InvalidArgument, match="has no parameters"):
        low_level(lambda: 1.0)
