"""Sums in memory made in names: what is moved, what is guarded, what stays."""

import numpy as np
import pytest

from adcompile import grad, value_and_grad


def weighted(x, a):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(a.shape[1]):
            s += x[i] * a[i, j] ** 2
    return s


def at_one_place(x, a, k, n):
    s = 0.0
    for j in range(n):
        s += x[k] * a[0, j]
    return s


def shared(x, a):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(a.shape[1]):
            s += x[i] * a[i, j] * x[j]
    return s


def test_an_adjoint_is_summed_in_a_name():
    gradient = grad(weighted, jit=False)
    x, a = np.array([1.0, 2.0]), np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(gradient(x, a), [5.0, 50.0])
    assert "x_bar_sum += a[i, j] ** 2" in gradient.source
    assert "x_bar[i] = x_bar_sum" in gradient.source
    np.testing.assert_array_equal(gradient(x, np.zeros((2, 0))), [0.0, 0.0])


@pytest.mark.parametrize("jit", [False, True])
def test_a_place_that_is_never_touched_need_not_exist(jit):
    gradient = grad(at_one_place, jit=jit)
    x, a = np.array([1.0, 2.0]), np.ones((1, 4))
    np.testing.assert_allclose(gradient(x, a, 1, 4), [0.0, 4.0])
    np.testing.assert_allclose(gradient(x, a, 10**9, 0), [0.0, 0.0])


def test_other_places_of_the_array_may_be_added_to():
    x, a = np.array([1.0, 2.0, -1.0]), np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(grad(shared, jit=False)(x, a), (a + a.T) @ x)


def counted(x, c):
    total = np.zeros(1)
    for v in x:
        total[0] += c
        total[0] += v
        total[0] -= c
    return total[0] * x[0]


def test_the_order_of_the_functions_own_additions_stays():
    x = np.array([0.1, 0.2, 0.3])
    assert value_and_grad(counted, jit=False)(x, 1e17)[0] == counted(x, 1e17)
