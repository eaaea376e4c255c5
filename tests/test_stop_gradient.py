"""`stop_gradient`: the value stays, the derivative through it is zero, in every mode and order."""

import numpy as np
import pytest
from numba import njit

from adcompile import Unsupported, grad, hessian, hvp, jacobian, jvp, stop_gradient, value_and_grad, vjp

X = np.array([0.3, -0.7, 1.1])


def weighted(x):
    w = stop_gradient(np.exp(x))
    return np.sum(w * x) / np.sum(w)


def bilinear(x):
    return np.sum(x * stop_gradient(x))


def recurrence(x, n):
    s = x
    for i in range(n):
        s = s * x + stop_gradient(s)
        if i == 1:
            s = stop_gradient(s)
    return s


def stopped_is_a_copy(x):
    y = x * x
    z = stop_gradient(y)
    y[0] = 5.0 * x[1]
    z[1] = x[1] ** 2
    return np.sum(y * z)


def stopped_store(x):
    y = x * x
    y[1] = stop_gradient(y[0] * y[2])
    return np.sum(y**2)


@njit
def compiled_callee(x):
    return stop_gradient(x) * x[0]


def calls(x):
    return compiled_callee(x)[1] + stop_gradient(x[0])


def by_pairs(x):
    a, b = stop_gradient((x, x * x))
    return a * x + b * x


def fixed_point(x, n):
    """Newton's method to the root of y * y = x, whose last step alone is differentiated."""
    y = 1.0
    for _ in range(n):
        y = 0.5 * (y + x / y)
    y = stop_gradient(y)
    return y - (y * y - x) / stop_gradient(2.0 * y)


@pytest.mark.parametrize("jit", [False, True])
def test_weights_are_constant(jit):
    want = np.exp(X) / np.sum(np.exp(X))
    value, gradient = value_and_grad(weighted, jit=jit)(X)
    assert value == pytest.approx(weighted(X))
    np.testing.assert_allclose(gradient, want)
    assert jvp(weighted, jit=jit)((X,), (X,))[1] == pytest.approx(np.sum(want * X))


def test_the_derivative_holds_it_too():
    np.testing.assert_array_equal(grad(bilinear, jit=False)(X), X)
    for second in (hessian(bilinear, jit=False)(X), jacobian(grad(bilinear, jit=False), jit=False)(X)):
        np.testing.assert_array_equal(second, np.zeros((3, 3)))
    np.testing.assert_array_equal(hvp(bilinear, jit=False)(X, X), np.zeros(3))
    assert grad(grad(lambda x: x**2 * stop_gradient(x), jit=False), jit=False)(3.0) == 6.0
    assert "stop_gradient(" in grad(bilinear, jit=False).source_for(X)


def test_in_a_loop():
    assert [grad(recurrence, jit=False)(1.5, n) for n in range(4)] == [1.0, 3.0, 0.0, recurrence(1.5, 2)]
    for n in range(5):
        forward = jvp(recurrence, wrt="x", jit=False)((1.5, n), (1.0,))[1]
        assert forward == grad(recurrence, jit=False)(1.5, n)


def test_an_array_is_a_new_one():
    want = [0.0, 5.0 * X[0] ** 2 + X[1] ** 2 * 2.0 * X[1] + 2.0 * X[1] * X[1] ** 2, X[2] ** 2 * 2.0 * X[2]]
    np.testing.assert_allclose(grad(stopped_is_a_copy, jit=False)(X), want)
    np.testing.assert_allclose(grad(stopped_store, jit=False)(X), [4.0 * X[0] ** 3, 0.0, 4.0 * X[2] ** 3])
    x = X.copy()
    assert stop_gradient(x) is not x


def test_in_functions_that_are_called():
    np.testing.assert_array_equal(grad(calls, jit=False)(X), [X[1], 0.0, 0.0])
    np.testing.assert_array_equal(jacobian(compiled_callee, jit=False)(X), np.outer(X, [1.0, 0.0, 0.0]))
    assert grad(by_pairs, jit=False)(2.0) == 6.0


def test_implicit_differentiation_of_a_fixed_point():
    assert grad(fixed_point, jit=False)(2.0, 8) == pytest.approx(0.5 / np.sqrt(2.0))


def test_views_dtypes_and_nothing():
    def strided(a):
        return np.sum(stop_gradient(a[:, ::2].T) * a[:, ::2].T)

    a = np.arange(12.0).reshape(3, 4)
    want = np.where(np.arange(4) % 2, 0.0, a)
    np.testing.assert_array_equal(grad(strided, jit=False)(a), want)
    np.testing.assert_array_equal(grad(strided, jit=False)(np.asfortranarray(a)), want)
    assert grad(strided, jit=False)(np.zeros((0, 4))).shape == (0, 4)
    assert grad(strided, jit=False)(a.astype(np.float32)).dtype == np.float32


def test_whole_numbers_are_left_alone():
    def powers(x, n, places):
        return x[stop_gradient(places)[0]] ** stop_gradient(n)

    gradient = grad(powers, jit=False)
    np.testing.assert_array_equal(gradient(X, 3, np.array([2])), [0.0, 0.0, 3.0 * X[2] ** 2])
    assert "import stop_gradient" not in gradient.source


def test_nan_does_not_come_through():
    assert grad(lambda x: x * stop_gradient(np.sqrt(x)), jit=False)(0.0) == 0.0


def test_in_plain_python_and_in_compiled_code():
    @njit
    def user(x, items):
        return stop_gradient(x), stop_gradient(items), stop_gradient(())

    array, items, nothing = user(X, (1.0, X, (2, True)))
    np.testing.assert_array_equal(array, X)
    np.testing.assert_array_equal(items[1], X)
    assert (items[0], items[2], nothing) == (1.0, (2, True), ())
    assert stop_gradient((np.float32(1.0), (2, True))) == (1.0, (2, True))
    assert stop_gradient(np.asfortranarray(np.ones((2, 3)))).flags.f_contiguous


def test_on_a_line_of_its_own():
    def alone(x):
        stop_gradient(x)
        return x[0]

    np.testing.assert_array_equal(grad(alone, jit=False)(X), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(vjp(alone, jit=False)(X)[1](1.0), [1.0, 0.0, 0.0])


def test_what_it_does_not_take():
    with pytest.raises(TypeError, match=r"^stop_gradient takes numbers, arrays and tuples of them, not list$"):
        stop_gradient([1.0])
    with pytest.raises(Unsupported, match=r"no-type: `adcompile.runtime.stop_gradient` is given 'text'"):
        grad(lambda x, s: x * stop_gradient(s), jit=False)(1.0, "text")
