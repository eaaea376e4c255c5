"""Functions in PyTensor: values and gradients, and a chain of Hamiltonian Monte Carlo on compiled gradients."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adcompile.interop.pytensor import to_pytensor

pytestmark = pytest.mark.interop


def chain(x, k, n):
    y = x.copy()
    for _ in range(n):
        for i in range(1, y.shape[0]):
            y[i] = y[i] + k * np.sin(y[i - 1])
    return np.sum(y * y)


def two(x, k):
    return k * x**2, np.sum(x) * k


X = np.array([0.3, -0.2, 0.5])


def evaluated(expression, *pairs):
    variables, values = zip(*pairs, strict=True)
    return pytensor.function(list(variables), expression, mode="FAST_COMPILE")(*values)


def test_value_and_gradient():
    x, k = pt.dvector("x"), pt.dscalar("k")
    y = to_pytensor(chain, jit=False)(x, k, 2)
    assert evaluated(y, (x, X), (k, 0.4)) == pytest.approx(chain(X, 0.4, 2))
    x_bar, k_bar = evaluated(pt.grad(y, [x, k]), (x, X), (k, 0.4))
    h = 1e-6
    assert k_bar == pytest.approx((chain(X, 0.4 + h, 2) - chain(X, 0.4 - h, 2)) / (2 * h), rel=1e-8)
    for i, e in enumerate(np.eye(3)):
        assert x_bar[i] == pytest.approx((chain(X + h * e, 0.4, 2) - chain(X - h * e, 0.4, 2)) / (2 * h), rel=1e-7)


def test_second_derivatives():
    x = pt.dvector("x")
    y = to_pytensor(lambda x: np.sum(x**3), jit=False)(x)
    np.testing.assert_allclose(evaluated(pt.grad(pt.grad(y, x).sum(), x), (x, X)), 6 * X)


def test_several_results():
    x, k = pt.dvector("x"), pt.dscalar("k")
    y, s = to_pytensor(two, jit=False)(x, k)
    x_bar, k_bar = evaluated(pt.grad(y.sum() + 2.0 * s, [x, k]), (x, X), (k, 1.5))
    np.testing.assert_allclose(x_bar, 3.0 * X + 3.0)
    assert k_bar == pytest.approx(np.sum(X**2) + 2.0 * np.sum(X))
    np.testing.assert_allclose(evaluated(pt.grad(s, x), (x, X), (k, 1.5)), 1.5)


def test_a_chain_samples_a_normal_distribution():
    """The mean and the spread of 400 draws by leapfrog steps on the compiled log-density."""

    def log_density(x):
        s = 0.0
        for i in range(x.shape[0]):
            s -= 0.5 * ((x[i] - 2.0) / 0.5) ** 2
        return s

    x = pt.dvector("x")
    y = to_pytensor(log_density)(x)
    both = pytensor.function([x], [y, pt.grad(y, x)], mode="FAST_COMPILE")
    generator = np.random.default_rng(0)
    at, draws = np.zeros(2), []
    for _ in range(500):
        p, new = generator.normal(size=2), at
        value, slope = both(at)
        energy, momentum = value - 0.5 * p @ p, p
        for _ in range(10):
            momentum = momentum + 0.05 * slope
            new = new + 0.1 * momentum
            value, slope = both(new)
            momentum = momentum + 0.05 * slope
        if np.log(generator.random()) < value - 0.5 * momentum @ momentum - energy:
            at = new
        draws.append(at)
    draws = np.array(draws[100:])
    assert np.abs(draws.mean() - 2.0) < 0.1
    assert np.abs(draws.std() - 0.5) < 0.1


def test_second_derivatives_of_several_results():
    x, k = pt.dvector("x"), pt.dscalar("k")
    y, s = to_pytensor(two, jit=False)(x, k)
    slope = pt.grad((y**2).sum() + k * s, k)  # 2 k x^4 + 2 k sum x
    np.testing.assert_allclose(evaluated(pt.grad(slope, x), (x, X), (k, 1.5)), 12.0 * X**3 + 3.0)
    assert evaluated(pt.grad(slope, k), (x, X), (k, 1.5)) == pytest.approx(2.0 * np.sum(X**4) + 2.0 * np.sum(X))
