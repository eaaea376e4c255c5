"""Second and third derivatives, to 1e-10: of numbers against mpmath, of arrays along lines, and closed forms.

mpmath has no rule of ours: its derivatives are differences at fifty digits.
"""

import math

import mpmath as mp
import numpy as np
import pytest

from adcompile import grad, hessian, hvp, jacfwd, jvp, taylor, vhp

mp.mp.dps = 50


def rational(x):
    return x**3 / (1.0 + x * x) - 2.0 / x


def waves(x):
    return np.exp(-0.5 * x) * np.sin(3.0 * x) + np.tanh(x) * np.cos(x)


def logarithms(x):
    return np.log1p(x * x) * np.sqrt(1.0 + x) + np.arctan(x)


def power(x):
    return x ** (1.0 + x)


def errors(x):
    return math.erf(x) + math.lgamma(1.0 + x)


def recurrence(x):
    s = x
    for k in range(1, 6):
        s = s + 0.2 * np.sin(s) * x / k
        if s > 2.0:
            s = s * 0.5
    return s


def continued(x):
    s, k = 1.0, 0
    while k < 4:
        s = x + 1.0 / (1.0 + s * s)
        k += 1
    return s


def by_recurrence(x):
    s = x
    for k in range(1, 6):
        s = s + mp.mpf("0.2") * mp.sin(s) * x / k
        s = s / 2 if s > 2 else s
    return s


def by_continuing(x):
    s = mp.mpf(1)
    for _ in range(4):
        s = x + 1 / (1 + s * s)
    return s


NUMBERS = [
    (rational, lambda x: x**3 / (1 + x * x) - 2 / x),
    (waves, lambda x: mp.exp(-x / 2) * mp.sin(3 * x) + mp.tanh(x) * mp.cos(x)),
    (logarithms, lambda x: mp.log(1 + x * x) * mp.sqrt(1 + x) + mp.atan(x)),
    (power, lambda x: x ** (1 + x)),
    (errors, lambda x: mp.erf(x) + mp.loggamma(1 + x)),
    (recurrence, by_recurrence),
    (continued, by_continuing),
]


@pytest.mark.parametrize(("function", "exact"), NUMBERS, ids=lambda f: f.__name__)
def test_of_a_number(function, exact):
    first = grad(function, jit=False)
    second = grad(first, jit=False)
    forward, third, series = jvp(first, jit=False), grad(second, jit=False), taylor(function, 3, jit=False)
    for x in (0.7, 1.3):
        expected = [float(mp.diff(exact, mp.mpf(x), n)) for n in (2, 3)]
        for found in (second(x), forward((x,), (1.0,))[1], 2.0 * series(x, 1.0)[2]):
            assert found == pytest.approx(expected[0], rel=1e-10, abs=1e-10)
        for found in (third(x), 6.0 * series(x, 1.0)[3]):
            assert found == pytest.approx(expected[1], rel=1e-10, abs=1e-10)


def chain(x):
    s = 0.0
    for i in range(1, x.shape[0]):
        s += np.sin(x[i] * x[i - 1]) * np.exp(0.3 * x[i])
    return s


def products(x):
    A = np.outer(x, x)
    A[1] *= x
    return np.sum(A @ x) ** 2 + np.prod(1.0 + x * x)


def by_chain(x):
    return sum(mp.sin(x[i] * x[i - 1]) * mp.exp(mp.mpf("0.3") * x[i]) for i in range(1, 3))


def by_products(x):
    total = sum(x[k] ** 2 for k in range(3))
    rows = [x[0] * total, x[1] * sum(x[k] ** 3 for k in range(3)), x[2] * total]
    whole = (1 + x[0] ** 2) * (1 + x[1] ** 2) * (1 + x[2] ** 2)
    return sum(rows) ** 2 + whole


X, V, W = np.array([0.4, -0.3, 0.9]), np.array([1.0, 0.5, -0.25]), np.array([-0.5, 1.0, 0.75])


@pytest.mark.parametrize(("function", "exact"), [(chain, by_chain), (products, by_products)], ids=lambda f: f.__name__)
def test_of_an_array(function, exact):
    def along(v, n):
        return float(mp.diff(lambda t: exact([mp.mpf(a) + t * mp.mpf(b) for a, b in zip(X, v, strict=True)]), 0, n))

    mixed = (along(V + W, 2) - along(V - W, 2)) / 4.0
    second = hessian(function, jit=False)(X)
    assert V @ second @ W == pytest.approx(mixed, rel=1e-10, abs=1e-10)
    assert vhp(function, jit=False)(X, V) @ V == pytest.approx(along(V, 2), rel=1e-10, abs=1e-10)
    product, change = jvp(lambda x: hvp(function)(x, V), jit=False)((X,), (V,))
    assert product @ V == pytest.approx(along(V, 2), rel=1e-10, abs=1e-10)
    for found in (change @ V, 6.0 * taylor(function, 3, jit=False)(X, V)[3]):
        assert found == pytest.approx(along(V, 3), rel=1e-10, abs=1e-10)


def test_of_arrays_in_closed_form():
    """Second and third derivatives as arrays."""
    tensor = jacfwd(hessian(lambda x: np.sum(x**4)), jit=False)(X)
    expected = np.zeros((3, 3, 3))
    for k in range(3):
        expected[k, k, k] = 24.0 * X[k]
    np.testing.assert_allclose(tensor, expected, rtol=1e-10, atol=1e-10)
    field = jacfwd(jacfwd(lambda x: np.array([x[0] * x[1] * x[2], np.sin(x[0])])), jit=False)(X)
    expected = np.zeros((2, 3, 3))
    for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        expected[0, i, j] = expected[0, j, i] = X[k]
    expected[1, 0, 0] = -np.sin(X[0])
    np.testing.assert_allclose(field, expected, rtol=1e-10, atol=1e-10)
