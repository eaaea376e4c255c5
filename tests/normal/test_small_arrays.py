"""Small arrays as scalars: their derivatives, and what stays an array."""

import numpy as np
import pytest

from adcompile import grad, jvp, value_and_grad, vjp
from tests import oracle

X = np.array([0.7, 1.3])


def carried(x, n):
    v = np.zeros(2)
    for _ in range(n):
        v[0] = v[1] * x[0] + 1
        v[1] += x[1] * v[0]
        if v[0] > 1.0:
            v[1] = v[0] * x[1]
        else:
            v[-1] = 2
    return v[0] * v[1]


def in_a_while(x, n):
    v = np.empty(3)
    if n > 3:
        v[2] = x[0]
    for i in range(2):
        v[i] = x[i] * 2
    s = 0.0
    k = 0
    while k < n:
        w = np.zeros((2, 2))
        for i in range(2):
            for j in range(2):
                w[i, j] = x[i] * v[j] + k
        for i in range(2):
            v[i] += 0.1 * w[i, 1 - i]
        s += w[0, 1] * w[1, 0]
        k += 1
    return s + v[0] * v[1]


def rotated(x, n):
    a = np.eye(2)
    b = np.ones(2)
    for _ in range(n):
        b = a @ b * x[0]
        a[0, 1] += x[1] * b[1]
    return np.sum(b * b)


def rates(u, out):
    out[0] = u[1]
    out[1] = -np.sin(u[0])


def stepped(x, n):
    u = x.copy()
    k1 = np.empty(2)
    k2 = np.empty(2)
    v = np.empty(2)
    for _ in range(n):
        rates(u, k1)
        v[:] = u + 0.1 * k1
        rates(v, k2)
        u += 0.05 * (k1 + k2)
    return u[0] * u[1]


@pytest.mark.parametrize("n", [0, 1, 3, 5])
@pytest.mark.parametrize("function", [carried, in_a_while, rotated, stepped], ids=lambda f: f.__name__)
def test_derivatives(function, n):
    value, gradient = value_and_grad(function, jit=False)(X, n)
    assert value == pytest.approx(function(X.copy(), n), rel=1e-14)
    for along in np.eye(2):
        exact, error = oracle.by_differences(function, (X, n), (along, 0))
        assert gradient @ along == pytest.approx(exact, abs=1e-9 + 10 * error)
    second = jvp(grad(function, jit=False), wrt="x", jit=False)((X, n), (X,))[1]
    np.testing.assert_allclose(vjp(grad(function, jit=False), jit=False)(X, n)[1](X), second, rtol=1e-12, atol=1e-12)


def test_no_memory_is_left():
    source = grad(stepped, jit=False).source_for(X, 3)
    assert "k1[" not in source
    assert source.count("_tape = np.empty") + source.count("_tape2 = np.empty") == 2  # of the state alone


def beyond(x, n):
    v = np.empty(2)
    v[0] = x[0]
    if n > 100:
        v[5] = 1.0
    return v[0] * v[0]


def test_an_index_that_is_none_fails_in_the_run():
    gradient = grad(beyond, jit=False)
    np.testing.assert_allclose(gradient(X, 1), [1.4, 0.0])
    with pytest.raises(IndexError):
        gradient(X, 101)


def indexed(x, n):
    v = np.zeros(2)
    v[n % 2] = x[0]
    return v[0] * x[1] + v[1]


def single(x, n):
    v = np.zeros(2, dtype=np.float32)
    v[0] = x[0]
    return v[0] * x[1]


@pytest.mark.parametrize("function", [indexed, single], ids=lambda f: f.__name__)
def test_what_stays_an_array(function):
    gradient = grad(function, jit=False)
    assert "v[" in gradient.source_for(X, 3)
    expected = function(X, 3)
    assert value_and_grad(function, jit=False)(X, 3)[0] == expected
